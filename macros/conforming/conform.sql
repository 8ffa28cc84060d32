{#
    The last line of int_<source>__<entity>: exactly the columns of the entity's contract, in its order and
    types, from a CTE or relation of the model (`from`).

    `expressions`: SQL of columns that `from` has under another name, or that are the same in every row.
    `lacks`: columns that the source does not have; they are null. Any other column missing in `from` is an error in
    this model, not in a later one. A condition may follow: `where is_sale`.
#}
{% macro conform(entity, from, expressions={}, lacks=[]) -%}
    {%- set columns = conformed_columns(entity) -%}
    {%- set optional = source_contracts()[entity].optional -%}
    {%- for name in lacks if name not in optional -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ " says that it lacks '" ~ name ~ "'. "
            ~ ("Every source must have it" if name in columns else "The contract of " ~ entity
            ~ " has no such column") ~ "; it may lack: " ~ (optional | join(', ') or 'nothing') ~ "."
        ) }}
    {%- endfor -%}
    {%- for name in expressions if name not in columns -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ " has an expression for '" ~ name ~ "'. The contract of " ~ entity
            ~ " has no such column; its columns: " ~ columns | join(', ') ~ "."
        ) }}
    {%- endfor -%}
    {{- conformed_select(columns, from, expressions, lacks, entity in ['receipt_lines', 'raw_claims']) }}
{%- endmacro %}


{#- `bounded`: values computed from a line's text may be too large for their type. #}
{% macro conformed_select(columns, from, expressions, lacks, bounded=false) -%}
select
    {%- for name, type in columns.items() %}
    {%- set expression = 'null' if name in lacks else expressions.get(name, name) %}
    {%- if bounded and name not in lacks and type.startswith(('integer', 'numeric')) %}
        {%- set expression = within_bounds(expression) %}
    {%- endif %}
    cast({{ expression }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ from }}
{%- endmacro %}
