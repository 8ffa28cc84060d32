-- In every store and month the sales people's totals equal the receipts with a sales person, and
-- their shares are shares of all receipts.
{#- The calendar is read where a few months are in scope. #}
{%- set calendar = ref('dim_dates') %}
{%- set mark = tested_up_to() %}

with receipts as (

    select
        branch_key,
        currency_code,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month,
        count(employee_key) as transactions,
        sum(case when employee_key is not null then net_amount else 0 end) as net_sales,
        count(employee_key) filter (where is_return) as returns,
        sum(case when is_return and employee_key is not null then -net_amount else 0 end)
            as returned_amount,
        sum(net_amount) as store_net_sales
    from {{ ref('fct_transactions') }}
    where {{ in_scope('day_of_branch_month', mark) }}
    group by
        branch_key,
        currency_code,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date)
    having count(employee_key) > 0

),

persons as (

    select * from (
        select
            branch_key,
            currency_code,
            sales_month_start_date as sales_month,
            sum(total_transactions) as transactions,
            sum(total_sales) as net_sales,
            sum(returns) as returns,
            sum(returned_amount) as returned_amount,
            sum(sales_contribution_percentage) as percent_of_store,
            count(*) as persons
        from {{ ref('sales_team_data_mart') }}
        group by branch_key, currency_code, sales_month_start_date
    ) as store_months
    where {{ in_scope('branch_month', mark) }}

)

select
    coalesce(receipts.branch_key, persons.branch_key) as branch_key,
    coalesce(receipts.sales_month, persons.sales_month) as sales_month
from receipts
full outer join persons
    on
        receipts.branch_key = persons.branch_key
        and receipts.currency_code = persons.currency_code
        and receipts.sales_month = persons.sales_month
where
    receipts.branch_key is null
    or persons.branch_key is null
    or receipts.transactions <> persons.transactions
    or receipts.net_sales <> persons.net_sales
    or receipts.returns <> persons.returns
    or receipts.returned_amount <> persons.returned_amount
    -- Each share is rounded to a hundredth.
    or abs(
        persons.percent_of_store - 100 * persons.net_sales / nullif(receipts.store_net_sales, 0)
    ) > 0.005 * persons.persons
