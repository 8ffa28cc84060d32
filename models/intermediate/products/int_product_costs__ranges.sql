{#
    Incremental, because it also records which product's costs changed, and from which day on: a margin of that product
    is built anew from that day, and no other. To the moment, not the day: of two sales on the day of a change, the one
    before it has the former cost.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key=['product_key', 'valid_from'],
        on_schema_change='fail',
    )
}}
{%- set mark = end_of_ledger() %}
{%- set readers_mark = high_water_mark('rpt_product_margins') %}
{%- set beginning = local_to_utc("cast('" ~ var('calendar_start') ~ "' as timestamp)", "'UTC'") %}
{%- set day_after_end = dbt.dateadd('day', 1, "cast('" ~ var('calendar_end') ~ "' as timestamp)") %}
{%- set end = local_to_utc('(' ~ day_after_end ~ ')', "'UTC'") %}
{#- In the time zones of the branches the moment may still be on the day before. #}
{%- set first_day = dbt.dateadd('day', -1, "changed_from at time zone 'UTC'") %}

with listed_products as (

    select * from {{ ref('int_products__history') }}

),

-- Of two entries with one key the newer counts, as in dim_products.
versions as (

    select
        product_key,
        source_system,
        unit_cost,
        {{ local_to_utc('dbt_valid_from', "'UTC'") }} as version_start,
        {{ local_to_utc('dbt_valid_to', "'UTC'") }} as version_end,
        row_number() over (
            partition by product_key, dbt_valid_from
            order by length(product_id) desc, product_id desc
        ) as place
    from listed_products
    where product_key is not null and unit_cost >= 0

),

followed_versions as (

    select
        *,
        lag(version_start) over versions_before is null as is_first,
        coalesce(lead(version_start) over versions_before, {{ end }}) as next_start
    from versions
    where place = 1
    window versions_before as (partition by product_key order by version_start)

),

-- Before its first list a product has the first known cost; while it is off the list, the last one.
pieces as (

    select
        product_key,
        source_system,
        unit_cost,
        true as is_assumed,
        {{ beginning }} as valid_from,
        version_start as valid_to
    from followed_versions
    where is_first
    union all
    select
        product_key,
        source_system,
        unit_cost,
        false as is_assumed,
        version_start as valid_from,
        least(version_end, next_start) as valid_to
    from followed_versions
    union all
    select
        product_key,
        source_system,
        unit_cost,
        true as is_assumed,
        version_end as valid_from,
        next_start as valid_to
    from followed_versions

),

compared_pieces as (

    select
        *,
        coalesce(
            lag(unit_cost) over pieces_before = unit_cost
            and lag(is_assumed) over pieces_before = is_assumed,
            false
        ) as is_continued
    from pieces
    where valid_from < valid_to
    window pieces_before as (partition by product_key order by valid_from)

),

numbered_pieces as (

    select
        *,
        sum(case when is_continued then 0 else 1 end) over (
            partition by product_key order by valid_from
        ) as range_number
    from compared_pieces

),

ranges as (

    select
        product_key,
        source_system,
        unit_cost,
        is_assumed,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to
    from numbered_pieces
    group by product_key, source_system, range_number, unit_cost, is_assumed

),

{% if is_incremental() -%}
known as (

    select * from {{ this }}

),

-- The first moment at which the former costs and these differ.
differences as (

    select
        coalesce(ranges.product_key, known.product_key) as product_key,
        min(
            case
                when
                    ranges.unit_cost is distinct from known.unit_cost
                    or ranges.is_assumed is distinct from known.is_assumed
                    then coalesce(ranges.valid_from, known.valid_from)
                when ranges.valid_to <> known.valid_to
                    then least(ranges.valid_to, known.valid_to)
            end
        ) as changed_from
    from ranges
    full outer join known
        on
            ranges.product_key = known.product_key
            and ranges.valid_from = known.valid_from
    group by coalesce(ranges.product_key, known.product_key)

),

dated_differences as (

    select
        product_key,
        cast({{ first_day }} as date) as changed_from_date
    from differences

),

known_products as (

    select distinct
        product_key,
        change_id,
        changed_from_date
    from known

),

-- Earlier changes that the readers have not processed yet count, too.
changes as (

    select
        dated_differences.product_key,
        cast(
            case
                when dated_differences.changed_from_date is null then known_products.change_id
                else {{ mark }}
            end as bigint
        ) as change_id,
        case
            when dated_differences.changed_from_date is null then known_products.changed_from_date
            when known_products.change_id > {{ readers_mark }}
                then least(dated_differences.changed_from_date, known_products.changed_from_date)
            else dated_differences.changed_from_date
        end as changed_from_date
    from dated_differences
    left join known_products on dated_differences.product_key = known_products.product_key

),
{%- else -%}
differences as (

    select
        product_key,
        min(valid_from) as changed_from
    from ranges
    group by product_key

),

changes as (

    select
        product_key,
        cast({{ mark }} as bigint) as change_id,
        cast({{ first_day }} as date) as changed_from_date
    from differences

),
{%- endif %}

final as (

    select
        ranges.product_key,
        ranges.source_system,
        changes.change_id,
        cast(ranges.unit_cost as numeric(18, 4)) as unit_cost,
        ranges.is_assumed,
        changes.changed_from_date,
        ranges.valid_from,
        ranges.valid_to
    from ranges
    inner join changes on ranges.product_key = changes.product_key

)

select * from final
