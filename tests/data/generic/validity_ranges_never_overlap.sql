{# No two rows of a key are valid on the same day. #}
{% test validity_ranges_never_overlap(model, key) %}
    select *
    from (
        select
            {{ key }},
            valid_from,
            valid_to,
            lead(valid_from) over (partition by {{ key }} order by valid_from, valid_to) as next_valid_from
        from {{ model }}
    ) as ordered
    where next_valid_from < valid_to
{% endtest %}
