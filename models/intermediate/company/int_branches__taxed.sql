{#
    Incremental, because it also records which branch's country changed: VAT is stored with each receipt, and the days
    of that branch are rebuilt.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key='branch_key',
        on_schema_change='fail',
    )
}}
{%- set end_of_ledger = end_of_ledger() %}

with reference_branches as (

    select * from {{ ref('branches') }}

),

listed_branches as (

    select * from {{ ref('int_branches__listed_everywhere') }}
    where is_current

),

-- seeds/branches.csv takes precedence over a source's list.
known_branches as (

    select
        coalesce(reference_branches.source_system, listed_branches.source_system) as source_system,
        coalesce(reference_branches.branch_name, listed_branches.branch_name) as branch_name,
        upper(coalesce(reference_branches.country_code, listed_branches.country_code))
            as country_code
    from reference_branches
    full outer join listed_branches
        on
            reference_branches.source_system = listed_branches.source_system
            and reference_branches.branch_name = listed_branches.branch_name

),

branches as (

    select
        {{ branch_key() }} as branch_key,
        source_system,
        coalesce(country_code, {{ default_country_code() }}) as country_code
    from known_branches

),

{% if is_incremental() -%}
known as (

    select * from {{ this }}

),

-- Until now a branch without a row was taxed in the country of its source; one that no list has any
-- more is so from now on.
compared as (

    select
        coalesce(branches.branch_key, known.branch_key) as branch_key,
        coalesce(branches.source_system, known.source_system) as source_system,
        case
            when branches.branch_key is not null then branches.country_code
            else {{ default_country_code('known.source_system') }}
        end as country_code,
        case
            when known.branch_key is not null then known.country_code
            else {{ default_country_code('branches.source_system') }}
        end as former_country_code,
        known.change_id
    from branches
    full outer join known on branches.branch_key = known.branch_key

),

final as (

    select
        branch_key,
        source_system,
        country_code,
        cast(
            case
                when country_code is distinct from former_country_code then {{ end_of_ledger }}
                else coalesce(change_id, 0)
            end as bigint
        ) as change_id
    from compared

)
{%- else -%}
final as (

    select
        branch_key,
        source_system,
        country_code,
        cast(0 as bigint) as change_id
    from branches

)
{%- endif %}

select * from final
