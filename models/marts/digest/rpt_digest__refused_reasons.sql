{{ config(materialized='view') }}

-- Lines of a list that count without one of their values are not rejected.
with refused_rows as (

    select * from {{ ref('rejected_rows') }}
    where refused_at_step <> 'field'

),

reasons as (

    select
        case when refused_at_step = 'split' then 'no record' else reject_reasons end
            as reject_reasons
    from refused_rows

),

counted as (

    select
        reject_reasons,
        count(*) as refused_rows
    from reasons
    group by reject_reasons

),

final as (

    select
        cast(
            row_number() over (order by refused_rows desc, reject_reasons asc) as integer
        ) as position,
        reject_reasons,
        cast(refused_rows as bigint) as refused_rows
    from counted

)

select * from final
