{#
    The table is updated, not replaced, so that views on it are not dropped. Reads the branches' days, because they
    are few. A typing error must not move the as-of date: the days at both ends must be credible
    (macros/sql/measures/trading_ranges.sql).
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key='source_system',
        on_schema_change='fail',
    )
}}

with branch_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

{{ trading_ranges('branch_days', ['source_system']) }},

final as (

    select
        source_system,
        first_date,
        last_date as as_of_date
    from ranges

)

select * from final
