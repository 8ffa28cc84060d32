{#
    The names of the rules that hold, in the order given, joined by ', '; null where none holds, which
    is found out first: it is the case of nearly every row. `rules` maps a rule's name to the SQL
    condition under which it holds.
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
