{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('rpt_daily_sales') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

-- From a branch's first to its last credible day, so that a wrong date does not distort the range.
totals as (

    select
        branch_days.currency_code,
        grouping(branch_days.currency_code) = 1 as is_company,
        count(distinct branch_days.branch_key) as branches,
        sum(branch_days.transactions) as transactions,
        sum(branch_days.returns) as returns,
        {{ counted_by_rate(relation='branch_days.') }},
        coalesce(
            sum(branch_days.returns) filter (where branch_days.net_amount_company is null), 0
        ) as returns_without_rate,
        sum(branch_days.items_sold) as items_sold,
        sum(branch_days.net_sales) as net_sales,
        sum(branch_days.net_amount_company) as net_amount_company,
        sum(branch_days.returned_amount) as returned_amount,
        sum(branch_days.returned_amount_company) as returned_amount_company,
        min(branches.first_business_date) as first_business_date,
        max(branches.last_business_date) as last_business_date
    from branch_days
    inner join branches on branch_days.branch_key = branches.branch_key
    group by grouping sets ((), (branch_days.currency_code))
    having count(*) > 0

),

in_their_currency as (

    select
        case when is_company then 'company' else 'currency' end as level,
        case when is_company then {{ company_currency() }} else currency_code end as currency_code,
        branches,
        transactions,
        returns,
        transactions_without_rate,
        transactions_at_estimated_rate,
        case when is_company then transactions - transactions_without_rate else transactions end
            as averaged_transactions,
        case when is_company then returns - returns_without_rate else returns end
            as averaged_returns,
        items_sold,
        case when is_company then net_amount_company else net_sales end as net_sales,
        net_amount_company,
        case when is_company then returned_amount_company else returned_amount end
            as returned_amount,
        first_business_date,
        last_business_date,
        {{ dbt.bool_or('currency_code <> ' ~ company_currency()) }} over () as is_converted
    from totals

),

final as (

    select
        cast(
            row_number() over (
                order by level asc, net_amount_company desc nulls last, currency_code asc
            ) as integer
        ) as position,
        cast(level as text) as level,
        currency_code,
        cast(branches as integer) as branches,
        cast(transactions as bigint) as transactions,
        cast(returns as bigint) as returns,
        transactions_without_rate,
        transactions_at_estimated_rate,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        {{ average_receipt(
            'net_sales',
            'returned_amount',
            'averaged_transactions',
            'averaged_returns',
        ) }} as average_transaction_value,
        first_business_date,
        last_business_date
    from in_their_currency
    where level = 'company' or is_converted

)

select * from final
