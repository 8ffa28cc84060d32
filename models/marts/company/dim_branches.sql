with reference_branches as (

    select * from {{ ref('branches') }}

),

listed_stores as (

    select * from {{ ref('int_sales_desk__stores_current') }}

),

product_months as (

    select * from {{ ref('int_product_months__sold') }}

),

trading as (

    select
        source_system,
        branch_name,
        min(first_sold_date) as first_business_date,
        max(last_sold_date) as last_business_date
    from product_months
    group by source_system, branch_name

),

-- What people keep in the list of branches goes before what the sales desk keeps of its stores.
known_branches as (

    select
        coalesce(reference_branches.source_system, listed_stores.source_system) as source_system,
        coalesce(reference_branches.branch_name, listed_stores.store_id) as branch_name,
        reference_branches.country_code,
        coalesce(reference_branches.region, listed_stores.address) as region,
        reference_branches.currency_code,
        reference_branches.time_zone,
        coalesce(reference_branches.opening_date, listed_stores.opened_on) as opening_date
    from reference_branches
    full outer join listed_stores
        on
            reference_branches.source_system = listed_stores.source_system
            and reference_branches.branch_name = listed_stores.store_id

),

-- A branch that sells before anyone has listed it is inferred under the name that its files give.
final as (

    select
        {{ dbt_utils.generate_surrogate_key([
            'coalesce(known_branches.source_system, trading.source_system)',
            'coalesce(known_branches.branch_name, trading.branch_name)',
        ]) }} as branch_key,
        coalesce(known_branches.source_system, trading.source_system) as source_system,
        coalesce(known_branches.branch_name, trading.branch_name) as branch_name,
        known_branches.country_code,
        known_branches.region,
        coalesce(known_branches.currency_code, '{{ var("company_currency") }}') as currency_code,
        coalesce(known_branches.time_zone, '{{ var("company_time_zone") }}') as time_zone,
        known_branches.branch_name is null as is_inferred,
        known_branches.opening_date,
        trading.first_business_date,
        trading.last_business_date
    from known_branches
    full outer join trading
        on
            known_branches.source_system = trading.source_system
            and known_branches.branch_name = trading.branch_name

)

select * from final
