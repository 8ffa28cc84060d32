{#
    A branch-local date and time as tills and spreadsheets write it, or null if it is none.

    `order` is 'day_first' (25/08/2021 09:01) or 'month_first' (8/25/2021 9:01); both read ISO
    (2021-08-25 09:01:00) alike. Seconds and AM/PM may follow. Words that the database would take for
    a time ('now', 'infinity') are none.
#}
{% macro parse_timestamp(text, order) -%}
    {{ return(adapter.dispatch('parse_timestamp', 'branchline')(text, order)) }}
{%- endmacro %}

{% macro postgres__parse_timestamp(text, order) -%}
    {#- The tills' own form is cut by position, which is much cheaper than the pattern. -#}
    {%- set cut -%}
        substr({{ text }}, 7, 4)
        {%- if order == 'day_first' %}
        || substr({{ text }}, 4, 2) || substr({{ text }}, 1, 2)
        {%- else %}
        || substr({{ text }}, 1, 2) || substr({{ text }}, 4, 2)
        {%- endif %}
        || substr({{ text }}, 11)
    {%- endset -%}
    {%- set matched -%}
        substring(
            regexp_replace(
                trim({{ branchline.plain_spaces(text) }}),
                '^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})[ T]+',
                '\3-{{ "\\2-\\1" if order == "day_first" else "\\1-\\2" }} '
            )
            from '^\d{4}-\d{1,2}-\d{1,2}[ T]\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?$'
        )
    {%- endset -%}
    case
        when {{ text }} like '__/__/____ __:__' and translate({{ text }}, '0123456789', '') = '// :'
            then case when pg_input_is_valid({{ cut }}, 'timestamp') then cast({{ cut }} as timestamp) end
        when pg_input_is_valid({{ matched }}, 'timestamp') then cast({{ matched }} as timestamp)
    end
{%- endmacro %}


{#
    The text of a date and time with its year of two digits written out (26/08/21 09:01 as
    26/08/2021 09:01); null where the year has four digits, or is none.
#}
{% macro with_century(text) -%}
    {{ return(adapter.dispatch('with_century', 'branchline')(text)) }}
{%- endmacro %}

{% macro postgres__with_century(text) -%}
    substring({{ text }} from '^ *[0-9]{1,2}[/.-][0-9]{1,2}[/.-](?=[0-9]{2}[^0-9])')
    || '20' || substring({{ text }} from '^ *[0-9]{1,2}[/.-][0-9]{1,2}[/.-]([0-9]{2}[^0-9].*)$')
{%- endmacro %}
