{#
    Incremental by branch and month; a touched month also changes the month after it and the same month of
    the year after.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'sales_month'],
        meta={'touched_by': 'reported_branch_month'},
        on_schema_change='fail',
        indexes=[{'columns': ['sales_month', 'branch_key']}],
    )
}}
{%- set touched = touched('reported_branch_month') %}

{% if is_incremental() -%}
with reported_months as (

    {{ touched }}

),

-- The reported months, the months before them and the same months of the year before.
needed_months as (

    {%- for months in [0, -1, -12] %}
    select
        branch_key,
        cast({{ dbt.dateadd('month', months, 'sales_month') }} as date) as sales_month
    from reported_months
    {{ 'union' if not loop.last }}
    {%- endfor %}

),

months as (

    select
        product_months.*,
        product_months.net_amount as net_sales
    from {{ ref('int_product_months__sold') }} as product_months
    inner join needed_months
        on
            product_months.branch_key = needed_months.branch_key
            and product_months.sales_month = needed_months.sales_month

),
{%- else -%}
with months as (

    select
        *,
        net_amount as net_sales
    from {{ ref('int_product_months__sold') }}

),
{%- endif %}

ranked as (

    {{ ranked_product_months('months', 'branch_key') }}

),

compared as (

    {{ compared_product_months(
        'ranked',
        within='branch_key',
        columns=[
            'product_key',
            'branch_key',
            'source_system',
            'product_name',
            'branch_name',
            'currency_code',
        ],
        share='branch_sales_percent',
    ) }}

),

final as (

    select compared.*
    from compared
    {% if is_incremental() -%}
    inner join reported_months
        on
            compared.branch_key = reported_months.branch_key
            and compared.sales_month = reported_months.sales_month
    {%- endif %}

)

select * from final
