{% for datepart, start_date, end_date in [
    ('day', '2024-02-27', '2024-03-02'),
    ('day', '2023-02-27', '2023-03-02'),
    ('day', '2024-12-31', '2025-01-01'),
    ('day', '2000-01-01', '2050-01-01'),
    ('week', '2024-02-19', '2024-03-11'),
    ('month', '2024-01-31', '2024-04-30'),
    ('month', '2023-12-01', '2024-02-01'),
    ('year', '2024-02-29', '2027-01-01'),
] %}
select
    '{{ datepart }} {{ start_date }} {{ end_date }}' as spine,
    date_{{ datepart }} as period
from (
    {{ dbt_utils.date_spine(
        datepart, "cast('" ~ start_date ~ "' as date)", "cast('" ~ end_date ~ "' as date)"
    ) }}
) as periods
{% if not loop.last %}union all{% endif %}
{% endfor %}
