{#
    The time that a snapshot is as of (UTC): when the newest version of its feed (`meta.feed`) was loaded. dbt
    would take the clock, which says when somebody happened to build. A row that the list has no more ends
    with it.
#}
{% macro postgres__snapshot_get_time() -%}
    {%- set feed = (config.get('meta') or {}).get('feed') -%}
    {%- if execute and feed -%}
        (
            select cast(max(loaded_at) at time zone 'UTC' as timestamp)
            from {{ ledger() }}
            where feed = '{{ feed }}'
        )
    {%- else -%}
        cast(now() at time zone 'UTC' as timestamp)
    {%- endif -%}
{%- endmacro %}
