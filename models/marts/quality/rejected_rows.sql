{#
    Incremental because history grows: the rows of a touched file are replaced. Reads up to the high-water mark of the
    models: files loaded since wait for the next run.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['feed', 'file_path'],
        meta={'touched_by': 'path'},
        on_schema_change='fail',
        indexes=[{'columns': ['feed', 'md5(file_path)']}],
    )
}}
{%- set touched = touched_files() ~ ', ' ~ recounted_files() %}
{%- set mark = mark_of_inputs() %}

with transactions as (

    select * from {{ ref('int_transactions__unioned') }}
    where reject_reasons is not null
    {% if is_incremental() -%}
    and file_id in ({{ touched }})
    {%- endif %}

),

rejects as (

    select * from {{ ref('stg_ingest__rejects') }}
    {% if is_incremental() -%}
    where file_id in ({{ touched }})
    {%- endif %}

),

files as (

    select * from {{ ref('int_files__versioned') }}
    where {{ counts_as_of(mark) }}

),

list_lines as (

    select * from {{ ref('int_list_lines__refused') }}
    {% if is_incremental() -%}
    where file_id in ({{ touched }})
    {%- else -%}
    where {{ is_one_of('file_id', 'select files.file_id from files') }}
    {%- endif %}

),

-- Lines that did not split into the columns of their feed.
unsplit_lines as (

    select
        rejects.file_id,
        rejects.line_number,
        'split' as refused_at_step,
        rejects.reason as reject_reasons,
        rejects.line_text,
        cast(null as bigint) as counted_in_file_id,
        cast(null as numeric(18, 2)) as claimed_amount
    from rejects

),

-- Lines that split, but break a rule.
rows_breaking_rules as (

    select
        file_id,
        line_number,
        'check' as refused_at_step,
        reject_reasons,
        refused_text as line_text,
        counted_in_file_id,
        net_amount as claimed_amount
    from transactions
    where is_current

),

-- `files` has the current version of each list.
list_lines_breaking_rules as (

    select
        file_id,
        line_number,
        case when is_counted then 'field' else 'check' end as refused_at_step,
        reject_reasons,
        refused_text as line_text,
        cast(null as bigint) as counted_in_file_id,
        cast(null as numeric(18, 2)) as claimed_amount
    from list_lines

),

rejected as (

    select * from unsplit_lines
    union all
    select * from rows_breaking_rules
    union all
    select * from list_lines_breaking_rules

),

final as (

    select
        {{ dbt_utils.generate_surrogate_key([
            'files.feed', 'files.logical_file', 'rejected.line_number'
        ]) }} as rejected_row_key,
        files.feed,
        files.file_path,
        files.file_branch,
        rejected.refused_at_step,
        rejected.reject_reasons,
        rejected.line_text,
        counted_in_files.file_path as counted_in_file_path,
        rejected.line_number,
        rejected.claimed_amount,
        files.file_business_date
    from rejected
    inner join files on rejected.file_id = files.file_id
    left join files as counted_in_files
        on rejected.counted_in_file_id = counted_in_files.file_id

)

select * from final
