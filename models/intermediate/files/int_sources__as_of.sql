{#
    Kept in place, so that the views upon it stay where they are. Read from the branches' days, because they
    are few. One slip of the pen must not move what all rules mean by today: the days at both ends have to be
    credible (macros/sql/measures/trading_ranges.sql).
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
