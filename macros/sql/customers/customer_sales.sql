{#
    The queries up to `sales`, which is what an incremental model of customers adds to the rows that it keeps
    of them (those of customers in `changed_transactions` and not in `bereft_customers`): the new receipts,
    and all receipts of customers who may have lost one, to a corrected file or another one with the same sale. At first, and in a rebuild, all
    receipts. What cannot be told whose it is belongs to no customer.
#}
{% macro customer_sales(transactions, mark) -%}
{% if is_incremental() -%}
{# Two queries, because the database keeps the whole of what is read twice. -#}
changed_transactions as (

    select * from {{ transactions }}
    where change_id > {{ mark }} and customer_identified_by <> 'unknown'

),

transactions as (

    select * from {{ transactions }}
    where customer_identified_by <> 'unknown'

),

-- What was there before has lost its version, or counts in another file now. Of a version that came and
-- went since, nothing was ever added.
bereft_customers as (

    select distinct customer_key
    from changed_transactions
    where file_id <= {{ mark }}

),

sales as (

    select * from changed_transactions
    where
        is_sale
        and customer_key not in (
            select bereft_customers.customer_key from bereft_customers
        )
    union all
    select transactions.*
    from transactions
    inner join bereft_customers on transactions.customer_key = bereft_customers.customer_key
    where transactions.is_sale

)
{%- else -%}
sales as (

    select * from {{ transactions }}
    where is_sale and customer_identified_by <> 'unknown'
    {#- Read as it lies, and not in the order of an index, which would fetch every row by itself. #}
    {{ evaluate_once() }}

)
{%- endif %}
{%- endmacro %}
