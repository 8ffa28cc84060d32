{# Incremental by branch and business date: a night touches few of them. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        meta={'touched_by': 'branch_day'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('branch_day') %}

with receipts as (

    {% if is_incremental() -%}
    {{ look_up_branch_days(ref('fct_transactions'), touched) }}
    {%- else -%}
    select * from {{ ref('fct_transactions') }}
    {%- endif %}

),

taxed_branches as (

    select * from {{ ref('int_branches__taxed') }}

),

-- Name and currency are the branch's: few columns in `group by` halve the cost.
rates as (

    select
        branch_key,
        max(source_system) as source_system,
        max(branch_name) as branch_name,
        max(currency_code) as currency_code,
        vat_rate_percent,
        count(*) as transactions,
        {{ returns_of() }},
        sum(case when is_return then -vat_amount else 0.00 end) as returned_vat_amount,
        sum(gross_amount) as gross_amount,
        sum(vat_amount) as vat_amount,
        business_date
    from receipts
    group by business_date, branch_key, vat_rate_percent

),

final as (

    select
        rates.branch_key,
        rates.source_system,
        rates.branch_name,
        coalesce(
            taxed_branches.country_code,
            {{ default_country_code('rates.source_system') }},
            'unknown'
        ) as country_code,
        rates.currency_code,
        coalesce(cast(trim_scale(rates.vat_rate_percent) as text), 'unknown') as vat_rate_key,
        rates.vat_rate_percent,
        rates.transactions,
        rates.returns,
        cast(rates.gross_amount + rates.returned_amount as numeric(18, 2)) as sold_gross_amount,
        cast(rates.vat_amount + rates.returned_vat_amount as numeric(18, 2)) as sold_vat_amount,
        cast(rates.returned_amount as numeric(18, 2)) as returned_gross_amount,
        cast(
            case when rates.vat_rate_percent is not null then rates.returned_vat_amount end
            as numeric(18, 2)
        ) as returned_vat_amount,
        cast(rates.gross_amount as numeric(18, 2)) as gross_amount,
        cast(rates.vat_amount as numeric(18, 2)) as vat_amount,
        cast(rates.gross_amount - rates.vat_amount as numeric(18, 2)) as net_of_vat_amount,
        rates.business_date
    from rates
    left join taxed_branches on rates.branch_key = taxed_branches.branch_key

)

select * from final
