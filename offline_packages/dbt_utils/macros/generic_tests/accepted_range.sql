{#- Fails each row whose value lies outside the bounds, of which either may be missing; nulls
    pass. Not inclusive: the bounds themselves fail. -#}
{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}
    {{ return(adapter.dispatch('test_accepted_range', 'dbt_utils')(
        model, column_name, min_value, max_value, inclusive
    )) }}
{% endtest %}

{% macro default__test_accepted_range(
    model, column_name, min_value=none, max_value=none, inclusive=true
) %}
{%- set or_equal = '=' if inclusive else '' %}
{%- set faults = [] %}
{%- if min_value is not none %}
    {%- do faults.append('not ' ~ column_name ~ ' >' ~ or_equal ~ ' ' ~ min_value) %}
{%- endif %}
{%- if max_value is not none %}
    {%- do faults.append('not ' ~ column_name ~ ' <' ~ or_equal ~ ' ' ~ max_value) %}
{%- endif %}
select *
from {{ model }}
where {{ faults | join(' or ') if faults else '1 = 2' }}
{% endmacro %}
