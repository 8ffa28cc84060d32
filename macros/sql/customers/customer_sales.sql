{#
    CTEs up to `sales`: the receipts that an incremental model of customers adds to its stored rows (of customers in
    `changed_transactions` and not in `bereft_customers`). These are new receipts, and all receipts of customers who
    may have lost one to a corrected file or another file with the same sale. In a full refresh, all receipts.
    Receipts without a known customer are left out.
#}
{% macro customer_sales(transactions, mark) -%}
{% if is_incremental() -%}
{# Two queries, because PostgreSQL materializes a CTE that is read twice. -#}
changed_transactions as (

    select * from {{ transactions }}
    where change_id > {{ mark }} and customer_identified_by <> 'unknown'

),

transactions as (

    select * from {{ transactions }}
    where customer_identified_by <> 'unknown'

),

-- Known receipts whose version is superseded, or that now count in another file. A version loaded
-- and superseded since the mark was never added.
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
    {#- A sequential scan, not an index scan, which would fetch every row separately. #}
    {{ evaluate_once() }}

)
{%- endif %}
{%- endmacro %}
