-- Capitals, spacing and hyphens do not tell two branches apart: the list may hold each name once.
select
    source_system,
    {{ normalize_branch_name('branch_name') }} as normalized_branch_name,
    count(*) as spellings
from {{ ref('branches') }}
group by source_system, {{ normalize_branch_name('branch_name') }}
having count(*) > 1
