-- Every known customer is new exactly once, on one day in one branch.
--
-- A nightly run checks its new customers against the first purchases of its days; only an audit,
-- which reads all of history, counts all customers.
{%- set mark = tested_up_to() %}
{%- set first_purchases = ref('int_customers__first_purchases') %}
{%- set customers = ref('dim_customers') %}

with daily_sales as (

    select coalesce(sum(new_customers), 0) as new_customers
    from {{ ref('rpt_daily_sales') }}
    where {{ in_scope('branch_day', mark) }}

),

customers as (

    select count(*) as known_customers
    {%- if mark == 0 %}
    from {{ customers }}
    where purchases > 0
    {%- else %}
    from {{ first_purchases }}
    where is_current and {{ in_scope('branch_day', mark) }}
    {%- endif %}

)

select
    daily_sales.new_customers,
    customers.known_customers
from daily_sales
cross join customers
where daily_sales.new_customers <> customers.known_customers
