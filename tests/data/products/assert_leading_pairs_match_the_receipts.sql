-- For every source and week the most frequent pair of the table is counted again on the receipts,
-- and the report adds up its weeks. To count every pair would be to build the table again.
{%- set mark = tested_up_to() %}
{%- set scope = in_scope('source_week', mark) %}

with weeks as (

    select * from {{ ref('fct_product_pairs') }}
    where {{ scope }}

),

leading_pairs as (

    select
        source_system,
        sales_week,
        first_product_key,
        second_product_key,
        transactions,
        row_number() over (
            partition by source_system, sales_week
            order by transactions desc, first_product_key asc, second_product_key asc
        ) as place
    from weeks

),

receipts as (

    select
        leading_pairs.source_system,
        leading_pairs.sales_week,
        leading_pairs.transactions,
        sales.transaction_id,
        count(distinct sales.product_key) as products
    from leading_pairs
    inner join {{ ref('fct_sales') }} as sales
        on
            leading_pairs.source_system = sales.source_system
            and leading_pairs.sales_week <= sales.business_date
            and cast({{ dbt.dateadd('day', 7, 'leading_pairs.sales_week') }} as date)
            > sales.business_date
            and (
                leading_pairs.first_product_key = sales.product_key
                or leading_pairs.second_product_key = sales.product_key
            )
    where
        leading_pairs.place = 1
        and sales.quantity > 0
        and sales.unit_price >= 0
        and sales.receipt_lines <= {{ var('basket_pair_max_lines') }}
    group by
        leading_pairs.source_system,
        leading_pairs.sales_week,
        leading_pairs.transactions,
        sales.transaction_id

),

report as (

    select * from {{ ref('rpt_basket_pairs') }}

),

reported as (

    select
        pairs.first_product_key,
        pairs.second_product_key,
        sum(pairs.transactions) as transactions_with_both
    from report
    inner join {{ ref('fct_product_pairs') }} as pairs
        on
            report.first_product_key = pairs.first_product_key
            and report.second_product_key = pairs.second_product_key
            and pairs.sales_week between report.window_start_date and report.window_end_date
    group by pairs.first_product_key, pairs.second_product_key

)

select
    source_system,
    sales_week,
    cast(null as text) as first_product_key
from receipts
group by source_system, sales_week, transactions
having sum(case when products = 2 then 1 else 0 end) <> transactions
union all
select
    report.source_system,
    cast(null as date) as sales_week,
    report.first_product_key
from report
left join reported
    on
        report.first_product_key = reported.first_product_key
        and report.second_product_key = reported.second_product_key
where
    report.transactions_with_both is distinct from reported.transactions_with_both
    or report.transactions_with_both > report.transactions_with_first
    or report.transactions_with_both > report.transactions_with_second
