{#
    Every version, not only the current one: which one is current depends on the reader's high-water mark.
#}
with log_lines as (

    select * from {{ ref('int_electroniz__log_lines') }}
    where reject_reasons is not null

),

ip_range_lines as (

    select * from {{ ref('int_electroniz__ip_range_lines') }}
    where reject_reasons is not null

),

refused as (

    select
        source_system,
        file_id,
        line_number,
        reject_reasons,
        refused_text
    from log_lines
    union all
    select
        source_system,
        file_id,
        line_number,
        reject_reasons,
        refused_text
    from ip_range_lines

)

{{ conform('refused_list_lines', from='refused', expressions={'is_counted': 'false'}) }}
