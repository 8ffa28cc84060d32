{#
    For sqlfluff, a call of that name in place of what a macro makes of `text`; nothing else sees it. The linter
    reports nothing that a macro wrote, and would read it for longer than all of the project's own SQL.
    .sqlfluff sets the variable.
#}
{% macro linted(name, text) -%}
    {{ return(name ~ '(' ~ text ~ ')' if var('is_linted', false) else none) }}
{%- endmacro %}
