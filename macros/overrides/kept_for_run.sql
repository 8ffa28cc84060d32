{#
    Query results cached for a whole run, so that not every node runs the query. They are kept in `graph`, which all
    nodes of a run share.
#}
{% macro kept_for_run(name) -%}
    {{ return(graph.get('kept for ' ~ invocation_id ~ ': ' ~ name)) }}
{%- endmacro %}


{% macro keep_for_run(name, answer) -%}
    {%- do graph.update({'kept for ' ~ invocation_id ~ ': ' ~ name: answer}) -%}
    {{ return(answer) }}
{%- endmacro %}
