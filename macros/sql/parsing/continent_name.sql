{#
    The name of a continent, also behind stray letters: `eeEurope` is Europe, `north america` is North America. Null
    for any other text.
#}
{% macro continent_name(text) -%}
    {{ return(
        linted('continent_name', text) or one_token(adapter.dispatch('continent_name', 'branchline')(text))
    ) }}
{%- endmacro %}

{% macro postgres__continent_name(text) -%}
    initcap(
        regexp_replace(
            substring(
                btrim({{ branchline.plain_text(text) }}, e' \t\n\r')
                from '(?i)^[a-z]{0,3}?((?:(?:north|south) *)?america|africa|antarctica|asia|europe|oceania|australia)$'
            ),
            '(?<=.) *(america)',
            ' \1',
            'i'
        )
    )
{%- endmacro %}
