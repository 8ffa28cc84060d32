{# Built anew: as many rows as products and months, from the branches' months. #}
with product_months as (

    select * from {{ ref('int_product_months__sold') }}

),

months as (

    select
        product_key,
        source_system,
        max(product_name) as product_name,
        currency_code,
        count(*) as branches,
        sum(quantity) as quantity,
        sum(transactions) as transactions,
        sum(net_amount) as net_sales,
        sales_month
    from product_months
    group by product_key, source_system, currency_code, sales_month

),

ranked as (

    select
        *,
        rank() over (
            partition by currency_code, sales_month order by net_sales desc
        ) as sales_rank,
        sum(net_sales) over (partition by currency_code, sales_month) as company_net_sales,
        -- What brought less than nothing is no part of what the others are classed by.
        sum(greatest(net_sales, 0)) over (partition by currency_code, sales_month)
            as classed_net_sales,
        sum(greatest(net_sales, 0)) over (
            partition by currency_code, sales_month order by net_sales desc
        ) as cumulative_net_sales,
        coalesce(
            sum(greatest(net_sales, 0)) over (
                partition by currency_code, sales_month
                order by net_sales desc
                groups between unbounded preceding and 1 preceding
            ),
            0
        ) as net_sales_of_better
    from months

),

final as (

    select
        ranked.product_key,
        ranked.source_system,
        ranked.product_name,
        ranked.currency_code,
        cast(
            {{ abc_class(
                'ranked.net_sales', 'ranked.net_sales_of_better', 'ranked.classed_net_sales'
            ) }} as text
        ) as abc_class,
        cast(ranked.sales_rank as integer) as sales_rank,
        cast(ranked.branches as integer) as branches,
        cast(ranked.quantity as bigint) as quantity,
        cast(ranked.transactions as bigint) as transactions,
        cast(ranked.net_sales as numeric(18, 2)) as net_sales,
        cast(round(ranked.net_sales / nullif(ranked.quantity, 0), 4) as numeric(18, 4))
            as average_unit_price,
        cast(
            round(100 * ranked.net_sales / nullif(greatest(ranked.company_net_sales, 0), 0), 2)
            as numeric(18, 2)
        ) as company_sales_percent,
        cast(
            round(100 * ranked.cumulative_net_sales / nullif(ranked.classed_net_sales, 0), 2)
            as numeric(18, 2)
        ) as cumulative_sales_percent,
        cast(last_month.quantity as bigint) as quantity_last_month,
        cast(last_month.net_sales as numeric(18, 2)) as net_sales_last_month,
        cast(last_month.sales_rank as integer) as sales_rank_last_month,
        cast(ranked.net_sales - coalesce(last_month.net_sales, 0) as numeric(18, 2))
            as net_sales_change,
        {{ change_percent('ranked.net_sales', 'last_month.net_sales') }}
            as net_sales_change_percent,
        cast(last_year.quantity as bigint) as quantity_last_year,
        cast(last_year.net_sales as numeric(18, 2)) as net_sales_last_year,
        cast(last_year.sales_rank as integer) as sales_rank_last_year,
        cast(ranked.net_sales - coalesce(last_year.net_sales, 0) as numeric(18, 2))
            as net_sales_change_on_last_year,
        {{ change_percent('ranked.net_sales', 'last_year.net_sales') }}
            as net_sales_change_on_last_year_percent,
        ranked.sales_month
    from ranked
    left join ranked as last_month
        on
            ranked.product_key = last_month.product_key
            and ranked.currency_code = last_month.currency_code
            and ranked.sales_month = cast(
                {{ dbt.dateadd('month', 1, 'last_month.sales_month') }} as date
            )
    left join ranked as last_year
        on
            ranked.product_key = last_year.product_key
            and ranked.currency_code = last_year.currency_code
            and ranked.sales_month = cast(
                {{ dbt.dateadd('month', 12, 'last_year.sales_month') }} as date
            )

)

select * from final
