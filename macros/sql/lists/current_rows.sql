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


{#
    Whether the same `key` stands again further down in the same version of a master: then the line does not
    count. A version at a time, so that the question can be asked of a few of them.
#}
{% macro stands_again_below(key, master=none) -%}
    {%- set of_master = master ~ '.' if master else '' -%}
    {{ key }} is not null
    and row_number() over (
        partition by {{ of_master }}file_id, {{ key }}
        order by {{ of_master }}line_number desc
    ) > 1
{%- endmacro %}
