{#
    Incremental because a table has many versions. A line of a document has neither time nor payment: it is sold when its
    document says so, and the file that changed a document is the one that changed its lines.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['document_key', 'valid_from_file_id'],
        meta={'feed': 'retail360_documents'},
        on_schema_change='fail',
    )
}}

with lines as (

    select
        new_lines.file_id,
        new_lines.line_number,
        new_lines.document_number,
        new_lines.document_type_text,
        new_lines.business_date_text,
        new_lines.referenced_date_text,
        new_lines.printed_at_seconds_text,
        new_lines.total_text,
        coalesce(new_lines.file_branch, '') as store_folder,
        {{ document_key('new_lines.file_branch', 'new_lines.document_number') }} as document_key
    from ({{ new_lines(ref('stg_retail360__documents')) | indent(8) }}) as new_lines

),

-- Each day is parsed once.
day_texts as (

    select business_date_text as day_text from lines
    union
    select referenced_date_text as day_text from lines

),

days as (

    select
        day_text,
        {{ parse_date('day_text') }} as parsed_day
    from day_texts
    where day_text is not null
    {{ evaluate_once() }}

),

parsed_lines as (

    select
        lines.*,
        days.parsed_day as business_date,
        referenced_days.parsed_day as referenced_date,
        {{ parse_integer('lines.document_type_text') }} as document_type,
        {{ parse_integer('lines.printed_at_seconds_text') }} as printed_at_seconds,
        {{ parse_amount('lines.total_text', decimal='.') }} as stated_amount
    from lines
    left join days on lines.business_date_text = days.day_text
    left join days as referenced_days on lines.referenced_date_text = referenced_days.day_text
    {{ evaluate_once() }}

),

-- Without a time of day the document has its day alone. A return that names the day of its sale is
-- taxed as on that day.
documents as (

    select
        file_id,
        line_number,
        document_key,
        store_folder,
        document_number,
        document_type,
        case
            when printed_at_seconds between 0 and 86399
                then cast(business_date + printed_at_seconds * interval '1 second' as text)
            else cast(business_date as text)
        end as sold_at_text,
        stated_amount,
        business_date,
        case
            when stated_amount < 0 and referenced_date < business_date then referenced_date
        end as taxed_on
    from parsed_lines

),

{{ table_history(
    'documents',
    key=['document_key'],
    values=[
        'store_folder', 'document_number', 'document_type', 'sold_at_text', 'stated_amount', 'business_date',
        'taxed_on',
    ],
    carried=['line_number']
) }}
