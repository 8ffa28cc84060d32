{% macro surrogate_key_cases() %}
select
    case_name,
    {{ dbt_utils.generate_surrogate_key(['text_value']) }} as key_of_one,
    {{ dbt_utils.generate_surrogate_key(['text_value', 'number_value']) }} as key_of_two,
    {{ dbt_utils.generate_surrogate_key(
        ['text_value', 'number_value', 'money_value', 'date_value', 'truth_value']
    ) }} as key_of_types
from (
    select
        'all filled' as case_name,
        cast('a' as text) as text_value,
        cast(7 as integer) as number_value,
        cast(12.5 as numeric(18, 2)) as money_value,
        cast('2024-02-29' as date) as date_value,
        true as truth_value
    union all
    select 'second null', 'a', null, null, null, null
    union all
    select 'first null', null, 7, 0.00, cast('1999-12-31' as date), false
    union all
    select 'first empty', '', 7, 0.00, cast('1999-12-31' as date), false
    union all
    select 'all null', null, null, null, null, null
    union all
    select 'not ascii', 'Café - £3', -1, -0.05, cast('2000-01-01' as date), true
) as cases
{% endmacro %}
