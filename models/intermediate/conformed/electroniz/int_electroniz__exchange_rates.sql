{#
    Every version, not only the latest: a file that is replaced by newer rates held the rates of its own time. Only a
    version that was withdrawn does not count.
#}
with rates as (

    select
        *,
        {{ currency_code('from_currency_text') }} as from_currency_code,
        {{ currency_code('to_currency_text') }} as to_currency_code,
        {{ parse_rate('rate_text') }} as rate,
        {{ parse_moment('stated_at_text', "'UTC'") }} as stated_at
    from {{ ref('stg_electroniz__exchange_rates') }}
    {{ evaluate_once() }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

-- A file that has been withdrawn is followed by an empty version.
withdrawals as (

    select file_id from {{ ref('stg_ingest__files') }}
    where row_count = 0

),

versions as (

    select
        rates.*,
        coalesce(withdrawals.file_id, rates.file_id) as change_id,
        withdrawals.file_id is null
        and row_number() over (
            partition by rates.file_id, rates.from_currency_code, rates.to_currency_code
            order by rates.line_number desc
        ) = 1 as is_current,
        coalesce(files.file_modified_at, rates.loaded_at) as taken_at
    from rates
    inner join files on rates.file_id = files.file_id
    left join withdrawals on files.superseded_by_file_id = withdrawals.file_id
    where
        rates.rate > 0
        and rates.from_currency_code is not null
        and rates.to_currency_code is not null

)

{{ conform(
    'exchange_rates',
    from='versions',
    expressions={
        'is_date_stated': 'stated_at is not null',
        'rate_date': "coalesce(stated_at, taken_at at time zone 'UTC')",
    }
) }}
