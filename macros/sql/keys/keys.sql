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


{#
    `identified_by`: the kind of `customer_id` (card, name, number); both are 'unknown' for the unknown customer. The key
    of an erased customer is made of the pseudonym alone, whichever column has it (docs/privacy-erasure.md).
#}
{% macro customer_key(identified_by, customer_id, source_system='source_system') -%}
    case
        when {{ customer_id }} like '%erased-%'
            then {{ dbt_utils.generate_surrogate_key([source_system, pseudonym_in(customer_id)]) }}
        else {{ dbt_utils.generate_surrogate_key([source_system, identified_by, customer_id]) }}
    end
{%- endmacro %}


{# The 32 digits of a pseudonym in a text; the text itself where it has none. #}
{% macro pseudonym_in(text) -%}
    coalesce(substring({{ text }} from 'erased-([0-9a-f]{32})'), {{ text }})
{%- endmacro %}


{# The visitor of a web site: an address and what it calls itself. Null without an address. #}
{% macro visitor_key(ip_token='ip_token', agent='agent', source_system='source_system') -%}
    case
        when {{ ip_token }} is not null
            then {{ dbt_utils.generate_surrogate_key([source_system, ip_token, agent]) }}
    end
{%- endmacro %}


{# The session of a visitor that began at this time. #}
{% macro session_key(visitor_key='visitor_key', began_at='began_at') -%}
    {{ dbt_utils.generate_surrogate_key([visitor_key, seconds_since_epoch(began_at)]) }}
{%- endmacro %}


{#
    The key of an order: numbers of one channel ('store', 'online') may be used again in another. Null without a number,
    or where a spreadsheet kept only the first digits of it.
#}
{% macro order_key(channel='channel', order_number='order_number', source_system='source_system') -%}
    case
        when {{ order_number }} is not null and not {{ is_number_destroyed(order_number) }}
            then {{ dbt_utils.generate_surrogate_key([source_system, "'order'", channel, order_number]) }}
    end
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
