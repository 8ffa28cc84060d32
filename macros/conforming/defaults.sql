{#
    SQL of a default of the row's source (`source_defaults` in dbt_project.yml: country_code, time_zone, currency_code,
    branch_name), for branches that seeds/branches.csv does not list; else `company_default`, a text or none.
#}
{% macro source_default(key, company_default=none, source_system='source_system') -%}
    {%- set fallback = "'" ~ company_default ~ "'" if company_default else 'cast(null as text)' -%}
    {%- set found = {} -%}
    {%- for name, defaults in var('source_defaults').items() if defaults.get(key) -%}
        {%- do found.update({name: defaults[key]}) -%}
    {%- endfor -%}
    {%- if found -%}
    case {{ source_system }}
        {%- for name, value in found.items() %} when '{{ name }}' then '{{ value }}'{% endfor %} else {{ fallback }}
    end
    {%- else -%}
    {{ fallback }}
    {%- endif -%}
{%- endmacro %}


{# The currencies that branches may have which seeds/branches.csv does not list: the company's, and those of sources. #}
{% macro default_currencies() -%}
    {%- set found = [var('company_currency')] -%}
    {%- for defaults in var('source_defaults').values() if defaults.get('currency_code') -%}
        {%- do found.append(defaults.currency_code) if defaults.currency_code not in found -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
