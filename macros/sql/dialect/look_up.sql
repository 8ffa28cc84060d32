{#
    The rows of a relation (`found`) that belong to a row of a query of few rows (`wanted`). One row of the
    query after the other, so that an index finds them: across a union of joins, or where a range of days is
    wanted, PostgreSQL would read the whole of the relation to join it.
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
        -- Without it, this is a join again.
        offset 0
    ) as looked_up
{%- endmacro %}

{# The same of branch days. #}
{% macro look_up_branch_days(relation, branch_days) -%}
    {{ look_up(
        relation,
        branch_days,
        'found.branch_key = wanted.branch_key and found.business_date = wanted.business_date'
    ) }}
{%- endmacro %}
