with users as (

    select * from {{ ref('stg_multinational__users') }}
    where noise is null

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

versions as (

    {{ list_versions('users', 'files', 'customer_id') }}

),

located as (

    select
        *,
        {{ country_code('country_code_text') }} as country_code
    from versions
    {{ evaluate_once() }}

),

telephoned as (

    select
        located.*,
        phones.number as phone_number,
        phones.extension as phone_extension
    from located
    cross join lateral {{ phone_number('located.phone_text', 'located.country_code', 'phones') }}

)

{{ conform(
    'customers',
    from='telephoned',
    expressions={
        'customer_key': customer_key("'number'", 'customer_id'),
        'full_name': "nullif(concat_ws(' ', first_name, last_name), '')",
        'address': "regexp_replace(address_text, '\\s*[\\n\\r]+\\s*', ', ', 'g')",
        'joined_on': parse_date('joined_on_text'),
        'date_of_birth': parse_date('born_on_text'),
        'email_address': email_address('email_text'),
        'changed_at': "loaded_at at time zone 'UTC'",
    },
    lacks=['postal_code'],
    adds=['company_name', 'country_code', 'phone_extension']
) }}
