{#
    A warehouse sells nothing itself: its stock is judged by what the branches of its source sell. Updated, not replaced, so
    that the views on it are not dropped.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key=['branch_key', 'supplied_branch_key'],
        on_schema_change='fail',
    )
}}

with stock_days as (

    select * from {{ ref('int_stock_days__listed') }}

),

opened_branches as (

    select * from {{ ref('int_branches__opened') }}

),

places as (

    select distinct
        branch_key,
        source_system,
        covers_all_places
    from stock_days

),

-- Every other place supplies itself.
final as (

    select
        places.branch_key,
        places.branch_key as supplied_branch_key
    from places
    union
    select
        places.branch_key,
        opened_branches.branch_key as supplied_branch_key
    from places
    inner join opened_branches on places.source_system = opened_branches.source_system
    left join opened_branches as own_sales on places.branch_key = own_sales.branch_key
    where places.covers_all_places and own_sales.branch_key is null

)

select * from final
