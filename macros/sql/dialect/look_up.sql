{#
    The rows of a relation (`found`) that match a row of a query with few rows (`wanted`). Looked up row by row
    through an index: with a union of joins, or a range of days, PostgreSQL would otherwise scan the whole relation.
#}
{% macro look_up(relation, wanted, condition) -%}
    {{ return(adapter.dispatch('look_up', 'branchline')(relation, wanted, condition)) }}
{%- endmacro %}

{% macro default__look_up(relation, wanted, condition) -%}
    select found.*
    from {{ relation }} as found
    inner join ({{ wanted }}) as wanted on {{ condition }}
{%- endmacro %}

{% macro postgres__look_up(relation, wanted, condition) -%}
    select looked_up.*
    from ({{ wanted }}) as wanted
    cross join lateral (
        select *
        from {{ relation }} as found
        where {{ condition }}
        -- Without it, PostgreSQL plans a join.
        offset 0
    ) as looked_up
{%- endmacro %}

{# The same for branch days. #}
{% macro look_up_branch_days(relation, branch_days) -%}
    {{ look_up(
        relation,
        branch_days,
        'found.branch_key = wanted.branch_key and found.business_date = wanted.business_date'
    ) }}
{%- endmacro %}
