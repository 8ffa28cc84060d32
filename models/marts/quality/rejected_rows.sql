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
{%- set touched = touched_files() ~ ', ' ~ files_counted_anew() %}
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
broken_lines as (

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

-- Lines that split, but make no sense.
senseless_rows as (

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
senseless_list_lines as (

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

refused as (

    select * from broken_lines
    union all
    select * from senseless_rows
    union all
    select * from senseless_list_lines

),

final as (

    select
        {{ dbt_utils.generate_surrogate_key([
            'files.feed', 'files.logical_file', 'refused.line_number'
        ]) }} as rejected_row_key,
        files.feed,
        files.file_path,
        files.file_branch,
        refused.refused_at_step,
        refused.reject_reasons,
        refused.line_text,
        counted_in_files.file_path as counted_in_file_path,
        refused.line_number,
        refused.claimed_amount,
        files.file_business_date
    from refused
    inner join files on refused.file_id = files.file_id
    left join files as counted_in_files
        on refused.counted_in_file_id = counted_in_files.file_id

)

select * from final
