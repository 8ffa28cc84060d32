{#
    The last line of int_<source>__<entity>: exactly the columns of the entity's contract, in its order and
    types, from a CTE or relation of the model (`from`).

    `expressions`: SQL of columns that `from` has under another name, or that are the same in every row.
    `lacks`: columns that the source does not have; they are null. Any other column missing in `from` is an error in
    this model, not in a later one. `adds`: additional columns that the source has; those of `expressions` need not be
    listed. The others are null. A condition may follow: `where is_sale`.
#}
{% macro conform(entity, from, expressions={}, lacks=[], adds=[]) -%}
    {%- set columns = conformed_columns(entity) -%}
    {%- set optional = source_contracts()[entity].optional -%}
    {%- set additional = additional_columns(entity) -%}
    {%- for name in lacks if name not in optional -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ " says that it lacks '" ~ name ~ "'. "
            ~ (
                "A source that does not list it in `adds` lacks it anyway" if name in additional
                else "Every source must have it" if name in columns
                else "The contract of " ~ entity ~ " has no such column"
            ) ~ "; it may lack: " ~ (optional | join(', ') or 'nothing') ~ "."
        ) }}
    {%- endfor -%}
    {%- for name in adds if name not in additional -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ " says that it adds '" ~ name ~ "'. "
            ~ (
                "The contract of " ~ entity ~ " lists it among the columns of every source" if name in columns
                else "The contract of " ~ entity ~ " has no such column"
            ) ~ "; a source may add: " ~ (additional | join(', ') or 'nothing') ~ "."
        ) }}
    {%- endfor -%}
    {%- for name in expressions if name not in columns -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ " has an expression for '" ~ name ~ "'. The contract of " ~ entity
            ~ " has no such column; its columns: " ~ columns | join(', ') ~ "."
        ) }}
    {%- endfor -%}
    {%- set missing = lacks | list -%}
    {%- for name in additional if name not in adds and name not in expressions -%}
        {%- do missing.append(name) -%}
    {%- endfor -%}
    {{- conformed_select(columns, from, expressions, missing, entity in ['receipt_lines', 'raw_claims']) }}
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
