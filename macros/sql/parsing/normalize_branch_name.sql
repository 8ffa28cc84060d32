{#
    A branch's name as rows, the list of branches and the names of files agree to write it: hyphens are spaces,
    because the name of a file has the one or the other.
#}
{% macro normalize_branch_name(text) -%}
    {{ normalize_name(hyphens_as_spaces(text)) }}
{%- endmacro %}


{% macro hyphens_as_spaces(text) -%}
    translate(
        {{ text }},
        '-' || chr(8208) || chr(8209) || chr(8210) || chr(8211) || chr(8212) || chr(8213) || chr(8722),
        '        '
    )
{%- endmacro %}
