with transactions as (

    select * from {{ ref('stg_branch_pos__transactions') }}

),

files as (

    select * from {{ ref('int_files__versioned') }}

),

branches as (

    select
        *,
        {{ normalize_branch_name('branch_name') }} as normalized_branch_name
    from {{ ref('branches') }}
    where source_system = 'branch_pos'
    {{ evaluate_once() }}

),

-- A line that does not name its branch was still rung up in the branch whose file it stands in.
named as (

    select
        transactions.*,
        files.superseded_by_file_id,
        files.logical_file,
        files.file_branch,
        files.covers,
        files.file_business_date,
        coalesce(
            transactions.branch_name, initcap(replace(files.file_branch, '_', ' '))
        ) as given_branch_name
    from transactions
    inner join files on transactions.file_id = files.file_id

),

-- The reference list knows a branch under any capitals and spacing. A branch it does not know is
-- taken exactly as written.
located as (

    select
        named.*,
        coalesce(branches.branch_name, named.given_branch_name) as known_branch_name,
        coalesce(
            branches.time_zone,
            {{ source_default('time_zone', var('company_time_zone'), 'named.source_system') }}
        ) as time_zone,
        coalesce(
            branches.currency_code,
            {{ source_default('currency_code', var('company_currency'), 'named.source_system') }}
        ) as currency_code
    from named
    {{ normalized_branch_name('named.given_branch_name') }} as names
    left join branches on names.normalized_branch_name = branches.normalized_branch_name

),

final as (

    select
        file_id,
        line_number,
        superseded_by_file_id,
        source_system,
        logical_file,
        file_branch,
        known_branch_name as branch_name,
        customer_name,
        sold_at_text,
        basket_text,
        total_text,
        payment_method,
        card_token,
        card_last4,
        card_unreadable,
        currency_code,
        time_zone,
        record_key,
        covers,
        loaded_at,
        {{ parse_amount('total_text') }} as total_amount,
        file_business_date
    from located

)

select * from final
