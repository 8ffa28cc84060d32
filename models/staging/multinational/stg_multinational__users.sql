with source as (

    select * from {{ source('multinational', 'multinational_users') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'multinational' as source_system,
        lower({{ identifier('user_uuid') }}) as customer_id,
        {{ cleaned('first_name', keep=['Null']) }} as first_name,
        {{ cleaned('last_name', keep=['Null']) }} as last_name,
        {{ cleaned('date_of_birth') }} as born_on_text,
        {{ cleaned('company') }} as company_name,
        {{ cleaned('email_address') }} as email_text,
        {{ cleaned('address') }} as address_text,
        {{ cleaned('country') }} as country_name,
        {{ cleaned('country_code', keep=['NA']) }} as country_code_text,
        {{ identifier('phone_number') }} as phone_text,
        {{ cleaned('join_date') }} as joined_on_text,
        _loaded_at as loaded_at
    from source

),

judged as (

    select
        *,
        {{ line_noise([
            'first_name', 'last_name', 'born_on_text', 'company_name', 'email_text',
            'address_text', 'country_name', 'country_code_text', 'phone_text',
            'joined_on_text', 'upper(customer_id)',
        ]) }} as noise
    from renamed

)

select * from judged
