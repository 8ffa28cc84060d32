{#
    Sources whose lines are sold products: several lines per receipt, or one each.

    int_<source>__receipt_lines (incremental by file) ends in `receipt_lines`: a row per line, with what its
    receipt says, and with the rules that hold for every source applied. The other models of the source are
    views of it without a rule of their own:

        int_<source>__transactions    receipts_of(ref('int_<source>__receipt_lines'))
        int_<source>__sale_lines      sold_lines_of(ref('int_<source>__receipt_lines'))

    with `adds=[...]` where the lines have additional columns.

    A receipt is what one file says under one number, of one branch and one business day: there are tills that
    begin anew with 1 every morning. A file that supersedes another supersedes its receipts.
#}

{#
    The end of int_<source>__receipt_lines, after a comma: CTEs, and the select that ends the model. `from` is
    a CTE with the columns of the contract of `receipt_lines`; `expressions`, `lacks` and `adds` as for `conform`.

    A line that breaks a rule is on no receipt: it is rejected by itself. What belongs to the receipt (customer,
    person, payment, card, time, country) is the same in all its lines: the least of what they say. Where they differ
    in customer or country, the flag `receipt_lines_differ` says so.

    `one_line_each`: every line is a receipt of its own, whatever its number. `date_order` ('day_first',
    'month_first') and `of_days`: how the source writes dates, as for `dated_lines`. `rejudged`: `from` may have lines of
    files that are not touched, too, because something else has changed what they are worth; each with all its
    states, the former ones with is_current false.
#}
{% macro receipt_lines(
    from,
    expressions={},
    lacks=[],
    adds=[],
    one_line_each=false,
    date_order=none,
    of_days=false,
    rejudged=false
) -%}
    {%- set added = [] -%}
    {%- for name in additional_columns('receipt_lines') if name in adds or name in expressions -%}
        {%- do added.append(name) -%}
    {%- endfor -%}
    {%- set of_receipt = [
        'customer_id', 'customer_name', 'employee_id', 'payment_method', 'card_last4',
        'record_key', 'channel', 'country', 'sold_at_local', 'sold_at',
    ] + added -%}
    {%- set of_line = [
        'source_system', 'file_id', 'line_number', 'change_id', 'is_current', 'transaction_id',
        'branch_key', 'branch_name', 'currency_code', 'business_date', 'receipt_number', 'product_id',
        'product_name', 'covers', 'reject_reasons', 'line_text', 'quantity', 'unit_price', 'net_amount',
        'file_business_date',
    ] -%}
    {%- set given = conformed_columns('receipt_lines') | list -%}
-- Columns of `{{ from }}` are parsed texts, and each is used several times below.
given_lines as (

    select * from {{ from }}
    {{ evaluate_once() }}

),

conformed_lines as (

    {{ conform('receipt_lines', 'given_lines', expressions, lacks, adds) | indent(4) }}
    {{ evaluate_once() }}

),

listed_branches as (

    select
        *,
        {{ normalize_branch_name('branch_name') }} as normalized_branch_name
    from {{ ref('branches') }}
    {{ evaluate_once() }}

),

-- The list of branches knows a branch under any capitals and spacing. A branch that it does not know is
-- taken as written, in the company's own time zone and currency. A branch has one currency, whatever a line
-- says: sums by branch are sums of one currency.
located_lines as (

    select
        {% for name in given if name not in ['branch_name', 'currency_code'] -%}
        conformed_lines.{{ name }},
        {% endfor -%}
        coalesce(listed_branches.branch_name, conformed_lines.branch_name) as branch_name,
        coalesce(listed_branches.currency_code, '{{ var("company_currency") }}') as currency_code,
        upper(conformed_lines.currency_code) as currency_text,
        coalesce(listed_branches.time_zone, '{{ var("company_time_zone") }}') as time_zone
    from conformed_lines
    {{ normalized_branch_name('conformed_lines.branch_name') }} as names
    left join listed_branches
        on
            conformed_lines.source_system = listed_branches.source_system
            and names.normalized_branch_name = listed_branches.normalized_branch_name

),

dated_lines as (

    {{ dated_lines(
        from='located_lines',
        text='sold_at_text',
        counted='conformed_lines',
        default_order=date_order,
        of_days=of_days
    ) | indent(4) }}

),

priced_lines as (

    select
        *,
        case
            when currency_text <> currency_code then concat_ws(' | ', money_text, currency_text)
            else money_text
        end as all_money_text
    from dated_lines

),

timed_lines as (

    select
        *,
        cast(sold_at_local as date) as business_date,
        {{ local_to_utc('sold_at_local', 'time_zone') }} as sold_at,
        {{ names_another_currency('all_money_text', 'currency_code') }} as is_in_another_currency
    from priced_lines

),

judged_lines as (

    select
        {% for name in given if name not in ['reject_reasons', 'is_time_known'] -%}
        {{ name }},
        {% endfor -%}
        is_time_known and has_time as is_time_known,
        sold_at_local,
        business_date,
        sold_at,
        {{ branch_key() }} as branch_key,
        nullif(concat_ws(', ', {{ named_reasons({
            'receipt_number_missing': 'false' if one_line_each else 'receipt_number is null',
            'receipt_number_unreadable':
                'false' if one_line_each else is_number_destroyed('receipt_number'),
            'branch_missing': 'branch_name is null',
            'timestamp_unreadable': 'sold_at_local is null and not is_date_order_unclear',
            'date_order_unclear': 'is_date_order_unclear',
            'date_out_of_range':
                "business_date < cast('" ~ var('calendar_start') ~ "' as date)"
                ~ " or business_date > cast('" ~ var('calendar_end') ~ "' as date)",
            'product_missing': 'product_name is null',
            'quantity_unreadable': 'quantity is null or quantity = 0',
            'unit_price_unreadable': 'unit_price is null',
            'total_unreadable': 'net_amount is null',
            'currency_unreadable':
                'false' if 'currency_code' in lacks else
                'currency_text <> currency_code and currency_text <> all ('
                ~ text_array(known_currency_marks()) ~ ')',
            'currency_differs_from_branch': 'is_in_another_currency',
        }) }}, reject_reasons), '') as reject_reasons
    from timed_lines
    {{ evaluate_once() }}

),

numbered_lines as (

    select
        *,
        {% if one_line_each -%}
        {{ transaction_id() }} as transaction_id
        {%- else -%}
        case
            when reject_reasons is null
                then {{ transaction_id(
                    "concat_ws('-', 'receipt', branch_key, business_date, receipt_number)"
                ) }}
            else {{ transaction_id("'line-' || cast(line_number as text)") }}
        end as transaction_id
        {%- endif %}
        {%- if not one_line_each and 'quality_flags' not in lacks %},
        -- Once for each wording: a receipt of a thousand lines that all say the same would be a thousand
        -- times a thousand words.
        row_number() over (
            partition by
                file_id, branch_key, business_date, receipt_number, reject_reasons, quality_flags
            order by line_number
        ) as times_flagged
        {%- endif %}
    from judged_lines
    {{ evaluate_once() }}

),

gathered_lines as (

    select
        {% for name in of_line -%}
        {{ name }},
        {% endfor -%}
        {% for name in of_receipt -%}
        {{ name ~ ',' if one_line_each else 'min(' ~ name ~ ') over receipt as ' ~ name ~ ',' }}
        {% endfor -%}
        {% if one_line_each -%}
        1 as item_number,
        1 as receipt_lines,
        quantity as receipt_quantity,
        net_amount as receipt_amount,
        is_time_known,
        quality_flags,
        net_amount <> round(quantity * unit_price, 2) as is_price_differing,
        {{ dated_after_delivery('business_date', 'loaded_at') }} as is_after_delivery,
        false as is_differing
        {%- else -%}
        row_number() over (
            partition by file_id, transaction_id order by line_number
        ) as item_number,
        count(*) over receipt as receipt_lines,
        sum(quantity) over receipt as receipt_quantity,
        sum(net_amount) over receipt as receipt_amount,
        bool_and(is_time_known) over receipt as is_time_known,
        {% if 'quality_flags' in lacks -%}
        quality_flags,
        {%- else -%}
        string_agg(
            case when times_flagged = 1 or reject_reasons is not null then quality_flags end, ', '
        ) over receipt as quality_flags,
        {%- endif %}
        bool_or(net_amount <> round(quantity * unit_price, 2)) over receipt as is_price_differing,
        bool_or({{ dated_after_delivery('business_date', 'loaded_at') }}) over receipt
            as is_after_delivery,
        {% for name in ['customer_id', 'country'] -%}
        {{ 'or ' if not loop.first }}coalesce(
            min({{ name }}) over receipt <> max({{ name }}) over receipt, false
        )
        {%- endfor %} as is_differing
        {%- endif %}
    from numbered_lines
    {%- if not one_line_each %}
    window receipt as (partition by file_id, transaction_id)
    {%- endif %}
    {{ evaluate_once() }}

),

-- A customer is known by number, else by name within the branch.
identified_lines as (

    select
        *,
        case
            when customer_id is not null then 'number'
            when customer_name is not null then 'name'
            else 'unknown'
        end as customer_identified_by,
        case
            when customer_id is not null then customer_id
            when customer_name is not null
                then branch_name || '/' || {{ normalize_name('customer_name', is_plain=true) }}
            else 'unknown'
        end as identified_customer
    from gathered_lines

),

{% set columns = {
            'transaction_id': 'transaction_id',
            'receipt_number': 'receipt_number',
            'file_id': 'file_id',
            'line_number': 'line_number',
            'change_id': 'change_id',
            'counted_in_file_id': 'cast(null as bigint)',
            'source_system': 'source_system',
            'record_key': 'record_key',
            'branch_key': 'branch_key',
            'branch_name': 'branch_name',
            'customer_key': customer_key('customer_identified_by', 'identified_customer'),
            'customer_id': 'customer_id',
            'customer_name': 'customer_name',
            'customer_identified_by': 'customer_identified_by',
            'employee_key': employee_key(),
            'employee_id': 'employee_id',
            'product_key': product_key(product_id='product_id'),
            'product_id': 'product_id',
            'product_name': 'product_name',
            'payment_method':
                "case when payment_method in ('CASH', 'CARD') then payment_method else 'OTHER' end",
            'card_last4': 'card_last4',
            'channel': 'channel',
            'country': 'country',
            'currency_code': 'currency_code',
            'covers': 'covers',
            'reject_reasons': 'reject_reasons',
            'refused_text': 'case when reject_reasons is not null then line_text end',
            'quality_flags': "nullif(concat_ws(', ', " ~ named_reasons({
                'customer_missing':
                    'false' if 'customer_id' in lacks and 'customer_name' in lacks
                    else "customer_identified_by = 'unknown'",
                'employee_missing': 'false' if 'employee_id' in lacks else 'employee_id is null',
                'payment_method_unknown': "payment_method not in ('CASH', 'CARD')",
                'total_not_positive': 'receipt_amount <= 0',
                'total_differs_from_price': 'is_price_differing',
                'receipt_lines_differ': 'is_differing',
                'dated_after_delivery': 'is_after_delivery',
            }) ~ ', ' ~ each_once('quality_flags') ~ "), '')",
            'item_number': 'cast(item_number as integer)',
            'quantity': 'quantity',
            'unit_price': 'unit_price',
            'net_amount': 'net_amount',
            'receipt_lines': 'cast(receipt_lines as integer)',
            'receipt_quantity': 'cast(receipt_quantity as bigint)',
            'receipt_amount': 'cast(receipt_amount as numeric(18, 2))',
            'is_current': 'is_current',
            'is_sale': 'is_current and reject_reasons is null',
            'is_time_known': 'is_time_known',
            'business_date': 'business_date',
            'file_business_date': 'file_business_date',
            'sold_at_local': 'sold_at_local',
            'sold_at': 'sold_at',
        } -%}
{%- for name in added -%}
    {%- do columns.update({name: name}) -%}
{%- endfor -%}
judged_receipts as (

    select
        {% for name, expression in columns.items() -%}
        {{ expression ~ ' as ' ~ name if expression != name else name }}{{ ',' if not loop.last }}
        {% endfor %}
    from identified_lines

),

-- All lines of a receipt are of one file, one record and one day: it counts in one file, or in another.
{{ counted_once(
    'judged_receipts',
    columns | list,
    same=[
        'receipt_number', 'customer_key', 'employee_key', 'product_key', 'payment_method', 'quantity',
        'unit_price', 'net_amount', 'sold_at_local',
    ],
    line_text="concat_ws(' | ', receipt_number, cast(sold_at_local as text), branch_name,"
    ~ " product_name, cast(quantity as text), cast(unit_price as text), cast(net_amount as text))",
    one_line_each=one_line_each,
    rejudged=rejudged
) }}
{%- endmacro %}


{#
    The whole text of int_<source>__transactions, of a source with receipt lines: its first line stands for the
    receipt, and says what all of them come to. A rejected line stands for itself; so does each line of a
    receipt that counts in another file.
#}
{% macro receipts_of(lines, adds=[]) -%}
    {%- set by_line = 'coalesce(' ~ is_overlap() ~ ', false)' -%}
    {{ conform(
        'transactions',
        from=lines,
        expressions={
            'transaction_id':
                'case when item_number = 1 then transaction_id else '
                ~ dbt_utils.generate_surrogate_key(['transaction_id', 'line_number']) ~ ' end',
            'raw_rows': 'case when ' ~ by_line ~ ' then 1 else receipt_lines end',
            'items_sold': 'case when ' ~ by_line ~ ' then quantity else receipt_quantity end',
            'net_amount': 'case when ' ~ by_line ~ ' then net_amount else receipt_amount end',
        },
        adds=adds
    ) }}
where item_number = 1 or {{ is_overlap() }}
{%- endmacro %}


{# The whole text of int_<source>__sale_lines, of a source with receipt lines. #}
{% macro sold_lines_of(lines, adds=[]) -%}
    {{ conform('sale_lines', from=lines, adds=['channel', 'is_time_known'] + adds) }}
where is_sale
{%- endmacro %}
