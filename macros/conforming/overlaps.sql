{#
    Deduplication of rows across current files.

    Raw keeps every row of every file. Files that are not versions of one another may contain the same sale: an export
    that repeats earlier days, overlapping weeks, a correction under a new name. One of such rows counts, and the
    others are rejected with one of these reasons, so that raw = sold + rejected.

    - `superseded_by_another_file`: a later file has the same record (`record_key`: the feed's `key`), or the same day
      if files cover complete days (the feed `covers: days`). `id_doubled`: a later line of the same file has the
      record, where a record is one line.
    - `counted_in_another_file`: copies. A file has rows of a day that is not its own (the feed `covers: day`), and
      other files have three quarters of them, or it has all of another file of the day.

    Equal rows without such proof count, with the flag `also_in_another_file`.

    Events of orders have reasons of their own (order_events.sql): `order_changed`, `order_deleted`, `order_repeated`.
#}

{# Reasons to reject a row because another one counts. #}
{% macro reasons_of_overlap() -%}
    {{ return([
        'superseded_by_another_file', 'id_doubled', 'counted_in_another_file',
        'order_changed', 'order_deleted', 'order_repeated',
    ]) }}
{%- endmacro %}


{# Condition: the row is rejected because another one counts. #}
{% macro is_overlap(reject_reasons='reject_reasons') -%}
    {{ reject_reasons }} in ('{{ reasons_of_overlap() | join("', '") }}')
{%- endmacro %}


{#
    Whether stored rows of untouched files are judged again when a touched file has the same rows. Unit tests of a
    nightly run that test something else override it with false.
#}
{% macro judges_stored_rows() -%}
    {{ return(is_incremental()) }}
{%- endmacro %}


{#
    The end of a model with `meta.touched_by: file`, after a comma: CTEs, and the select that ends the model: the rows
    of the touched files, and rows of other files that count differently because of them.

    `rows`: a CTE of the touched rows with all of the model's `columns`, among them record_key, covers,
    file_business_date, file_id, line_number, change_id, branch_key, business_date, reject_reasons, refused_text,
    quality_flags, counted_in_file_id (null so far), is_current and is_sale.
    `same`: columns that two rows of one sale have in common, besides branch and day.
    `is_stray`: condition that a row is of another day or branch than its file.
    `line_text`: text of a rejected row, from the columns.
    `one_line_each`: a record is one line of a file; otherwise it may be several. `rejudged`: `rows` may have rows of
    files that are not touched.
#}
{% macro counted_once(
    rows,
    columns,
    same,
    line_text,
    is_stray='business_date <> file_business_date',
    one_line_each=true,
    rejudged=false
) -%}
    {%- if linted('counted_once', rows) -%}
        {{ return('counted as (select * from ' ~ rows ~ ') select * from counted') }}
    {%- endif -%}
    {%- set counting -%}
    {%- set touched = touched('file') -%}
    {%- set valid_rows -%}
        (
            select {{ columns | join(', ') }}
            from {{ rows }}
            where is_current and reject_reasons is null
            {%- if judges_stored_rows() %}
            union all
            select {{ columns | join(', ') }}
            from stored_rows
            where reject_reasons is null or {{ is_overlap() }}
            {%- endif %}
        ) as valid_rows
    {%- endset -%}
    {%- set not_at_hand -%}
        {%- if rejudged %}
        and not exists (
            select {{ rows }}.file_id from {{ rows }}
            where
                {{ rows }}.file_id = {{ this }}.file_id
                and {{ rows }}.line_number = {{ this }}.line_number
        )
        {%- endif -%}
    {%- endset -%}
{%- if judges_stored_rows() -%}
-- Two selects, because each uses its own index.
stored_rows as (

    select
        {{ columns | join(',\n        ') }}
    from {{ this }}
    where
        is_current
        and file_id not in ({{ touched }})
        {{- not_at_hand }}
        and record_key in (select {{ rows }}.record_key from {{ rows }})
    union all
    select
        {{ columns | join(',\n        ') }}
    from {{ this }}
    where
        is_current
        and file_id not in ({{ touched }})
        {{- not_at_hand }}
        and record_key is null
        and (business_date, branch_key) in (
            select
                {{ rows }}.business_date,
                {{ rows }}.branch_key
            from {{ rows }}
            where {{ rows }}.record_key is null
        )

),

{% endif -%}
-- Records, and days of rows without a record, that are in several files.
shared_keys as (

    select
        record_key,
        case when record_key is null then branch_key end as branch_key,
        case when record_key is null then business_date end as business_date
    from {{ valid_rows }}
    group by
        record_key,
        case when record_key is null then branch_key end,
        case when record_key is null then business_date end
    having
        min(file_id) <> max(file_id)
        {%- if one_line_each %}
        or (record_key is not null and count(*) > 1)
        {%- endif %}

),

rows_in_question as (

    select *
    from {{ valid_rows }}
    where
        record_key in (
            select shared_keys.record_key
            from shared_keys
            where shared_keys.record_key is not null
        )
        or (
            record_key is null
            and (branch_key, business_date) in (
                select
                    shared_keys.branch_key,
                    shared_keys.business_date
                from shared_keys
                where shared_keys.record_key is null
            )
        )

),

rows_of_records as (

    select
        file_id,
        line_number,
        first_value(file_id) over latest as latest_file_id,
        first_value(line_number) over latest as latest_line_number
    from rows_in_question
    where record_key is not null
    window
        latest as (
            partition by record_key
            order by
                coalesce(file_business_date, cast('0001-01-01' as date)) desc,
                file_id desc,
                line_number desc
        )

),

-- From here on window functions, not joins: PostgreSQL estimates a single row here, and would
-- choose nested loops over all rows.
rows_of_days as (

    select
        file_id,
        line_number,
        covers,
        branch_key,
        business_date,
        coalesce(file_business_date, cast('0001-01-01' as date)) as file_business_date,
        count(*) over file_day as file_row_count,
        bool_or(coalesce({{ is_stray }}, false)) over file_day as is_stray,
        {{ dbt_utils.generate_surrogate_key(['branch_key', 'business_date'] + same) }} as sale_key
    from rows_in_question
    where record_key is null
    window file_day as (partition by branch_key, business_date, file_id)

),

-- The day's own files, such as those of two tills, are not copies of one another: equal rows, three
-- in one and two in another, are five rows.
numbered_rows as (

    select
        *,
        row_number() over (
            partition by sale_key, case when is_stray or covers is distinct from 'day' then file_id end
            order by file_id, line_number
        ) as occurrence,
        first_value(file_id) over (
            partition by branch_key, business_date order by file_business_date desc, file_id desc
        ) as latest_file_id
    from rows_of_days

),

-- Of files with the same sale the day's own comes first, then the earlier one.
compared_rows as (

    select
        *,
        first_value(file_id) over first_with_it as first_file_id,
        first_value(file_row_count) over first_with_it as first_file_row_count
    from numbered_rows
    window
        first_with_it as (
            partition by sale_key, occurrence order by is_stray, file_business_date, file_id
        )

),

alike_rows as (

    select
        *,
        first_file_id <> file_id as is_alike,
        first_file_id <> file_id
        and first_file_row_count = count(*) over (
            partition by branch_key, business_date, file_id, first_file_id
        ) as is_whole_file_alike
    from compared_rows

),

judged_rows_of_days as (

    select
        *,
        covers = 'day'
        and is_alike
        and is_stray
        and (
            4 * count(case when is_alike then 1 end) over file_day >= 3 * file_row_count
            or bool_or(is_whole_file_alike) over file_day
        ) as is_copy
    from alike_rows
    window file_day as (partition by branch_key, business_date, file_id)

),

standings as (

    select
        file_id,
        line_number,
        case
            when file_id <> latest_file_id then 'superseded_by_another_file' else 'id_doubled'
        end as reject_reason,
        latest_file_id as counted_in_file_id
    from rows_of_records
    where
        file_id <> latest_file_id
        {%- if one_line_each %}
        or line_number <> latest_line_number
        {%- endif %}
    union all
    select
        file_id,
        line_number,
        case
            when covers = 'days' then 'superseded_by_another_file'
            when is_copy then 'counted_in_another_file'
        end as reject_reason,
        case
            when covers = 'days' then latest_file_id
            when is_copy then first_file_id
        end as counted_in_file_id
    from judged_rows_of_days
    where
        (covers = 'days' and file_id <> latest_file_id)
        or (is_alike and (covers is null or (covers = 'day' and is_stray)))

),

counted_rows as (

    {{ recounted_rows(rows, columns, line_text, 'rows_at_hand.change_id') }}

){% if judges_stored_rows() %},

changed_rows as (

    {{ recounted_rows(
        'stored_rows',
        columns,
        line_text,
        'greatest(rows_at_hand.change_id, (select max(' ~ rows ~ '.change_id) from ' ~ rows ~ '))',
        only_changed=true
    ) }}

){% endif %}

select * from counted_rows
{%- if judges_stored_rows() %}
union all
select * from changed_rows
{%- else %}
-- File by file, as nights write them: a join would leave them in any order, and a night that reads
-- a week of sales, here or in a fact, would read as many pages as rows.
order by file_id, line_number
{%- endif %}
{%- endset -%}
{{ return(one_token(counting)) }}
{%- endmacro %}


{#
    Rows with a new decision on whether they count: all, or `only_changed` ones. Part of `counted_once`.
#}
{% macro recounted_rows(rows, columns, line_text, change_id, only_changed=false) -%}
    {%- set flag = 'also_in_another_file' -%}
    {%- set own_reasons -%}
        case when not coalesce({{ is_overlap('rows_at_hand.reject_reasons') }}, false)
            then rows_at_hand.reject_reasons end
    {%- endset -%}
    {%- set new_values = {
        'change_id': change_id,
        'reject_reasons': 'coalesce(' ~ own_reasons ~ ', standings.reject_reason)',
        'refused_text':
            "case when " ~ own_reasons ~ " is not null then rows_at_hand.refused_text"
            ~ " when standings.reject_reason is not null then " ~ line_text ~ " end",
        'quality_flags':
            "nullif(concat_ws(', ', nullif(replace(replace(rows_at_hand.quality_flags, ', " ~ flag
            ~ "', ''), '" ~ flag ~ "', ''), ''), case when standings.file_id is not null"
            ~ " and standings.reject_reason is null then '" ~ flag ~ "' end), '')",
        'counted_in_file_id': 'standings.counted_in_file_id',
        'is_sale':
            'rows_at_hand.is_current and coalesce(' ~ own_reasons
            ~ ', standings.reject_reason) is null',
    } -%}
    select
        {%- for name in columns %}
        {%- if name in new_values %}
        {{ new_values[name] }} as {{ name }}
        {%- else %}
        rows_at_hand.{{ name }}
        {%- endif %}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ rows }} as rows_at_hand
    left join standings
        on
            rows_at_hand.file_id = standings.file_id
            and rows_at_hand.line_number = standings.line_number
    {%- if only_changed %}
    where
        {%- for name in ['reject_reasons', 'quality_flags', 'counted_in_file_id'] %}
        {{ 'or ' if not loop.first }}{{ new_values[name] }} is distinct from rows_at_hand.{{ name }}
        {%- endfor %}
    {%- endif %}
{%- endmacro %}


{#
    Key of a record in all files of its feed, a hash, from the raw column that the loader fills by the feed's
    `key`, each part parsed as an `identifier`: null where a part is empty or spells null, and where digits of a
    number are masked or were destroyed by a spreadsheet, so that different records could have the same key.
#}
{% macro record_key(text='_record_id') -%}
    {{ return(linted('record_key', text) or one_token(adapter.dispatch('record_key', 'branchline')(text))) }}
{%- endmacro %}

{% macro postgres__record_key(text) -%}
    case
        when {{ text }} is not null and {{ text }} not like '%****%'
            then (
                select
                    case
                        when
                            bool_and(
                                ids.part is not null
                                and ids.part !~ '^(0+|[uU](nknown|NKNOWN))$'
                                and not {{ branchline.is_number_destroyed('ids.part') }}
                            )
                            then {{ dbt.hash("string_agg(ids.part, chr(31) order by ids.position)") }}
                    end
                from (
                    select
                        parts.position,
                        {{ branchline.identifier('parts.part') }} as part
                    from string_to_table({{ text }}, chr(31)) with ordinality as parts (part, position)
                    {{ evaluate_once() }}
                ) as ids
            )
    end
{%- endmacro %}
