{#
    The surrogate keys of the dimensions: over natural keys that begin with `source_system`, which the rows
    have as a column. Arguments are SQL expressions; a key is null where what it names is missing.
#}
{% macro branch_key(branch_name='branch_name', source_system='source_system') -%}
    {{ key_of_named(branch_name, source_system) }}
{%- endmacro %}


{% macro employee_key(employee_id='employee_id', source_system='source_system') -%}
    {{ key_of_named(employee_id, source_system) }}
{%- endmacro %}


{# A product is known by its id where the source has one in its sales, else by its name. #}
{% macro product_key(product_name='product_name', product_id=none, source_system='source_system') -%}
    {{ key_of_named(
        'coalesce(' ~ product_id ~ ', ' ~ product_name ~ ')' if product_id else product_name, source_system
    ) }}
{%- endmacro %}


{% macro key_of_named(name, source_system) -%}
    case
        when {{ name }} is not null
            then {{ dbt_utils.generate_surrogate_key([source_system, name]) }}
    end
{%- endmacro %}


{# `identified_by`: what `customer_id` is (card, name, number); both are 'unknown' of nobody in particular. #}
{% macro customer_key(identified_by, customer_id, source_system='source_system') -%}
    {{ dbt_utils.generate_surrogate_key([source_system, identified_by, customer_id]) }}
{%- endmacro %}


{#
    A text in the place of a key that people read: itself, or of a long one its hash. No key and no index
    takes a text of any length, and one such row would end every later run.
#}
{% macro short_key(text) -%}
    case when length({{ text }}) > 200 then {{ dbt.hash(text) }} else {{ text }} end
{%- endmacro %}


{# The receipt of a line of a file. A reload or a rebuild gives the same. #}
{% macro transaction_id(within_file='line_number', source_system='source_system') -%}
    {{ dbt_utils.generate_surrogate_key([source_system, 'logical_file', within_file]) }}
{%- endmacro %}
