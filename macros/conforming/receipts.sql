{#
    Sources with several lines of a file per receipt.

    int_<source>__receipt_lines (incremental by file) ends in `conform_receipt_lines`: one row per line, with
    what its receipt says. int_<source>__transactions (incremental by file) is `receipts_of` these lines, and
    int_<source>__sale_lines is `conform('sale_lines', ...)` of those that are sold. A receipt is what one
    file says under one number: a file that replaces another replaces its receipts.
#}

{#
    The last line of int_<source>__receipt_lines: the columns of the contract of `receipt_lines` from a CTE
    (`from`), and beside them the keys, the place on the receipt (`item_number`) and `is_sale`. `expressions`
    and `lacks` as for `conform`.

    A line that breaks a rule (`reject_reasons`) is on no receipt: it is refused by itself. Of what belongs
    to the receipt (branch, customer, person, payment, time) all its lines get the same, the least of what
    they say; where they differ in branch, customer or day, the flag `receipt_lines_differ` says so.
#}
{% macro conform_receipt_lines(from, expressions={}, lacks=[]) -%}
    {%- set own = [
        'source_system', 'file_id', 'line_number', 'change_id', 'is_current', 'logical_file',
        'receipt_number', 'product_id', 'product_name', 'quantity', 'unit_price', 'net_amount',
        'reject_reasons', 'refused_text', 'is_time_known', 'quality_flags',
    ] -%}
    {%- set shared = conformed_columns('receipt_lines') | reject('in', own) | list %}
select
    {% for name in own if name != 'quality_flags' -%}
    {{ name }},
    {% endfor -%}
    {% for name in shared -%}
    {{ name }},
    {% endfor -%}
    nullif(concat_ws(', ', quality_flags, case when is_differing then 'receipt_lines_differ' end), '')
        as quality_flags,
    transaction_id,
    {{ branch_key() }} as branch_key,
    {{ customer_key('customer_identified_by', "coalesce(customer_id, 'unknown')") }} as customer_key,
    customer_identified_by,
    {{ employee_key() }} as employee_key,
    {{ product_key(product_id='product_id') }} as product_key,
    cast(item_number as integer) as item_number,
    is_current and reject_reasons is null as is_sale
from (
    select
        {% for name in own -%}
        lines.{{ name }},
        {% endfor -%}
        lines.transaction_id,
        {% for name in shared -%}
        {% if name == 'payment_method' -%}
        coalesce(min(lines.{{ name }}) over receipt, 'OTHER') as {{ name }},
        {% else -%}
        min(lines.{{ name }}) over receipt as {{ name }},
        {% endif -%}
        {% endfor -%}
        case when min(lines.customer_id) over receipt is null then 'unknown' else 'number' end
            as customer_identified_by,
        row_number() over (
            partition by lines.file_id, lines.transaction_id order by lines.line_number
        ) as item_number,
        {% for name in ['branch_name', 'customer_id', 'business_date'] -%}
        min(lines.{{ name }}) over receipt <> max(lines.{{ name }}) over receipt
        {{- ' or ' if not loop.last else ' as is_differing' }}
        {% endfor %}
    from (
        select
            *,
            case
                when reject_reasons is null
                    then {{ transaction_id("'receipt-' || receipt_number") }}
                else {{ transaction_id("'line-' || cast(line_number as text)") }}
            end as transaction_id
        from (
            {{ conform('receipt_lines', from, expressions, lacks) }}
        ) as conformed
    ) as lines
    window receipt as (partition by lines.file_id, lines.transaction_id)
) as shared_lines
{%- endmacro %}


{#
    The whole text of int_<source>__transactions, of a source with receipt lines: a row per receipt, and one
    per refused line. `lines` is the relation of int_<source>__receipt_lines.
#}
{% macro receipts_of(lines) -%}
    {%- set touched = touched('file') -%}
    {%- set gathered = {
        'line_number': 'min(line_number)',
        'quality_flags': distinct_names('quality_flags'),
        'raw_rows': 'count(*)',
        'items_sold': 'sum(quantity)',
        'net_amount': 'sum(net_amount)',
    } -%}
    {%- set columns = conformed_columns('transactions') -%}
    {%- set shared = columns | reject('in', gathered) | list -%}
select
    {%- for name, type in columns.items() %}
    cast({{ gathered.get(name, name) }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ lines }}
    {%- if is_incremental() %}
where file_id in ({{ touched }})
    {%- endif %}
group by
    {{ shared | join(',\n    ') }}
{%- endmacro %}
