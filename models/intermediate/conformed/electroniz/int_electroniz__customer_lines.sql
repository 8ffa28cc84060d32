{#
    Incremental so that a line of the list of customers is parsed once: a run brings few of them, and several models read
    them all. Which line of a customer counts is in int_electroniz__customers, because it may change later.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'electroniz_store_customers'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['customer_key']},
        ],
    )
}}

with lines as (

    {{ touched_lines(ref('stg_electroniz__store_customers')) }}

),

located_lines as (

    select
        *,
        {{ country_named('country_text') }} as country_code,
        {{ parse_moment('changed_at_text', "'UTC'") }} as updated_at
    from lines
    where customer_id is not null
    {{ evaluate_once() }}

),

-- A customer is a number: two may have one e-mail address.
final as (

    select
        lines.file_id,
        lines.line_number,
        lines.source_system,
        {{ customer_key("'number'", 'lines.customer_id', 'lines.source_system') }} as customer_key,
        lines.customer_id,
        lines.full_name,
        nullif(concat_ws(', ', lines.street_address, lines.city), '') as address,
        lines.postal_code,
        phones.number as phone_number,
        phones.extension as phone_extension,
        {{ email_address('lines.email_text') }} as email_address,
        lines.country_code,
        lines.updated_at,
        lines.loaded_at
    from located_lines as lines
    cross join lateral {{ phone_number('lines.phone_text', 'lines.country_code', 'phones') }}

)

select * from final
