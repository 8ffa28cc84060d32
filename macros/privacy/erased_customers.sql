{#
    The second half of an erasure (`branchline privacy erase`, docs/privacy-erasure.md): changes what dbt has built as
    raw was changed, without building anything. The loader has noted what to change:

    raw.ingest_erasing         old and new customer keys (with the old and new number, and the new name where the name
                               identifies the customer), card tokens (without a source), and tokens of IP addresses
                               (with a source, and without a number)
    raw.ingest_erasing_lines   the rows of raw that were changed; `is_of_customer`: not only their card

    In every stored model and snapshot, keys and tokens get their new values, and so do the keys that are made of them.
    Other columns with `meta.contains_pii` become null, in rows that are found by customer key, by card token, by number
    (snapshots), or by file and line. A model is found by the names of its columns, so a new one needs nothing but its
    tags.

        dbt run-operation erase_customers --args '{days: {my_source: 1095}}'

    `days`: versions in snapshots that ended so many days ago lose their personal columns, too. Tables that read them
    have to be built again: the same transaction voids the last build, so that the next run builds all of them. Prints
    the number of changed rows by table, as JSON. Idempotent.
#}
{% macro erase_customers(days={}) %}
    {% do refuse_owner() %}
    {% set stored = stored_columns() %}
    {% set has_addresses = run_query(
        "select exists (select from raw.ingest_erasing where source_system is not null and new_id is null)"
    ).rows[0][0] %}
    {% set updates, former, visitors = [], [], [] %}
    {% for node in graph.nodes.values() | sort(attribute='unique_id') %}
        {% if
            node.resource_type == 'snapshot'
            or (node.resource_type == 'model' and node.config.materialized in ['table', 'incremental'])
        %}
            {% set columns = stored.get(node.schema ~ '.' ~ node.alias) %}
            {% if columns %}
                {% set table = api.Relation.create(
                    database=node.database, schema=node.schema, identifier=node.alias
                ) %}
                {% set name = table.schema ~ '.' ~ table.identifier %}
                {% for update in updates_of_erased(table, node, columns) %}
                    {% do updates.append([name, update]) %}
                {% endfor %}
                {% if node.resource_type == 'snapshot' %}
                    {% for update in updates_of_former_versions(table, node, columns, days) %}
                        {% do former.append([name, update]) %}
                    {% endfor %}
                {% endif %}
                {% if has_addresses and 'source_system' in columns %}
                    {% do visitors.extend(keys_of_visitors(table, columns)) %}
                    {% for update in updates_of_addresses(table, columns) %}
                        {% do updates.append([name, update]) %}
                    {% endfor %}
                {% endif %}
            {% endif %}
        {% endif %}
    {% endfor %}
    {% if 'marts.rejected_rows' in stored and 'marts.dim_customers' in stored %}
        {% do updates.extend(updates_of_rejected_rows() + updates_of_latest_cards()) %}
    {% endif %}
    {% set statements = [
        'create temporary table erased_counts (table_name text, row_count bigint, is_former boolean)',
        'create temporary table erased_visitors (old_key text primary key, new_key text not null)',
    ] + visitors + ['analyze pg_temp.erased_visitors'] %}
    {% for name, update in updates %}
        {% do statements.append(counted_update(name, update, false)) %}
    {% endfor %}
    {% for name, update in former %}
        {% do statements.append(counted_update(name, update, true)) %}
    {% endfor %}
    {% do statements.append(voided_builds()) %}
    {% do run_query('begin; ' ~ statements | join(';\n') ~ '; commit;') %}
    {% set counts = {} %}
    {% for row in run_query(
        "select table_name, sum(row_count) from pg_temp.erased_counts group by 1 having sum(row_count) > 0 order by 1"
    ).rows %}
        {% do counts.update({row[0]: row[1] | int}) %}
    {% endfor %}
    {% do print(tojson(counts)) %}
{% endmacro %}


{% macro counted_update(name, update, is_former) -%}
    {{ return(
        "with changed as (" ~ update ~ " returning 1)"
        ~ " insert into pg_temp.erased_counts select '" ~ name ~ "', count(*), " ~ is_former | string | lower
        ~ " from changed"
    ) }}
{%- endmacro %}


{# Voids the last build if a former version was changed; `branchline run` notes its builds. #}
{% macro voided_builds() -%}
    {%- set builds = operations_table('builds') -%}
    {%- if adapter.get_relation(builds.database, builds.schema, builds.identifier) is none -%}
        {{ return('select 1') }}
    {%- endif -%}
    {{ return(
        "update " ~ builds ~ " set project_fingerprint = 'before an erasure'"
        ~ " where exists (select from pg_temp.erased_counts where is_former and row_count > 0)"
    ) }}
{%- endmacro %}


{# Names of the columns of each table in production's schemas, by schema and name. #}
{% macro stored_columns() %}
    {% set stored = {} %}
    {% for row in run_query(
        "select nspname || '.' || relname, attname from pg_attribute"
        ~ " inner join pg_class on attrelid = pg_class.oid"
        ~ " inner join pg_namespace on relnamespace = pg_namespace.oid"
        ~ " where relkind in ('r', 'p') and attnum > 0 and not attisdropped"
        ~ " and nspname in ('intermediate', 'marts', 'snapshots') order by 1, attnum"
    ).rows %}
        {% do stored.setdefault(row[0], []).append(row[1]) %}
    {% endfor %}
    {{ return(stored) }}
{% endmacro %}


{# The updates of one table, each without its `returning`. #}
{% macro updates_of_erased(table, node, columns) %}
    {% set personal = personal_columns(node, columns) %}
    {% set updates = [] %}
    {% if 'customer_key' in columns %}
        {% do updates.append(renamed_customers(table, key_columns(node, columns), personal)) %}
    {% elif 'customer_id' in columns and 'source_system' in columns %}
        {% do updates.append(renamed_numbers(table, personal, 'dbt_scd_id' in columns)) %}
    {% endif %}
    {% if 'card_token' in columns %}
        {% do updates.append(renamed_cards(table, columns, personal)) %}
    {% endif %}
    {% if personal and 'file_id' in columns and 'line_number' in columns %}
        {% do updates.extend(erased_lines(table, columns, personal)) %}
    {% endif %}
    {{ return(updates) }}
{% endmacro %}


{# Columns that get another customer's key. #}
{% macro key_columns(node, columns) %}
    {% set keys = [] %}
    {% for name in columns %}
        {% set meta = column_meta(node.columns.get(name, {})) %}
        {% if name == 'customer_key' or (meta.get('masked_by') == 'token' and name != 'card_token') %}
            {% do keys.append(name) %}
        {% endif %}
    {% endfor %}
    {{ return(keys) }}
{% endmacro %}


{# Columns that become null, or what stands for it. #}
{% macro personal_columns(node, columns) %}
    {% set keys = key_columns(node, columns) %}
    {% set personal = [] %}
    {% for name in columns if name not in keys and name != 'card_token' %}
        {% if column_meta(node.columns.get(name, {})).get('contains_pii') %}
            {% do personal.append(name) %}
        {% endif %}
    {% endfor %}
    {{ return(personal) }}
{% endmacro %}


{# The updates of a snapshot's former versions. #}
{% macro updates_of_former_versions(table, node, columns, days) %}
    {% set personal = personal_columns(node, columns) | reject('equalto', node.config.unique_key) | list %}
    {% set updates = [] %}
    {% if personal and 'source_system' in columns %}
        {% for source_system, number in days.items() %}
            {% do updates.append(former_versions(table, source_system, number, personal)) %}
        {% endfor %}
    {% endif %}
    {{ return(updates) }}
{% endmacro %}


{# Whether a table has what the keys of visitors are made of. #}
{% macro makes_visitors(columns) -%}
    {{ return('visitor_key' in columns and 'ip_token' in columns and 'agent' in columns) }}
{%- endmacro %}


{# A statement that notes former and new keys of visitors whose address gets another token, before any table changes. #}
{% macro keys_of_visitors(table, columns) -%}
    {%- if not makes_visitors(columns) -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return([
        'insert into pg_temp.erased_visitors select distinct stored.visitor_key, '
        ~ visitor_key('erasing.new_value', 'stored.agent', 'stored.source_system')
        ~ ' from ' ~ table ~ ' as stored inner join raw.ingest_erasing as erasing on ' ~ has_erased_address()
        ~ ' on conflict do nothing'
    ]) }}
{%- endmacro %}


{# The updates of a table with addresses or visitors: tokens, and the keys that are made of them. #}
{% macro updates_of_addresses(table, columns) -%}
    {%- set updates, changes = [], [] -%}
    {%- if 'visitor_key' in columns and not makes_visitors(columns) -%}
        {%- do changes.append('visitor_key = visitors.new_key') -%}
        {%- if 'session_key' in columns and 'began_at' in columns -%}
            {%- do changes.append('session_key = ' ~ session_key('visitors.new_key', 'stored.began_at')) -%}
        {%- endif -%}
        {%- do updates.append(
            'update ' ~ table ~ ' as stored set ' ~ changes | join(', ')
            ~ ' from pg_temp.erased_visitors as visitors where stored.visitor_key = visitors.old_key'
        ) -%}
    {%- endif -%}
    {%- if 'ip_token' in columns -%}
        {%- set changes = ['ip_token = erasing.new_value'] -%}
        {%- if makes_visitors(columns) -%}
            {%- do changes.append(
                'visitor_key = ' ~ visitor_key('erasing.new_value', 'stored.agent', 'stored.source_system')
            ) -%}
        {%- endif -%}
        {%- do updates.append(
            'update ' ~ table ~ ' as stored set ' ~ changes | join(', ')
            ~ ' from raw.ingest_erasing as erasing where ' ~ has_erased_address()
        ) -%}
    {%- endif -%}
    {{ return(updates) }}
{%- endmacro %}


{% macro has_erased_address() -%}
    {{ return(
        'erasing.new_id is null and stored.source_system = erasing.source_system'
        ~ ' and stored.ip_token = erasing.old_value'
    ) }}
{%- endmacro %}


{# What a personal column becomes in a row whose customer is `erasing`. #}
{% macro erased_value(name) -%}
    {%- if name == 'customer_id' -%}
        case when stored.customer_id is not null then erasing.new_id end
    {%- elif name in ['customer_name', 'last_customer_name'] -%}
        case when stored.{{ name }} is not null then erasing.new_name end
    {%- else -%}
        {{ erased_alone(name) }}
    {%- endif -%}
{%- endmacro %}


{# The same without a customer. A sale by card stays one: its last digits are masked. #}
{% macro erased_alone(name) -%}
    {%- if name in ['card_last4', 'last_card_last4'] -%}
        case when stored.{{ name }} is not null then '####' end
    {%- else -%}
        null
    {%- endif -%}
{%- endmacro %}


{% macro renamed_customers(table, keys, personal) -%}
    {%- set changes = [] -%}
    {%- for name in keys -%}
        {%- do changes.append(
            name ~ ' = ' ~ (
                'erasing.new_value' if name == 'customer_key'
                else 'case when stored.' ~ name ~ ' = erasing.old_value then erasing.new_value else stored.' ~ name ~ ' end'
            )
        ) -%}
    {%- endfor -%}
    {%- for name in personal -%}
        {%- do changes.append(adapter.quote(name) ~ ' = ' ~ erased_value(name)) -%}
    {%- endfor -%}
    {{ return(
        'update ' ~ table ~ ' as stored set ' ~ changes | join(', ')
        ~ ' from raw.ingest_erasing as erasing'
        ~ ' where erasing.source_system is not null and stored.customer_key = erasing.old_value'
    ) }}
{%- endmacro %}


{# A version in a snapshot has a key made of the number. #}
{% macro renamed_numbers(table, personal, has_version_key) -%}
    {%- set changes = ['customer_id = erasing.new_id'] -%}
    {%- for name in personal | reject('equalto', 'customer_id') -%}
        {%- do changes.append(adapter.quote(name) ~ ' = ' ~ erased_value(name)) -%}
    {%- endfor -%}
    {%- if has_version_key -%}
        {%- do changes.append(
            'dbt_scd_id = ' ~ snapshot_hash_arguments(['erasing.new_id', 'stored.dbt_updated_at'])
        ) -%}
    {%- endif -%}
    {{ return(
        'update ' ~ table ~ ' as stored set ' ~ changes | join(', ')
        ~ ' from raw.ingest_erasing as erasing'
        ~ ' where stored.source_system = erasing.source_system and stored.customer_id = erasing.old_id'
    ) }}
{%- endmacro %}


{# In a table of cards, all that is personal is about the card. #}
{% macro renamed_cards(table, columns, personal) -%}
    {%- set changes = ['card_token = erasing.new_value'] -%}
    {%- for name in personal if name == 'card_last4' or 'customer_key' not in columns -%}
        {%- do changes.append(adapter.quote(name) ~ ' = ' ~ erased_alone(name)) -%}
    {%- endfor -%}
    {{ return(
        'update ' ~ table ~ ' as stored set ' ~ changes | join(', ')
        ~ ' from raw.ingest_erasing as erasing'
        ~ ' where erasing.source_system is null and stored.card_token = erasing.old_value'
    ) }}
{%- endmacro %}


{#
    Lines: last digits of cards that the model has no token of, and rows that name no customer, or none by which they
    were found.
#}
{% macro erased_lines(table, columns, personal) -%}
    {%- set updates = [] -%}
    {%- set lines = 'update ' ~ table ~ ' as stored set {changes} from raw.ingest_erasing_lines as lines'
        ~ ' where stored.file_id = lines.file_id and stored.line_number = lines.line_number' -%}
    {%- if 'card_last4' in personal -%}
        {%- do updates.append(
            lines.replace('{changes}', 'card_last4 = ' ~ erased_alone('card_last4'))
            ~ " and stored.card_last4 <> '####'"
        ) -%}
    {%- endif -%}
    {%- set changes, not_null = [], [] -%}
    {%- for name in personal if name != 'card_last4' -%}
        {%- do changes.append(adapter.quote(name) ~ ' = null') -%}
        {%- do not_null.append('stored.' ~ adapter.quote(name) ~ ' is not null') -%}
    {%- endfor -%}
    {%- if changes -%}
        {%- set is_renamed = ' and not exists (select from raw.ingest_erasing as erasing'
            ~ ' where stored.customer_key = erasing.new_value)' if 'customer_key' in columns else '' -%}
        {%- do updates.append(
            lines.replace('{changes}', changes | join(', '))
            ~ ' and lines.is_of_customer and (' ~ not_null | join(' or ') ~ ')' ~ is_renamed
        ) -%}
    {%- endif -%}
    {{ return(updates) }}
{%- endmacro %}


{% macro former_versions(table, source_system, days, personal) -%}
    {%- set changes, not_null = [], [] -%}
    {%- for name in personal -%}
        {%- do changes.append(adapter.quote(name) ~ ' = null') -%}
        {%- do not_null.append('stored.' ~ adapter.quote(name) ~ ' is not null') -%}
    {%- endfor -%}
    {{ return(
        'update ' ~ table ~ ' as stored set ' ~ changes | join(', ')
        ~ " where stored.source_system = '" ~ source_system ~ "'"
        ~ " and stored.dbt_valid_to < (current_timestamp at time zone 'UTC') - " ~ days | int ~ " * interval '1 day'"
        ~ ' and (' ~ not_null | join(' or ') ~ ')'
    ) }}
{%- endmacro %}


{# Files with changed rows, as a list: PostgreSQL pushes it down through views. #}
{% macro files_with_erased_lines() -%}
    {{ return(run_query(
        "select distinct file_id from raw.ingest_erasing_lines order by 1"
    ).columns[0].values() | join(', ') or '0') }}
{%- endmacro %}


{#
    Rejected rows show lines as they were read. Malformed lines become what raw has now. Lines of lists are judged
    again: a value that could not be read is erased, and with it the reason. Other rows show nothing personal.
#}
{% macro updates_of_rejected_rows() -%}
    {%- set rows -%}
        select
            files.feed,
            files.path,
            lines.line_number,
            rejects.line as rejected_line,
            rejects.reason as rejected_because,
            judged.reject_reasons,
            judged.refused_text,
            judged.file_id is not null as is_judged
        from raw.ingest_erasing_lines as lines
        inner join raw.ingest_files as files on lines.file_id = files.file_id
        left join raw.ingest_rejects as rejects
            on lines.file_id = rejects._file_id and lines.line_number = rejects._line_number
        left join (
            select * from {{ built('int_list_lines__refused') }}
            where file_id in ({{ files_with_erased_lines() }})
        ) as judged
            on lines.file_id = judged.file_id and lines.line_number = judged.line_number
        where files.status = 'loaded'
    {%- endset -%}
    {%- set is_row = 'stored.feed = erased.feed and stored.file_path = erased.path'
        ~ ' and stored.line_number = erased.line_number' -%}
    {{ return([
        [
            'marts.rejected_rows',
            'update ' ~ built('rejected_rows') ~ ' as stored set'
            ~ ' line_text = coalesce(erased.rejected_line, erased.refused_text),'
            ~ ' reject_reasons = coalesce('
            ~ 'erased.reject_reasons, erased.rejected_because, stored.reject_reasons)'
            ~ ' from (' ~ rows ~ ') as erased where ' ~ is_row
            ~ ' and (erased.is_judged or erased.rejected_line is not null)',
        ],
        [
            'marts.rejected_rows',
            'delete from ' ~ built('rejected_rows') ~ ' as stored using (' ~ rows ~ ') as erased where ' ~ is_row
            ~ " and stored.refused_at_step = 'field' and not erased.is_judged",
        ],
    ]) }}
{%- endmacro %}


{# Last digits of the latest card of customers who are not erased, and have used the card of one who is. #}
{% macro updates_of_latest_cards() -%}
    {{ return([
        [
            'intermediate.int_customers__summed_up',
            'update ' ~ built('int_customers__summed_up') ~ " as stored set last_card_last4 = '####'"
            ~ ' from ' ~ built('int_transactions__unioned') ~ ' as receipts'
            ~ ' inner join raw.ingest_erasing_lines as lines'
            ~ ' on receipts.file_id = lines.file_id and receipts.line_number = lines.line_number'
            ~ ' where receipts.file_id in (' ~ files_with_erased_lines() ~ ')'
            ~ " and receipts.card_last4 = '####' and stored.last_transaction_id = receipts.transaction_id"
            ~ " and stored.last_card_last4 <> '####'",
        ],
        [
            'marts.dim_customers',
            'update ' ~ built('dim_customers') ~ " as stored set card_last4 = '####'"
            ~ ' from ' ~ built('int_customers__summed_up') ~ ' as customers'
            ~ " where stored.customer_key = customers.customer_key and customers.last_card_last4 = '####'"
            ~ " and stored.card_last4 <> '####'",
        ],
    ]) }}
{%- endmacro %}


{#
    Stops dbt while an erasure has changed raw and not yet what was built: a snapshot would take pseudonyms for new
    customers.
#}
{% macro refuse_unfinished_erasure() %}
    {% if adapter.get_relation(target.database, 'raw', 'ingest_erasures') is not none %}
        {% if run_query(
            "select exists (select from raw.ingest_erasures where finished_at is null)"
        ).rows[0][0] %}
            {{ exceptions.raise_compiler_error(
                "An erasure was interrupted. `branchline run` finishes it, then builds."
            ) }}
        {% endif %}
    {% endif %}
{% endmacro %}
