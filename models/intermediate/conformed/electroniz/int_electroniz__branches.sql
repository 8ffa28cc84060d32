{#
    The source names no store: a branch is a channel and a currency, so that the amounts of a branch can be added up.
    The list of the company has them with their currencies, and the name says which of them are the web shop.
#}
with branches as (

    select
        source_system,
        branch_name,
        row_number() over (order by branch_name) as line_number,
        case when branch_name like 'Web shop %' then 'online' else 'store' end as channel
    from {{ ref('branches') }}
    where
        source_system = 'electroniz'
        and (branch_name like 'Stores %' or branch_name like 'Web shop %')

)

{{ conform(
    'branches',
    from='branches',
    expressions={'file_id': '0', 'change_id': '0', 'is_current': 'true'},
    lacks=['region', 'opening_date'],
    adds=['channel']
) }}
