with vat_rates as (

    select * from {{ ref('vat_rates') }}

),

ordered as (

    select
        *,
        lag(vat_rate_percent) over by_date as former_rate_percent,
        lead(valid_from) over by_date as next_valid_from
    from vat_rates
    window by_date as (partition by country_code order by valid_from)

),

final as (

    select
        country_code,
        vat_rate_percent,
        former_rate_percent <> vat_rate_percent as is_changed,
        valid_from,
        coalesce(
            next_valid_from,
            cast({{ dbt.dateadd('day', 1, "cast('" ~ var('calendar_end') ~ "' as date)") }} as date)
        ) as valid_to
    from ordered

)

select * from final
