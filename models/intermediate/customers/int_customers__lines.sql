{# Plain selects, so that PostgreSQL pushes filters down to the indexes of each source's tables. #}
select
    source_system,
    file_id,
    line_number,
    customer_key,
    customer_id
from {{ ref('int_transactions__unioned') }}
where customer_identified_by <> 'unknown'
union all
select
    source_system,
    file_id,
    line_number,
    customer_key,
    customer_id
from {{ ref('int_customers__listed_everywhere') }}
