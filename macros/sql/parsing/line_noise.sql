{#
    Names the noise of a line that says nothing, with which a system answers for an entry that it does not have:
    `line_empty` where every column is null; `line_random` where every column is ten or eleven random capitals and
    digits (some may be null). Null for any other line: one column with anything else is enough. `columns` are
    `cleaned` texts, all of the line but its number; # is a masked digit.
#}
{% macro line_noise(columns) -%}
    case
        when coalesce({{ columns | join(', ') }}) is null then 'line_empty'
        when
            {%- for column in columns %}
            {{ 'and ' if not loop.first }}coalesce({{ column }} ~ '^[A-Z0-9#]{10,11}$', true)
            {%- endfor %}
            then 'line_random'
    end
{%- endmacro %}
