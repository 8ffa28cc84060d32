{#
    CTEs up to `sales`: the receipts that an incremental model of customers adds to its stored rows (touched ones that
    are not in `bereft`). These are new receipts, and all receipts of customers who may have lost one to a corrected
    file or another file with the same sale. In a full refresh, all receipts. Receipts without a known customer are
    left out.

    `revalued`: a query of keys whose amounts in the company's currency have changed: all their receipts are read again.

    `by_month`: the model stores customers by month, so that only months that may have lost a receipt are read again.
    Each CTE then has a column `sales_month`.
#}
{% macro customer_sales(transactions, mark, by_month=false, revalued=none) -%}
{%- set keys = ['customer_key', 'sales_month'] if by_month else ['customer_key'] -%}
{%- set month %}cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month{% endset -%}
{% if is_incremental() -%}
{# Two queries, because PostgreSQL materializes a CTE that is read twice. -#}
changed_transactions as (

    select
        *{{ ',\n        ' ~ month if by_month }}
    from {{ transactions }}
    where change_id > {{ mark }} and customer_identified_by <> 'unknown'

),

transactions as (

    select
        *{{ ',\n        ' ~ month if by_month }}
    from {{ transactions }}
    where customer_identified_by <> 'unknown'

),

-- Known receipts whose version is superseded, or that now count in another file. A version loaded
-- and superseded since the mark was never added.
bereft as (

    select distinct {{ keys | join(', ') }}
    from changed_transactions
    where file_id <= {{ mark }}
    {%- if revalued %}
    union
    select {{ keys | join(', ') }}
    from ({{ revalued }}) as revalued_keys
    {%- endif %}

),

sales as (

    select * from changed_transactions
    where is_sale and {{ is_not_bereft('changed_transactions', keys) | indent(4) }}
    union all
    {%- set is_of_key = ['found.is_sale'] -%}
    {%- for key in keys -%}{%- do is_of_key.append('found.' ~ key ~ ' = wanted.' ~ key) -%}{%- endfor %}
    {{ look_up('transactions', 'select * from bereft', is_of_key | join(' and ')) }}

)
{%- else -%}
sales as (

    select
        *{{ ',\n        ' ~ month if by_month }}
    from {{ transactions }}
    where is_sale and customer_identified_by <> 'unknown'
    {#- A sequential scan, not an index scan, which would fetch every row separately. #}
    {{ evaluate_once() }}

)
{%- endif %}
{%- endmacro %}


{#
    Condition on stored rows and new receipts: no receipt of their key was taken away. An anti-join, because with `not
    in` PostgreSQL overestimates the cost of an index lookup and reads the whole table.
#}
{% macro is_not_bereft(rows, keys=['customer_key']) -%}
not exists (
    select 1 from bereft
    where
        {% for key in keys -%}
        {{ 'and ' if not loop.first }}{{ rows }}.{{ key }} = bereft.{{ key }}
        {% endfor -%}
)
{%- endmacro %}
