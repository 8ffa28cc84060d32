{# The table is updated, not replaced, so that the views on it are not dropped. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key='branch_key',
        on_schema_change='fail',
    )
}}

with reference_branches as (

    select * from {{ ref('branches') }}
    where source_system in (
        {{ "'" ~ var("source_systems") | join("', '") ~ "'" }}
    )

),

listed_branches as (

    select * from {{ ref('int_branches__listed_everywhere') }}
    where is_current

),

product_months as (

    select * from {{ ref('int_product_months__sold') }}

),

stock_days as (

    select * from {{ ref('int_stock_days__listed') }}

),

opened_branches as (

    select * from {{ ref('int_branches__opened') }}

),

attendance as (

    select * from {{ ref('int_employee_shifts__paired') }}

),

-- A branch may have punches or stock before its first sale.
seen_branches as (

    select
        branch_key,
        source_system,
        branch_name
    from product_months
    union
    select
        branch_key,
        source_system,
        branch_name
    from attendance
    union
    select
        branch_key,
        source_system,
        branch_name
    from stock_days

),

-- Places of lists of the stock of all places, which need not sell.
warehouses as (

    select distinct branch_key
    from stock_days
    where covers_all_places

),

trading as (

    select
        seen_branches.source_system,
        seen_branches.branch_name,
        warehouses.branch_key is not null and opened_branches.branch_key is null as is_warehouse,
        opened_branches.first_date as first_business_date,
        opened_branches.last_date as last_business_date
    from seen_branches
    left join opened_branches on seen_branches.branch_key = opened_branches.branch_key
    left join warehouses on seen_branches.branch_key = warehouses.branch_key

),

-- seeds/branches.csv takes precedence over a source's list.
known_branches as (

    select
        coalesce(reference_branches.source_system, listed_branches.source_system) as source_system,
        coalesce(reference_branches.branch_name, listed_branches.branch_name) as branch_name,
        coalesce(reference_branches.country_code, listed_branches.country_code) as country_code,
        coalesce(reference_branches.region, listed_branches.region) as region,
        listed_branches.continent,
        listed_branches.locality,
        listed_branches.store_type,
        listed_branches.channel,
        listed_branches.staff_count,
        listed_branches.latitude,
        listed_branches.longitude,
        reference_branches.currency_code,
        reference_branches.time_zone,
        coalesce(reference_branches.opening_date, listed_branches.opening_date) as opening_date
    from reference_branches
    full outer join listed_branches
        on
            reference_branches.source_system = listed_branches.source_system
            and reference_branches.branch_name = listed_branches.branch_name

),

-- A branch that no list has is inferred, with the name in its files.
final as (

    select
        {{ branch_key(
            'coalesce(known_branches.branch_name, trading.branch_name)',
            'coalesce(known_branches.source_system, trading.source_system)'
        ) }} as branch_key,
        coalesce(known_branches.source_system, trading.source_system) as source_system,
        coalesce(known_branches.branch_name, trading.branch_name) as branch_name,
        known_branches.continent,
        coalesce(
            known_branches.country_code,
            {{ source_default(
                'country_code',
                none,
                'coalesce(known_branches.source_system, trading.source_system)'
            ) }}
        ) as country_code,
        known_branches.region,
        known_branches.locality,
        known_branches.store_type,
        {{ sales_channel('known_branches.channel') }} as channel,
        coalesce(
            known_branches.currency_code,
            {{ source_default(
                'currency_code',
                var('company_currency'),
                'coalesce(known_branches.source_system, trading.source_system)'
            ) }}
        ) as currency_code,
        coalesce(
            known_branches.time_zone,
            {{ source_default(
                'time_zone',
                var('company_time_zone'),
                'coalesce(known_branches.source_system, trading.source_system)'
            ) }}
        ) as time_zone,
        known_branches.staff_count,
        known_branches.latitude,
        known_branches.longitude,
        known_branches.branch_name is null as is_inferred,
        coalesce(trading.is_warehouse, false) as is_warehouse,
        known_branches.opening_date,
        trading.first_business_date,
        trading.last_business_date
    from known_branches
    full outer join trading
        on
            known_branches.source_system = trading.source_system
            and known_branches.branch_name = trading.branch_name

)

select * from final
