{#
    The as-of time of a snapshot (UTC): when the newest version of its feed (`meta.feed`) was loaded. dbt would take
    the current time, which depends on when somebody builds. Rows that are no longer in the list end at this time.
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
