{% for upper_bound in [1, 2, 3, 4, 5, 1024, 1025] %}
select
    'powers of two up to' as counted,
    '{{ upper_bound }}' as details,
    {{ dbt_utils.get_powers_of_two(upper_bound) }} as answer
union all
{% endfor %}
{% for upper_bound in [1, 2, 3, 8, 9, 1000] %}
select
    'numbers up to' as counted,
    '{{ upper_bound }}' as details,
    (
        select count(distinct generated_number)
        from ({{ dbt_utils.generate_series(upper_bound) }}) as numbers
        where generated_number between 1 and {{ upper_bound }}
    ) as answer
union all
{% endfor %}
{% for start_date, end_date, datepart in [
    ('2024-02-28', '2024-03-01', 'day'),
    ('2023-02-28', '2023-03-01', 'day'),
    ('2024-01-31', '2024-02-01', 'month'),
    ('2024-03-01', '2024-03-01', 'day'),
    ('2024-03-02', '2024-03-01', 'day'),
] %}
select
    'intervals' as counted,
    '{{ start_date }} {{ end_date }} {{ datepart }}' as details,
    {{ dbt_utils.get_intervals_between(
        "cast('" ~ start_date ~ "' as date)", "cast('" ~ end_date ~ "' as date)", datepart
    ) }} as answer
{% if not loop.last %}union all{% endif %}
{% endfor %}
