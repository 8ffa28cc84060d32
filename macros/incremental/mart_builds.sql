{#
    When new rows became visible: operations.mart_builds has one row per mart, subject and build that made files visible
    in the mart. Written by the model that stores the rows, in the transaction that writes them, so that a build that is
    rolled back leaves none. `meta.data_lag` of the model lists the marts that show its rows, and the subjects of their
    events (docs/data-lag.md):

        meta={'data_lag': {'fct_stock_levels': ['stock']}}

    A view has no build of its own: its mart is listed by the last table that it reads.

    A row means the files after the row before, up to `to_file_id`. Nobody knows when the files of the first row became
    visible: the mart may be older than its first row. Its `visible_at` is null.
#}
{% macro note_mart_builds(mark) -%}
    {%- set mart_builds = operations_table('mart_builds') -%}
    {%- for mart, subjects in ((config.get('meta') or {}).data_lag or {}).items() -%}
    {%- for subject in subjects %}
    insert into {{ mart_builds }} (mart, subject, to_file_id, visible_at)
    select
        '{{ mart }}',
        '{{ subject }}',
        {{ mark }},
        case when count(*) > 0 then clock_timestamp() end
    from {{ mart_builds }}
    where mart = '{{ mart }}' and subject = '{{ subject }}'
    having coalesce(max(to_file_id), -1) < {{ mark }};
    {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
