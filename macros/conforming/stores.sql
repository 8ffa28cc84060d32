{#
    The stores of a source whose files lie in a folder per store: the select of a CTE with a row per branch of the
    ledger, for the source's models, whose lines do not name their store.

        store_folder    coalesce(file_branch, ''): what lines of files are joined by
        branch_name     as seeds/branches.csv spells it (capitals, spaces, hyphens and underscores are alike), else as
                        the ledger does; files without a folder are of the store that `source_defaults` names
        branch_key, country_code, time_zone, currency_code

    `files`: a relation of the ledger's versions, with feed and file_branch. Feeds begin with the source's name.
#}
{% macro stores_of_files(files, source_system) -%}
    {%- if not var('source_defaults').get(source_system, {}).get('branch_name') -%}
        {{ exceptions.raise_compiler_error(
            "source_defaults in dbt_project.yml: give " ~ source_system ~ " a branch_name, the store of files without"
            ~ " a folder."
        ) }}
    {%- endif -%}
    select
        named.source_system,
        named.store_folder,
        named.branch_name,
        {{ branch_key('named.branch_name', 'named.source_system') }} as branch_key,
        named.country_code,
        named.time_zone,
        named.currency_code
    from (
        select
            folders.source_system,
            folders.store_folder,
            coalesce(listed.branch_name, folders.branch_name) as branch_name,
            coalesce(
                listed.country_code, {{ source_default('country_code', none, 'folders.source_system') }}
            ) as country_code,
            coalesce(
                listed.time_zone,
                {{ source_default('time_zone', var('company_time_zone'), 'folders.source_system') }}
            ) as time_zone,
            coalesce(
                listed.currency_code,
                {{ source_default('currency_code', var('company_currency'), 'folders.source_system') }}
            ) as currency_code
        from (
            select distinct
                '{{ source_system }}' as source_system,
                coalesce(files.file_branch, '') as store_folder,
                coalesce(
                    files.file_branch, '{{ var("source_defaults")[source_system].branch_name }}'
                ) as branch_name
            from {{ files }} as files
            where left(files.feed, {{ source_system | length + 1 }}) = '{{ source_system }}_'
        ) as folders
        {{ normalized_branch_name('folders.branch_name') }} as names
        left join (
            select
                branches.*,
                {{ normalize_branch_name('branches.branch_name') }} as normalized_branch_name
            from {{ ref('branches') }} as branches
        ) as listed
            on
                folders.source_system = listed.source_system
                and names.normalized_branch_name = listed.normalized_branch_name
    ) as named
{%- endmacro %}
