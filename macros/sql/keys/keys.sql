{#
    The surrogate keys of the dimensions, made from natural keys that begin with the column `source_system`. Arguments
    are SQL expressions; a key is null where its natural key is.
#}
{% macro branch_key(branch_name='branch_name', source_system='source_system') -%}
    {{ key_of_named(branch_name, source_system) }}
{%- endmacro %}


{% macro employee_key(employee_id='employee_id', source_system='source_system') -%}
    {{ key_of_named(employee_id, source_system) }}
{%- endmacro %}


{# A product is identified by its id where the source's sales have one, else by its name. #}
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


{# `identified_by`: the kind of `customer_id` (card, name, number); both are 'unknown' for the unknown customer. #}
{% macro customer_key(identified_by, customer_id, source_system='source_system') -%}
    {{ dbt_utils.generate_surrogate_key([source_system, identified_by, customer_id]) }}
{%- endmacro %}


{#
    A readable text as a key: the text, or its hash if long. An index cannot hold a text of any length, and one such
    row would make every later run fail.
#}
{% macro short_key(text) -%}
    case when length({{ text }}) > 200 then {{ dbt.hash(text) }} else {{ text }} end
{%- endmacro %}


{# The surrogate key of a receipt. A reload or a rebuild gives the same key. #}
{% macro transaction_id(within_file='line_number', source_system='source_system') -%}
    {{ dbt_utils.generate_surrogate_key([source_system, 'logical_file', within_file]) }}
{%- endmacro %}
