{# A view of hours that are stored for the peak hours: a night writes nothing. #}
{{ config(materialized='view') }}

with branch_hours as (

    select * from {{ ref('int_branch_hours__sold') }}

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        weekday_number,
        hour_of_day,
        cast(transactions as integer) as transactions,
        cast(returns as integer) as returns,
        items_sold,
        net_amount as net_sales,
        cast(net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        business_date
    from branch_hours

)

select * from final
