with receipts as (

    select * from {{ ref('int_transactions__unioned') }}
    where customer_identified_by <> 'unknown'

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

listed_customers as (

    select * from {{ ref('int_customers__listed_everywhere') }}

),

customer_versions as (

    select * from {{ ref('int_customers__history') }}

),

-- A receipt without a readable date, or with one that was still to come, is as old as its file.
bought as (

    select
        receipts.source_system,
        receipts.customer_key,
        max(least(receipts.business_date, cast(files.loaded_at as date))) as seen_on
    from receipts
    inner join files on receipts.file_id = files.file_id
    group by receipts.source_system, receipts.customer_key

),

-- The first version says nothing of when the customer was seen: the list may be older.
changed_entries as (

    select
        source_system,
        customer_id,
        cast(max(dbt_valid_from) as date) as changed_on
    from customer_versions
    group by source_system, customer_id
    having min(dbt_valid_from) < max(dbt_valid_from)

),

listed as (

    select
        listed_customers.source_system,
        listed_customers.customer_key,
        coalesce(
            greatest(max(listed_customers.joined_on), max(changed_entries.changed_on)),
            cast(min(listed_customers.changed_at) as date)
        ) as seen_on
    from listed_customers
    left join changed_entries
        on
            listed_customers.source_system = changed_entries.source_system
            and listed_customers.customer_id = changed_entries.customer_id
    group by listed_customers.source_system, listed_customers.customer_key

),

seen as (

    select * from bought
    union all
    select * from listed

),

final as (

    select
        source_system,
        customer_key,
        max(seen_on) as last_seen_on
    from seen
    group by source_system, customer_key

)

select * from final
