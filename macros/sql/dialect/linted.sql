{#
    For sqlfluff only: a function call of that name in place of the macro's SQL. The linter reports nothing in macro
    output, and parsing it would take longer than all of the project's SQL. .sqlfluff sets the variable.
#}
{% macro linted(name, text) -%}
    {{ return(name ~ '(' ~ text ~ ')' if var('is_linted', false) else none) }}
{%- endmacro %}
