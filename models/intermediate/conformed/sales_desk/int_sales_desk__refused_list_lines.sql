{#
    Every version, not only the current one: which one is current depends on the reader's high-water mark. A line is
    judged within its own version, so that a version is judged once.
#}
with customers as (

    select
        *,
        {{ parse_date('joined_on_text') }} as joined_on,
        {{ stands_again_below('customer_id') }} as is_id_doubled
    from {{ ref('stg_sales_desk__customers') }}

),

stores as (

    select
        *,
        {{ parse_date('opened_on_text') }} as opened_on,
        {{ stands_again_below('store_id') }} as is_id_doubled
    from {{ ref('stg_sales_desk__stores') }}

),

products as (

    select
        *,
        {{ parse_amount('current_price_text', scale=4, three_decimals=true) }} as current_price,
        {{ parse_amount('old_price_text', scale=4, three_decimals=true) }} as old_price,
        {{ parse_date('created_on_text') }} as created_on,
        {{ parse_date('updated_on_text') }} as updated_on,
        {{ parse_date('expires_on_text') }} as expires_on,
        {{ stands_again_below('product_id') }} as is_id_doubled
    from {{ ref('stg_sales_desk__products') }}

),

-- A version of a table that is read by a cursor is one portion: the manager may be in another
-- portion.
whole_lists as (

    select file_id from {{ ref('stg_ingest__files') }}
    where file_path not like 'database/%/by-%'

),

listed_persons as (

    select distinct
        file_id,
        employee_id
    from {{ ref('stg_sales_desk__employees') }}

),

employees as (

    select
        employees.*,
        {{ parse_date('employees.joined_on_text') }} as joined_on,
        listed_persons.employee_id is null and whole_lists.file_id is not null
            as is_manager_unlisted,
        {{ stands_again_below('employees.employee_id', 'employees') }} as is_id_doubled
    from {{ ref('stg_sales_desk__employees') }} as employees
    left join listed_persons
        on
            employees.file_id = listed_persons.file_id
            and employees.manager_id = listed_persons.employee_id
    left join whole_lists on employees.file_id = whole_lists.file_id

),

judged as (

    {{ judged_lines(
        'customers',
        rules={
            'id_missing': "customer_id is null",
            'id_doubled': "is_id_doubled",
            'date_unreadable': "joined_on_text is not null and joined_on is null",
        },
        shown=['customer_id', 'first_name', 'last_name', 'joined_on_text'],
        is_counted="customer_id is not null and not is_id_doubled"
    ) }}
    union all
    {{ judged_lines(
        'stores',
        rules={
            'id_missing': "store_id is null",
            'id_doubled': "is_id_doubled",
            'date_unreadable': "opened_on_text is not null and opened_on is null",
        },
        shown=['store_id', 'address', 'opened_on_text'],
        is_counted="store_id is not null and not is_id_doubled"
    ) }}
    union all
    {{ judged_lines(
        'products',
        rules={
            'id_missing': "product_id is null",
            'id_doubled': "is_id_doubled",
            'name_missing': "product_name is null",
            'price_unreadable':
                "(current_price_text is not null and current_price is null)"
                ~ " or (old_price_text is not null and old_price is null)",
            'price_negative': "current_price < 0 or old_price < 0",
            'date_unreadable':
                "(created_on_text is not null and created_on is null)"
                ~ " or (updated_on_text is not null and updated_on is null)"
                ~ " or (expires_on_text is not null and expires_on is null)",
        },
        shown=[
            'product_id', 'product_name', 'current_price_text', 'old_price_text',
            'created_on_text', 'updated_on_text', 'expires_on_text'
        ],
        is_counted="product_id is not null and product_name is not null and not is_id_doubled"
    ) }}
    union all
    {{ judged_lines(
        'employees',
        rules={
            'id_missing': "employee_id is null",
            'id_doubled': "is_id_doubled",
            'date_unreadable': "joined_on_text is not null and joined_on is null",
            'manager_unknown':
                "(manager_id is not null and is_manager_unlisted) or manager_id = employee_id",
        },
        shown=['employee_id', 'first_name', 'last_name', 'manager_id', 'joined_on_text'],
        is_counted="employee_id is not null and not is_id_doubled"
    ) }}

)

{{ conform('refused_list_lines', from='judged') }}
where reject_reasons is not null
