{#
    Key of a document in all files: each store numbers its own documents, and has a folder or a database of its own.
    Null without a number.
#}
{% macro document_key(file_branch='file_branch', document_number='document_number') -%}
    {{ short_key("coalesce(" ~ file_branch ~ ", '') || '/' || " ~ document_number) }}
{%- endmacro %}


{# A payment type in the words of the contract. A document has one value: see int_retail360__receipt_lines. #}
{% macro payment_method_of(payment_type) -%}
    case {{ payment_type }} when 1 then 'CASH' when 3 then 'CARD' else 'OTHER' end
{%- endmacro %}


{# A number of the till (s__sequence) that may have more digits than an integer. #}
{% macro sequence_of(text) -%}
    case when {{ text }} ~ '^[0-9]{1,18}$' then cast({{ text }} as bigint) end
{%- endmacro %}
