-- Branch names that differ in case, spacing or hyphens only are the same: a branch has one target
-- for a month.
select
    source_system,
    {{ normalize_branch_name('branch_name') }} as normalized_branch_name,
    sales_month,
    count(*) as spellings
from {{ ref('sales_targets') }}
group by source_system, {{ normalize_branch_name('branch_name') }}, sales_month
having count(*) > 1
