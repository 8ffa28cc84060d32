{# Full refresh every run: it has only as many rows as people, stores and months. #}
with employee_months as (

    select * from {{ ref('int_employee_months__sold') }}

),

employees as (

    select * from {{ ref('int_employees__listed_everywhere') }}
    where is_current

),

product_months as (

    select * from {{ ref('int_product_months__sold') }}

),

incentives as (

    select * from {{ ref('sales_incentives') }}

),

ranked as (

    select
        *,
        rank() over (
            partition by branch_key, currency_code, sales_month order by net_amount desc
        ) as performance_rank,
        avg(net_amount) over (partition by branch_key, currency_code, employee_key)
            as average_net_amount,
        min(sales_month) over (partition by branch_key, currency_code, employee_key)
            as first_sales_month,
        max(sales_month) over (partition by branch_key, currency_code, employee_key)
            as last_sales_month,
        sum(net_amount) over (
            partition by
                branch_key, currency_code, employee_key, {{ dbt.date_trunc('year', 'sales_month') }}
            order by sales_month
        ) as year_to_date_net_amount
    from employee_months

),

-- The calendar month before, not the last month with sales.
compared as (

    select
        ranked.*,
        month_before.net_amount as net_amount_month_before
    from ranked
    left join employee_months as month_before
        on
            ranked.branch_key = month_before.branch_key
            and ranked.currency_code = month_before.currency_code
            and ranked.employee_key = month_before.employee_key
            and ranked.sales_month = cast(
                {{ dbt.dateadd('month', 1, 'month_before.sales_month') }} as date
            )

),

-- All sales of the store, also those without a sales person.
stores as (

    select
        branch_key,
        currency_code,
        sum(net_amount) as net_amount,
        sales_month
    from product_months
    group by branch_key, currency_code, sales_month

),

final as (

    select
        compared.branch_key,
        compared.employee_key,
        compared.source_system,
        compared.branch_name as store_id,
        compared.employee_id as sales_person_id,
        employees.full_name,
        cast(to_char(compared.sales_month, 'YYYY-MM') as text) as sales_month,
        compared.currency_code,
        cast(compared.performance_rank as integer) as top_performance_rank,
        cast(compared.transactions as integer) as total_transactions,
        cast(compared.returns as integer) as returns,
        cast(compared.net_amount as numeric(18, 2)) as total_sales,
        cast(compared.net_amount_company as numeric(18, 2)) as total_sales_company,
        cast(compared.returned_amount as numeric(18, 2)) as returned_amount,
        cast(round(compared.average_net_amount, 2) as numeric(18, 2)) as avg_sales_per_month,
        {{ average_receipt(
            'compared.net_amount',
            'compared.returned_amount',
            'compared.transactions',
            'compared.returns',
        ) }} as avg_transaction_value,
        cast(compared.max_net_amount as numeric(18, 2)) as max_single_transaction,
        -- The first of a month with negative sales has an incentive of 0.
        cast(
            round(
                greatest(compared.net_amount, 0) * coalesce(incentives.percent_of_sales, 0) / 100, 2
            )
            as numeric(18, 2)
        ) as incentive,
        -- No percentage of zero or a negative amount.
        {{ change_percent('compared.net_amount', 'compared.net_amount_month_before', 2) }}
            as sales_growth_rate,
        cast(
            case
                when compared.sales_month > compared.first_sales_month
                    then compared.net_amount - coalesce(compared.net_amount_month_before, 0)
            end as numeric(18, 2)
        ) as month_over_month_variance,
        cast(compared.year_to_date_net_amount as numeric(18, 2)) as year_to_date_sales,
        {{ ratio('100 * compared.net_amount', 'greatest(stores.net_amount, 0)') }}
            as sales_contribution_percentage,
        cast(to_char(compared.first_sales_month, 'YYYY-MM') as text) as first_sale_month,
        cast(to_char(compared.last_sales_month, 'YYYY-MM') as text) as last_sale_month,
        compared.sales_month as sales_month_start_date
    from compared
    inner join stores
        on
            compared.branch_key = stores.branch_key
            and compared.currency_code = stores.currency_code
            and compared.sales_month = stores.sales_month
    left join employees
        on
            compared.source_system = employees.source_system
            and compared.employee_id = employees.employee_id
    left join incentives
        on
            compared.source_system = incentives.source_system
            and compared.performance_rank = incentives.performance_rank

)

select * from final
