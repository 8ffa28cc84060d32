{#
    Selects the `places` best and the `places` worst rows of a relation by one measure, with their rank among all
    rows, 1 the best: `position`. Each row occurs once, however few there are.

    `ties` are columns that together are unique: they order equal measures, so that the result is deterministic.
#}
{% macro best_and_worst(relation, measure, ties, places) -%}
    select
        ranked.*,
        ranked.from_best as position
    from (
        select
            *,
            row_number() over (
                order by {{ measure }} desc, {{ ties | join(' asc, ') }} asc
            ) as from_best,
            row_number() over (
                order by {{ measure }} asc, {{ ties | join(' desc, ') }} desc
            ) as from_worst
        from {{ relation }}
    ) as ranked
    where ranked.from_best <= {{ places }} or ranked.from_worst <= {{ places }}
{%- endmacro %}
