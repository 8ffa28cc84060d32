{#
    The rows of a master as it is now: those of the versions that count, and of several with the same
    `key` the one that stands last. For a CTE; `master` and `files` are CTEs or relations.
#}
{% macro current_rows(master, files, key) -%}
    select numbered.*
    from (
        select
            {{ master }}.*,
            row_number() over (
                partition by {{ master }}.{{ key }}
                order by {{ master }}.file_id desc, {{ master }}.line_number desc
            ) as version_number
        from {{ master }}
        inner join {{ files }} on {{ master }}.file_id = {{ files }}.file_id
        where {{ files }}.is_current and {{ master }}.{{ key }} is not null
    ) as numbered
    where numbered.version_number = 1
{%- endmacro %}
