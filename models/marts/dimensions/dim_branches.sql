with reference_branches as (

    select * from {{ ref('branches') }}

),

branch_weekdays as (

    select * from {{ ref('int_branch_weekdays__sold') }}

),

trading as (

    select
        source_system,
        branch_name,
        min(first_business_date) as first_business_date,
        max(last_business_date) as last_business_date
    from branch_weekdays
    group by source_system, branch_name

),

-- A branch that sells before anyone has listed it is inferred under the name that its files give.
final as (

    select
        {{ dbt_utils.generate_surrogate_key([
            'coalesce(reference_branches.source_system, trading.source_system)',
            'coalesce(reference_branches.branch_name, trading.branch_name)',
        ]) }} as branch_key,
        coalesce(reference_branches.source_system, trading.source_system) as source_system,
        coalesce(reference_branches.branch_name, trading.branch_name) as branch_name,
        reference_branches.country_code,
        reference_branches.region,
        coalesce(reference_branches.currency_code, '{{ var("company_currency") }}')
            as currency_code,
        coalesce(reference_branches.time_zone, '{{ var("company_time_zone") }}') as time_zone,
        reference_branches.branch_name is null as is_inferred,
        reference_branches.opening_date,
        trading.first_business_date,
        trading.last_business_date
    from reference_branches
    full outer join trading
        on
            reference_branches.source_system = trading.source_system
            and reference_branches.branch_name = trading.branch_name

)

select * from final
