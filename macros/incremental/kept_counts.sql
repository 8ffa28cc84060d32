{#
    Kept counts: tables that count the rows of a model, such as customers by value (docs/decisions/0028). They are not
    counted again every night: the model that replaces rows (`replace_touched`, with `meta.counted_in`) adds the
    difference to them, in the same transaction. Their own incremental run adds nothing; their full refresh counts
    everything. Their `unique_key` says what is counted; a row with 0 `customers` is deleted.
#}

{#
    Which of the tables in `meta.counted_in` are in step: built with their current code and reference data, at the
    mark of this model. The others are counted anew when they are built.
#}
{% macro kept_counts() -%}
    {%- set kept = [] -%}
    {%- for name in config.get('meta').counted_in or [] -%}
        {%- set is_in_step = run_query(
            "select 1 from " ~ operations_table('high_water_marks') ~ " as counts"
            ~ " inner join " ~ operations_table('high_water_marks') ~ " as counted"
            ~ " on counts.file_id = counted.file_id"
            ~ " and counts.reference_fingerprint = counted.reference_fingerprint"
            ~ " where counts.model = '" ~ name ~ "' and counted.model = '" ~ this.identifier ~ "'"
            ~ " and counts.code_fingerprint = '"
            ~ code_fingerprint('model.branchline.' ~ name) ~ "'"
        ).rows -%}
        {%- if is_in_step -%}
            {%- do kept.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(kept) }}
{%- endmacro %}


{#
    Statements that delete the touched rows of this model, and add the difference to new ones (`fresh`) to the kept
    counts. Rows `changed` have a `weight`: 1 where they are new, -1 where they were.
#}
{% macro replace_and_count(target, fresh, columns, is_touched_row) -%}
    {%- set kept = kept_counts() -%}
    {%- for name in config.get('meta').counted_in if name not in kept %}
    delete from {{ operations_table('high_water_marks') }} where model = '{{ name }}';
    {%- endfor %}
    with replaced as (
        delete from {{ target }}
        where {{ is_touched_row }}
        returning {{ columns }}
    ),

    changed as (
        select {{ columns }}, 1 as weight from {{ fresh }}
        union all
        select {{ columns }}, -1 as weight from replaced
    )
    {%- for name in kept %}
    {%- set node = graph.nodes['model.branchline.' ~ name] %}
    {%- set keys = node.config.unique_key %}
    {%- set counts = node.columns.keys() | reject('in', keys) | list %},

    {{ name }} as (
        insert into {{ built(name) }} as counts ({{ (keys + counts) | join(', ') }})
        select {{ (keys + counts) | join(', ') }}
        from ({{ changes_of(name, this.identifier, 'changed') }}) as changes
        where {% for count in counts %}{{ 'or ' if not loop.first }}{{ count }} <> 0 {% endfor %}
        on conflict ({{ keys | join(', ') }}) do update set
            {% for count in counts -%}
            {{ count }} = counts.{{ count }} + excluded.{{ count }}{{ ', ' if not loop.last }}
            {%- endfor %}
    )
    {%- endfor %}

    select count(*) from replaced;
    {%- for name in kept %}
    delete from {{ built(name) }} where customers = 0;
    -- Somebody has changed a row without dbt: everything is counted anew.
    delete from {{ operations_table('high_water_marks') }}
    where model = '{{ name }}' and exists (select 1 from {{ built(name) }} where customers < 0);
    {%- endfor %}
{%- endmacro %}


{# A query of the difference that `changed` rows of a model make to kept counts. #}
{% macro changes_of(counts, model_name, changed) -%}
    {%- if counts == 'int_customers__counted' -%}
        {{ customers_by_value(changed) }}
    {%- elif counts == 'int_cohort_months__sold' and model_name == 'int_customer_months__sold' -%}
        {{ customers_by_cohort(changed, built('int_customers__valued')) }}
    {%- elif counts == 'int_cohort_months__sold' and model_name == 'int_customers__valued' -%}
        {{ customers_by_cohort(ref('int_customer_months__sold'), moved_between_cohorts(changed)) }}
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "Nothing says how " ~ model_name ~ " changes the counts of " ~ counts
            ~ " (macros/incremental/kept_counts.sql)."
        ) }}
    {%- endif -%}
{%- endmacro %}
