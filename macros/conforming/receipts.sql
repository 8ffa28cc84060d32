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
    'month_first') and `of_days`: how the source writes dates, as for `dated_lines`. `rejudged`: `from` may have lines
    of files that are not touched, too, because something else has changed what they are worth; each with all its
    states, the former ones with is_current false. `iso_times`: the model has read the times itself; its texts are
    2024-03-05 14:30:00, 2024-03-05 where the time of day is not known, or null.

    `across_files`: a receipt is a record (`record_key`), and its lines may be in several files, such as the portions of
    a table. `from` then has all current lines of each record of which it has one, and says itself which lines count
    in another file. A row that is not current stands for itself. Three more columns say what the line's file has of the
    receipt: file_item_number (1: its first line in the file), file_lines, and file_amount, the sum of their amounts.

    `events`: a line is an event of an order, and of the events of an order (`record_key`) the last one counts
    (order_events.sql). `adds` then has order_mode and changed_at, and the model a column is_latest. A customer without
    a number is known by `customer_email`, where that is added; it is not kept.

    A source that states what a receipt comes to beside its lines (`stated_receipt_amount`) is taken at its word. What
    its lines come to less or more than that, rejected ones included, is cash rounding, which is added to the first
    item, or something else, such as a discount on the whole receipt, which is shared out over the items in proportion
    to their amounts, to the penny. So the items add up to the receipt. Where the amount of a line is not readable, the
    lines count as they are. `receipt_line_number` orders the items of a receipt.

    A line of such a receipt without a readable quantity (or with 0), but with an amount, does not become an item: its
    amount, such as a discount, is part of what the receipt comes to beside its items. It stands behind the items, with
    an amount of 0.
    Where no line of the receipt counts, or its total is not known, the line is rejected.
#}
{% macro receipt_lines(
    from,
    expressions={},
    lacks=[],
    adds=[],
    one_line_each=false,
    date_order=none,
    of_days=false,
    rejudged=false,
    iso_times=false,
    across_files=false,
    events=false
) -%}
    {%- set added = [] -%}
    {%- for name in additional_columns('receipt_lines') if name in adds or name in expressions -%}
        {%- do added.append(name) -%}
    {%- endfor -%}
    {%- set is_stated = 'stated_receipt_amount' in added -%}
    {%- set added_of_line = ['measured_quantity', 'receipt_line_number'] | select('in', added) | list -%}
    {%- set of_receipt = [
        'customer_id', 'customer_name', 'employee_id', 'payment_method', 'card_last4',
        'record_key', 'channel', 'country', 'sold_at_local', 'sold_at',
    ] + added | reject('in', added_of_line) | list -%}
    {%- set of_line = [
        'source_system', 'file_id', 'line_number', 'change_id', 'is_current', 'transaction_id',
        'branch_key', 'branch_name', 'currency_code', 'business_date', 'receipt_number', 'product_id',
        'product_name', 'covers', 'reject_reasons', 'line_text', 'quantity', 'unit_price', 'net_amount',
        'file_business_date',
    ] + added_of_line -%}
    {%- set not_kept = ['receipt_line_number', 'customer_email'] -%}
    {%- set given = conformed_columns('receipt_lines') | list -%}
    {%- set receipt = 'record_key, is_current, is_counted' if across_files else 'file_id, transaction_id' -%}
    {%- set item_order = ('is_only_amount, ' if is_stated else '')
        ~ ('receipt_line_number, file_id, ' if across_files else '') ~ 'line_number' -%}
    {#- A line that counts in another file does not belong to the receipt. A line may break other rules as well. -#}
    {%- set is_of_receipt = "coalesce(broken_rules !~ '" ~ reasons_of_overlap() | join('|') ~ "', true)" -%}
    {#- Its quantity, and what depends on it, is all that is wrong with the line. -#}
    {%- set is_amount = "broken_rules ~ '^(product_missing, )?quantity_unreadable(, unit_price_unreadable)?$'"
        ~ ' and net_amount <> 0' -%}
    {%- set item_amount = 'case when not is_only_amount then net_amount end' if is_stated else 'net_amount' -%}
    {%- set line_text = "concat_ws(' | ', receipt_number, cast(sold_at_local as text), branch_name, product_name,"
        ~ " cast(quantity as text), cast(unit_price as text), cast(net_amount as text))" -%}
    {%- set is_after_delivery = dated_after_delivery('business_date', 'loaded_at') -%}
    {%- if is_stated and not across_files -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ " has a stated_receipt_amount: call receipt_lines with across_files=true, and give every line"
            ~ " the record_key of its receipt."
        ) }}
    {%- endif -%}
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
        coalesce(
            listed_branches.currency_code,
            {{ source_default('currency_code', var('company_currency'), 'conformed_lines.source_system') }}
        ) as currency_code,
        upper(conformed_lines.currency_code) as currency_text,
        coalesce(
            listed_branches.time_zone,
            {{ source_default('time_zone', var('company_time_zone'), 'conformed_lines.source_system') }}
        ) as time_zone
    from conformed_lines
    {{ normalized_branch_name('conformed_lines.branch_name') }} as names
    left join listed_branches
        on
            conformed_lines.source_system = listed_branches.source_system
            and names.normalized_branch_name = listed_branches.normalized_branch_name

),

dated_lines as (

    {% if iso_times -%}
    select
        *,
        cast(sold_at_text as timestamp) as sold_at_local,
        false as is_date_order_unclear,
        length(sold_at_text) > 10 as has_time
    from located_lines
    {%- else -%}
    {{ dated_lines(
        from='located_lines',
        text='sold_at_text',
        counted='conformed_lines',
        default_order=date_order,
        of_days=of_days
    ) | indent(4) }}
    {%- endif %}

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
            'receipt_number_missing': 'false' if one_line_each and not events else 'receipt_number is null',
            'receipt_number_unreadable':
                'false' if one_line_each and not events else is_number_destroyed('receipt_number'),
            'order_mode_unknown':
                "order_mode is null or order_mode not in ('" ~ order_modes() | join("', '") ~ "')"
                if events else 'false',
            'changed_at_unreadable': 'changed_at is null' if events else 'false',
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
        }) }}, reject_reasons), '') as {{ 'broken_rules' if is_stated else 'reject_reasons' }}
    from timed_lines
    {{ evaluate_once() }}

),

{% if is_stated -%}
compared_lines as (

    select
        *,
        coalesce(
            is_current
            and {{ is_amount }}
            and stated_receipt_amount is not null
            and bool_or(broken_rules is null) over whole_receipt
            and not bool_or({{ is_of_receipt }} and net_amount is null) over whole_receipt,
            false
        ) as is_only_amount,
        case
            when
                is_current
                and not bool_or({{ is_of_receipt }} and net_amount is null) over whole_receipt
                then stated_receipt_amount
                - sum(
                    case
                        when {{ is_of_receipt }} and ({{ is_amount }}) is not true then net_amount
                    end
                ) over whole_receipt
        end as stated_difference
    from judged_lines
    window whole_receipt as (partition by record_key, is_current)

),

itemized_lines as (

    select
        *,
        case when not is_only_amount then broken_rules end as reject_reasons
    from compared_lines
    {{ evaluate_once() }}

),

{% endif -%}
numbered_lines as (

    select
        *,
        {% if one_line_each -%}
        {{ transaction_id() }} as transaction_id
        {%- elif across_files -%}
        case
            when not is_current
                then {{ transaction_id("concat_ws('-', 'line', line_number, 'until', change_id)") }}
            when reject_reasons is null
                then {{ dbt_utils.generate_surrogate_key(['source_system', "'receipt'", 'record_key']) }}
            else {{ transaction_id("'line-' || cast(line_number as text)") }}
        end as transaction_id
        {%- else -%}
        case
            when reject_reasons is null
                then {{ transaction_id(
                    "concat_ws('-', 'receipt', branch_key, business_date, receipt_number)"
                ) }}
            else {{ transaction_id("'line-' || cast(line_number as text)") }}
        end as transaction_id
        {%- endif %}
        {%- if across_files %},
        is_current and reject_reasons is null as is_counted
        {%- endif %}
        {%- if not one_line_each and 'quality_flags' not in lacks %},
        -- Once for each wording: a receipt of a thousand lines that all say the same would be a thousand
        -- times a thousand words.
        row_number() over (
            partition by
                {% if across_files -%}
                record_key, is_current, reject_reasons, quality_flags
                {%- else -%}
                file_id, branch_key, business_date, receipt_number, reject_reasons, quality_flags
                {%- endif %}
            order by {{ item_order }}
        ) as times_flagged
        {%- endif %}
    from {{ 'itemized_lines' if is_stated else 'judged_lines' }}
    {{ evaluate_once() }}

),

gathered_lines as (

    select
        {% for name in of_line -%}
        {{ name }},
        {% endfor -%}
        {% for name in of_receipt -%}
        {% if one_line_each or name in lacks or (across_files and name == 'record_key') -%}
        {{ name }},
        {% else -%}
        {{ of_receipt_or_line('min(' ~ name ~ ') over receipt', name, across_files) }} as {{ name }},
        {% endif -%}
        {% endfor -%}
        {% if one_line_each -%}
        1 as item_number,
        1 as receipt_lines,
        quantity as receipt_quantity,
        net_amount as receipt_amount,
        is_time_known,
        quality_flags,
        net_amount <> round(quantity * unit_price, 2) as is_price_differing,
        {{ is_after_delivery }} as is_after_delivery,
        false as is_differing
        {%- else -%}
        {{ of_receipt_or_line('row_number() over items', '1', across_files) }} as item_number,
        {% set items = 'case when not is_only_amount then 1 end' if is_stated else '*' -%}
        {{ of_receipt_or_line('count(' ~ items ~ ') over receipt', '1', across_files) }} as receipt_lines,
        {{ of_receipt_or_line('sum(quantity) over receipt', 'quantity', across_files) }}
            as receipt_quantity,
        {{ of_receipt_or_line('sum(' ~ item_amount ~ ') over receipt', 'net_amount', across_files) }}
            as receipt_amount,
        {{ of_receipt_or_line('bool_and(is_time_known) over receipt', 'is_time_known', across_files) }}
            as is_time_known,
        {% if 'quality_flags' in lacks -%}
        quality_flags,
        {%- else -%}
        string_agg(
            case when times_flagged = 1 or reject_reasons is not null then quality_flags end, ', '
        ) over receipt as quality_flags,
        {%- endif %}
        {% set is_price_differing = ('not is_only_amount and ' if is_stated else '')
            ~ 'net_amount <> round(quantity * unit_price, 2)' -%}
        {{ of_receipt_or_line(
            'bool_or(' ~ is_price_differing ~ ') over receipt', is_price_differing, across_files
        ) }} as is_price_differing,
        {{ of_receipt_or_line(
            'bool_or(' ~ is_after_delivery ~ ') over receipt', is_after_delivery, across_files
        ) }} as is_after_delivery,
        {% for name in ['customer_id', 'country'] if name not in lacks -%}
        {{ 'or ' if not loop.first }}coalesce(
            min({{ name }}) over receipt <> max({{ name }}) over receipt, false
        )
        {%- else -%}
        false
        {%- endfor %} as is_differing
        {%- endif %}
        {%- if across_files %},
        case when is_counted then row_number() over items_of_file else 1 end as file_item_number,
        case when is_counted then count(*) over receipt_file else 1 end as file_lines,
        case when is_counted then sum(net_amount) over receipt_file else net_amount end as file_amount
        {%- endif %}
        {%- if is_stated %},
        is_only_amount,
        sum({{ item_amount }}) over items as amount_so_far,
        case when is_counted then coalesce(stated_difference, 0) else 0 end as stated_difference
        {%- endif %}
    from numbered_lines
    {%- if not one_line_each %}
    window
        receipt as (partition by {{ receipt }}),
        items as (partition by {{ receipt }} order by {{ item_order }})
        {%- if across_files %},
        receipt_file as (partition by {{ receipt }}, file_id),
        items_of_file as (partition by {{ receipt }}, file_id order by {{ item_order }})
        {%- endif %}
    {%- endif %}
    {{ evaluate_once() }}

),

{% if is_stated -%}
rounded_lines as (

    select
        *,
        {{ is_cash_rounding(
            'stated_receipt_amount', '(stated_receipt_amount - stated_difference)'
        ) }} as is_cash_rounded
    from gathered_lines

),

stated_lines as (

    select
        {% for name in of_line + of_receipt if name != 'net_amount' -%}
        {{ name }},
        {% endfor -%}
        item_number,
        receipt_lines,
        receipt_quantity,
        receipt_amount + stated_difference as receipt_amount,
        case
            when is_only_amount then 0.00
            when stated_difference = 0 then net_amount
            when is_cash_rounded or receipt_amount = 0
                then net_amount + case when item_number = 1 then stated_difference else 0 end
            else
                net_amount
                + round(stated_difference * amount_so_far / receipt_amount, 2)
                - round(stated_difference * (amount_so_far - net_amount) / receipt_amount, 2)
        end as net_amount,
        is_time_known,
        quality_flags,
        is_price_differing,
        is_after_delivery,
        is_differing,
        file_item_number,
        file_lines,
        file_amount,
        stated_difference,
        is_only_amount,
        is_cash_rounded
    from rounded_lines

),

{% endif -%}
-- A customer is known by number, else by e-mail address, else by name within the branch.
identified_lines as (

    select
        *,
        case
            when customer_id is not null then 'number'
            {%- if 'customer_email' in added %}
            when customer_email is not null then 'email'
            {%- endif %}
            when customer_name is not null then 'name'
            else 'unknown'
        end as customer_identified_by,
        case
            when customer_id is not null then customer_id
            {%- if 'customer_email' in added %}
            when customer_email is not null then customer_email
            {%- endif %}
            when customer_name is not null
                then branch_name || '/' || {{ normalize_name('customer_name', is_plain=true) }}
            else 'unknown'
        end as identified_customer
    from {{ 'stated_lines' if is_stated else 'gathered_lines' }}

),

{% set flags = {
            'customer_missing':
                'false' if 'customer_id' in lacks and 'customer_name' in lacks
                else "customer_identified_by = 'unknown'",
            'employee_missing': 'false' if 'employee_id' in lacks else 'employee_id is null',
            'payment_method_unknown': "payment_method not in ('CASH', 'CARD')",
            'total_not_positive': 'receipt_amount <= 0',
            'total_differs_from_price': 'is_price_differing',
            'receipt_lines_differ': 'is_differing',
            'dated_after_delivery': 'is_after_delivery',
        } -%}
{%- if is_stated -%}
    {%- do flags.update({
        'cash_rounded': 'is_cash_rounded',
        'total_differs_from_lines': 'stated_difference <> 0 and not is_cash_rounded',
    }) -%}
{%- endif -%}
{%- set columns = {
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
            'quality_flags':
                "nullif(concat_ws(', ', " ~ named_reasons(flags) ~ ', ' ~ each_once('quality_flags') ~ "), '')",
            'item_number': 'cast(item_number as integer)',
            'quantity': 'quantity',
            'unit_price': 'unit_price',
            'net_amount': 'net_amount',
            'receipt_lines': 'cast(receipt_lines as integer)',
            'receipt_quantity': 'cast(receipt_quantity as bigint)',
            'receipt_amount': 'cast(receipt_amount as numeric(18, 2))',
            'is_current': 'is_current',
            'is_sale':
                'is_current and reject_reasons is null' ~ (' and not is_only_amount' if is_stated else ''),
            'is_time_known': 'is_time_known',
            'business_date': 'business_date',
            'file_business_date': 'file_business_date',
            'sold_at_local': 'sold_at_local',
            'sold_at': 'sold_at',
        } -%}
{%- for name in added if name not in not_kept -%}
    {%- do columns.update({name: name}) -%}
{%- endfor -%}
{%- if events -%}
    {%- do columns.update({'is_latest': 'cast(null as boolean)'}) -%}
{%- endif -%}
{%- if across_files -%}
    {%- do columns.update({
        'file_item_number': 'cast(file_item_number as integer)',
        'file_lines': 'cast(file_lines as integer)',
        'file_amount': 'cast(file_amount as numeric(18, 2))',
    }) -%}
{%- endif -%}
judged_receipts as (

    select
        {% for name, expression in columns.items() -%}
        {{ expression ~ ' as ' ~ name if expression != name else name }}{{ ',' if not loop.last }}
        {% endfor %}
    from identified_lines

){{ "," if not across_files }}

{% if across_files -%}
select * from judged_receipts
{%- if not is_incremental() %}
-- File by file, as nights write them (overlaps.sql).
order by file_id, line_number
{%- endif %}
{%- elif events -%}
{{ last_event_counts(
    'judged_receipts',
    columns | list,
    same=['customer_key', 'branch_key', 'product_key', 'quantity', 'unit_price', 'sold_at_local'],
    line_text=line_text,
    rejudged=rejudged
) }}
{%- else -%}
-- All lines of a receipt are of one file, one record and one day: it counts in one file, or in another.
{{ counted_once(
    'judged_receipts',
    columns | list,
    same=[
        'receipt_number', 'customer_key', 'employee_key', 'product_key', 'payment_method', 'quantity',
        'unit_price', 'net_amount', 'sold_at_local',
    ],
    line_text=line_text,
    one_line_each=one_line_each,
    rejudged=rejudged
) }}
{%- endif %}
{%- endmacro %}


{#
    A value of the whole receipt. `across_files`: a line that is on none, because it is rejected or not current, has its
    own value.
#}
{% macro of_receipt_or_line(aggregate, own, across_files) -%}
    {{ return('case when is_counted then ' ~ aggregate ~ ' else ' ~ own ~ ' end' if across_files else aggregate) }}
{%- endmacro %}


{#
    The whole text of int_<source>__transactions, of a source with receipt lines: its first line stands for the
    receipt, and says what all of them come to. A rejected line stands for itself; so does each line of a
    receipt that counts in another file.

    `across_files` as for `receipt_lines`. A receipt with lines in several files has a row for each of them, with its
    lines there; only the row of its first line is a sale. `expressions`: SQL of columns that the lines have under
    another name.
#}
{% macro receipts_of(lines, adds=[], across_files=false, expressions={}) -%}
    {%- if across_files -%}
    {{ conform(
        'transactions',
        from=lines,
        expressions={
            'raw_rows': 'file_lines',
            'items_sold': 'receipt_quantity',
            'net_amount': 'receipt_amount',
            'unstated_amount': 'receipt_amount - file_amount',
            'is_sale': 'is_sale and item_number = 1',
        },
        adds=adds
    ) }}
where file_item_number = 1
    {%- else -%}
    {%- set by_line = 'coalesce(' ~ is_overlap() ~ ', false)' -%}
    {{ conform(
        'transactions',
        from=lines,
        expressions=dict({
            'transaction_id':
                'case when item_number = 1 then transaction_id else '
                ~ dbt_utils.generate_surrogate_key(['transaction_id', 'line_number']) ~ ' end',
            'raw_rows': 'case when ' ~ by_line ~ ' then 1 else receipt_lines end',
            'items_sold': 'case when ' ~ by_line ~ ' then quantity else receipt_quantity end',
            'net_amount': 'case when ' ~ by_line ~ ' then net_amount else receipt_amount end',
        }, **expressions),
        adds=adds
    ) }}
where item_number = 1 or {{ is_overlap() }}
    {%- endif -%}
{%- endmacro %}


{# The whole text of int_<source>__sale_lines, of a source with receipt lines. #}
{% macro sold_lines_of(lines, adds=[]) -%}
    {{ conform(
        'sale_lines',
        from=lines,
        expressions={'is_return': 'receipt_amount < 0'},
        adds=['channel', 'is_time_known'] + adds
    ) }}
where is_sale
{%- endmacro %}
