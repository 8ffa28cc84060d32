{#
    A statement that makes the database's statistics of a table anew if the table has more than twice the size for which
    they were made. Otherwise the next model might read a table of a million rows as if it had ten.
#}
{% macro refresh_statistics(relation) -%}
    {{ return(adapter.dispatch('refresh_statistics', 'branchline')(relation)) }}
{%- endmacro %}

{% macro default__refresh_statistics(relation) -%}
{%- endmacro %}

{#
    A small table is left alone until it has 16 pages: it is read whole, whatever its statistics say. Pages are counted,
    not rows: the size of a file is known without reading it.
#}
{% macro postgres__refresh_statistics(relation) -%}
    do $grown$
    begin
        if (
            select
                pg_relation_size(oid)
                > 2 * greatest(relpages, 8) * cast(current_setting('block_size') as bigint)
            from pg_class
            where oid = cast('{{ relation }}' as regclass)
        ) then
            analyze {{ relation }};
        end if;
    end
    $grown$;
{%- endmacro %}
