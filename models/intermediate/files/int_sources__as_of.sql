{#
    Kept in place, so that the views upon it stay where they are. Read from the branches' days, because they
    are few. One slip of the pen must not move what all rules mean by today into the future: a day counts
    that was over, or at least had begun somewhere, when the latest file was loaded. Where a source has no
    such day its latest one counts.
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

files as (

    select * from {{ ref('stg_ingest__files') }}

),

deliveries as (

    select max(loaded_at) as last_loaded_at
    from files

),

final as (

    select
        branch_days.source_system,
        coalesce(
            max(branch_days.business_date) filter (
                where not {{ dated_after_delivery(
                    'branch_days.business_date', 'deliveries.last_loaded_at'
                ) }}
            ),
            max(branch_days.business_date)
        ) as as_of_date
    from branch_days
    cross join deliveries
    group by branch_days.source_system

)

select * from final
