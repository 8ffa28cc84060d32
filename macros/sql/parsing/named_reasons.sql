{#
    The names of the broken rules, in the given order, joined by ', '; null where none is broken, which is checked
    first, because nearly all rows break none. `rules` maps a rule's name to the SQL condition of breaking it.
#}
{% macro named_reasons(rules) -%}
    case
        when
            {%- for condition in rules.values() %}
            {{ 'or ' if not loop.first }}({{ condition }})
            {%- endfor %}
            then substr(
                concat(
                    {%- for name, condition in rules.items() %}
                    case when {{ condition }} then ', {{ name }}' else '' end
                    {{- ',' if not loop.last }}
                    {%- endfor %}
                ),
                3
            )
    end
{%- endmacro %}
