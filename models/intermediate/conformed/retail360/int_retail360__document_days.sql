{#
    A list of stock has no date: it is of the latest business day that the store's documents had when it came. A
    document dated after its delivery is a typing error, and moves nothing.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='file_id',
        meta={'feed': 'retail360_documents'},
        on_schema_change='fail',
    )
}}

with lines as (

    {{ touched_lines(ref('stg_retail360__documents')) }}

),

dated_lines as (

    select
        file_id,
        file_branch,
        loaded_at,
        {{ parse_date('business_date_text') }} as business_date
    from lines
    where document_type_text = '1'
    {{ evaluate_once() }}

),

stores as (

    {{ stores_of_files(ref('int_files__versioned'), 'retail360') }}

),

final as (

    select
        dated_lines.file_id,
        stores.branch_key,
        max(dated_lines.business_date) as latest_business_date
    from dated_lines
    inner join stores on coalesce(dated_lines.file_branch, '') = stores.store_folder
    where
        dated_lines.business_date
        between cast('{{ var("calendar_start") }}' as date)
        and cast('{{ var("calendar_end") }}' as date)
        and not {{ dated_after_delivery('dated_lines.business_date', 'dated_lines.loaded_at') }}
    group by dated_lines.file_id, stores.branch_key

)

select * from final
