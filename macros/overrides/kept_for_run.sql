{#
    Answers of the database that hold for a whole run, asked for once and not by every node. They are kept in
    `graph`, which all nodes share and which lives as long as the run.
#}
{% macro kept_for_run(name) -%}
    {{ return(graph.get('kept for ' ~ invocation_id ~ ': ' ~ name)) }}
{%- endmacro %}


{% macro keep_for_run(name, answer) -%}
    {%- do graph.update({'kept for ' ~ invocation_id ~ ': ' ~ name: answer}) -%}
    {{ return(answer) }}
{%- endmacro %}
