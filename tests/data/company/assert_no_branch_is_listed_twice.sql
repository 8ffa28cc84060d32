-- Branch names that differ in case, spacing or hyphens only are the same: the list may have each
-- name once.
select
    source_system,
    {{ normalize_branch_name('branch_name') }} as normalized_branch_name,
    count(*) as spellings
from {{ ref('branches') }}
group by source_system, {{ normalize_branch_name('branch_name') }}
having count(*) > 1
