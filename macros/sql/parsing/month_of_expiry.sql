{#
    The first day of the month in which a card expires: `09/26`, `9/26` and `09/2026` are 2026-09-01. Also with a dash or a
    point. Null for other text.
#}
{% macro month_of_expiry(text) -%}
    {{ return(
        linted('month_of_expiry', text) or one_token(adapter.dispatch('month_of_expiry', 'branchline')(text))
    ) }}
{%- endmacro %}

{% macro postgres__month_of_expiry(text) -%}
    (
        select make_date(2000 + cast(months.parts[2] as integer), cast(months.parts[1] as integer), 1)
        from regexp_match(
            {{ branchline.plain_text(text) }}, '^\s*(0?[1-9]|1[0-2])\s*[/.-]\s*(?:20)?([0-9]{2})\s*$'
        ) as months (parts)
    )
{%- endmacro %}
