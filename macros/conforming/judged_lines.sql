{#
    The lines of a list with the rules that each of them breaks (null where none), for a CTE of
    int_<source>__refused_list_lines, which has `union all` between the lists of the source.

    `lines`: a CTE of the lines of every version. `rules`: as in `named_reasons`. `shown`: the columns whose values are
    the text of a rejected line. `is_counted`: condition that a line that breaks a rule counts nevertheless, without
    the values that break it. `noise`: column with the reason why a line is not a row of the list, null for its rows;
    such a line breaks no other rule and does not count.
#}
{% macro judged_lines(lines, rules, shown, is_counted='false', noise=none) -%}
    {%- set reasons = named_reasons(rules) -%}
    select
        file_id,
        line_number,
        source_system,
        {{ 'coalesce(' ~ noise ~ ', ' ~ reasons ~ ')' if noise else reasons }} as reject_reasons,
        concat_ws(' | ', {{ shown | join(', ') }}) as refused_text,
        {{ '(' ~ is_counted ~ ') and ' ~ noise ~ ' is null' if noise else is_counted }} as is_counted
    from {{ lines }}
{%- endmacro %}
