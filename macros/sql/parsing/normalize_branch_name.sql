{#
    A branch's name normalized for comparison between rows, seeds/branches.csv and file names: hyphens are spaces,
    because file names have either. `is_plain` as for normalize_name.
#}
{% macro normalize_branch_name(text, is_plain=false) -%}
    {{ normalize_name(hyphens_as_spaces(text), is_plain) }}
{%- endmacro %}


{#
    Joins the normalized name of each row's branch, as `normalized_branch_name`, to look it up in the list of
    branches. Worked out once per row: in the condition of a join the database may work it out for each pair
    of a row and a listed branch.
#}
{% macro normalized_branch_name(text) -%}
    cross join lateral (
        select {{ normalize_branch_name(text, is_plain=true) }} as normalized_branch_name
        {{ evaluate_once() }}
    )
{%- endmacro %}


{% macro hyphens_as_spaces(text) -%}
    translate(
        {{ text }},
        '-' || chr(8208) || chr(8209) || chr(8210) || chr(8211) || chr(8212) || chr(8213) || chr(8722),
        '        '
    )
{%- endmacro %}
