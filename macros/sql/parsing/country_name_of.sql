{# The English name of a country by its code; `Unknown` for ZZ, and the code itself where no name is known. #}
{% macro country_name_of(code) -%}
    {{ return(
        linted('country_name_of', code) or one_token(adapter.dispatch('country_name_of', 'branchline')(code))
    ) }}
{%- endmacro %}

{% macro postgres__country_name_of(code) -%}
    {%- set names = {'ZZ': 'Unknown'} -%}
    {#- The first name of each country is the usual one. -#}
    {%- for name, named_code in branchline.country_names().items() if named_code not in names -%}
        {%- set words = [] -%}
        {%- for word in name.split(' ') -%}
            {%- do words.append(
                word if word in ['and', 'of', 'the'] else word | upper if word == 'us' else word[:1] | upper ~ word[1:]
            ) -%}
        {%- endfor -%}
        {%- do names.update({named_code: words | join(' ')}) -%}
    {%- endfor -%}
    coalesce(cast('{{ tojson(names) | replace("'", "''") }}' as jsonb) ->> {{ code }}, {{ code }})
{%- endmacro %}
