{#
    The contract of a source: the columns of its conformed models, by entity.

    A source lists its entities in `source_systems` (dbt_project.yml); each is a model int_<source>__<entity> that
    ends in `conform`. The models of all subjects read `every_source(entity)` and never name a source.

    `receipt_lines` is for sources with one line per sold product, with any number of lines per receipt: receipts.sql
    derives transactions and sale lines from them.

    `required`: columns that every source has. `optional`: columns that a source may lack, if it lists them in
    `lacks`. `additional`: columns that few sources have; a source that has some lists them in `adds`, and in all
    others they are null. A column that comes with a new source is additional, so that no other source changes.
    `kept`: names of additional columns that the snapshots of those sources keep. The others are maps from name to type,
    in the order of the union's columns.
#}
{% macro source_contracts() -%}
    {%- set version = {
        'source_system': 'text',
        'file_id': 'bigint',
        'line_number': 'bigint',
        'change_id': 'bigint',
        'is_current': 'boolean',
    } -%}
    {{ return({
        'transactions': {
            'required': dict(version, **{
                'transaction_id': 'text',
                'branch_key': 'text',
                'branch_name': 'text',
                'customer_key': 'text',
                'customer_identified_by': 'text',
                'payment_method': 'text',
                'currency_code': 'text',
                'reject_reasons': 'text',
                'refused_text': 'text',
                'quality_flags': 'text',
                'raw_rows': 'integer',
                'items_sold': 'bigint',
                'net_amount': 'numeric(18, 2)',
                'is_sale': 'boolean',
                'is_time_known': 'boolean',
                'business_date': 'date',
                'sold_at_local': 'timestamp',
                'sold_at': 'timestamp with time zone',
            }),
            'optional': {
                'receipt_number': 'text',
                'customer_id': 'text',
                'customer_name': 'text',
                'employee_key': 'text',
                'employee_id': 'text',
                'card_last4': 'text',
                'channel': 'text',
                'country': 'text',
                'counted_in_file_id': 'bigint',
            },
            'additional': {
                'card_token': 'text',
                'time_period': 'text',
                'order_key': 'text',
                'unstated_amount': 'numeric(18, 2)',
                'taxed_on': 'date',
            },
        },
        'sale_lines': {
            'required': dict(version, **{
                'transaction_id': 'text',
                'item_number': 'integer',
                'receipt_lines': 'integer',
                'branch_key': 'text',
                'branch_name': 'text',
                'customer_key': 'text',
                'product_key': 'text',
                'product_name': 'text',
                'currency_code': 'text',
                'quantity': 'integer',
                'unit_price': 'numeric(18, 4)',
                'net_amount': 'numeric(18, 2)',
                'is_return': 'boolean',
                'business_date': 'date',
                'sold_at_local': 'timestamp',
                'sold_at': 'timestamp with time zone',
            }),
            'optional': {
                'employee_key': 'text',
                'product_id': 'text',
            },
            'additional': {
                'channel': 'text',
                'time_period': 'text',
                'measured_quantity': 'numeric(18, 3)',
                'is_time_known': 'boolean',
                'taxed_on': 'date',
            },
        },
        'receipt_lines': {
            'required': dict(version, **{
                'logical_file': 'text',
                'record_key': 'text',
                'covers': 'text',
                'file_business_date': 'date',
                'branch_name': 'text',
                'product_name': 'text',
                'line_text': 'text',
                'quantity': 'integer',
                'unit_price': 'numeric(18, 4)',
                'net_amount': 'numeric(18, 2)',
                'money_text': 'text',
                'is_time_known': 'boolean',
                'sold_at_text': 'text',
                'loaded_at': 'timestamp with time zone',
            }),
            'optional': {
                'receipt_number': 'text',
                'product_id': 'text',
                'customer_id': 'text',
                'customer_name': 'text',
                'employee_id': 'text',
                'payment_method': 'text',
                'card_last4': 'text',
                'channel': 'text',
                'country': 'text',
                'currency_code': 'text',
                'reject_reasons': 'text',
                'quality_flags': 'text',
            },
            'additional': {
                'card_token': 'text',
                'time_period': 'text',
                'measured_quantity': 'numeric(18, 3)',
                'stated_receipt_amount': 'numeric(18, 2)',
                'receipt_line_number': 'integer',
                'taxed_on': 'date',
                'customer_email': 'text',
                'order_mode': 'text',
                'is_product_known': 'boolean',
                'changed_at': 'timestamp with time zone',
            },
        },
        'raw_claims': {
            'required': {
                'source_system': 'text',
                'file_id': 'bigint',
                'line_number': 'bigint',
                'claimed_amount': 'numeric(18, 2)',
            },
            'optional': {},
        },
        'product_names': {
            'required': {
                'source_system': 'text',
                'product_key': 'text',
                'base_name': 'text',
            },
            'optional': {
                'size': 'text',
                'flavour': 'text',
            },
        },
        'customers': {
            'required': dict(version, **{
                'customer_key': 'text',
                'customer_id': 'text',
                'full_name': 'text',
                'changed_at': 'timestamp',
            }),
            'optional': {
                'first_name': 'text',
                'last_name': 'text',
                'address': 'text',
                'postal_code': 'text',
                'phone_number': 'text',
                'joined_on': 'date',
            },
            'additional': {
                'date_of_birth': 'date',
                'email_address': 'text',
                'company_name': 'text',
                'country_code': 'text',
                'phone_extension': 'text',
            },
        },
        'branches': {
            'required': dict(version, **{
                'branch_name': 'text',
            }),
            'optional': {
                'region': 'text',
                'opening_date': 'date',
            },
            'additional': {
                'store_type': 'text',
                'locality': 'text',
                'country_code': 'text',
                'continent': 'text',
                'channel': 'text',
                'staff_count': 'integer',
                'latitude': 'numeric(9, 6)',
                'longitude': 'numeric(9, 6)',
            },
        },
        'products': {
            'required': dict(version, **{
                'product_key': 'text',
                'product_id': 'text',
                'product_name': 'text',
                'changed_at': 'timestamp',
            }),
            'optional': {
                'list_price': 'numeric(18, 4)',
                'former_list_price': 'numeric(18, 4)',
                'listed_on': 'date',
                'updated_on': 'date',
                'expires_on': 'date',
            },
            'additional': {
                'category': 'text',
                'ean': 'text',
                'unit_cost': 'numeric(18, 4)',
                'weight_kg': 'numeric(12, 4)',
                'is_available': 'boolean',
            },
            'kept': ['unit_cost'],
        },
        'employees': {
            'required': dict(version, **{
                'employee_key': 'text',
                'employee_id': 'text',
                'full_name': 'text',
                'changed_at': 'timestamp',
            }),
            'optional': {
                'first_name': 'text',
                'last_name': 'text',
                'manager_id': 'text',
                'is_manager': 'boolean',
                'address': 'text',
                'postal_code': 'text',
                'joined_on': 'date',
            },
        },
        'cards': {
            'required': dict(version, **{
                'card_token': 'text',
                'changed_at': 'timestamp',
            }),
            'optional': {
                'card_provider': 'text',
                'card_last4': 'text',
                'expiry_month': 'date',
                'confirmed_on': 'date',
            },
        },
        'payments': {
            'required': dict(version, **{
                'transaction_id': 'text',
                'branch_key': 'text',
                'branch_name': 'text',
                'payment_method': 'text',
                'currency_code': 'text',
                'payment_number': 'integer',
                'amount': 'numeric(18, 2)',
                'is_settlement': 'boolean',
                'business_date': 'date',
            }),
            'optional': {
                'receipt_number': 'text',
                'card_type': 'text',
                'instalments': 'integer',
            },
        },
        'punches': {
            'required': dict(version, **{
                'employee_key': 'text',
                'employee_id': 'text',
                'branch_key': 'text',
                'branch_name': 'text',
                'movement': 'text',
                'sequence_number': 'bigint',
                'is_manual': 'boolean',
                'business_date': 'date',
                'punched_at_local': 'timestamp',
                'punched_at': 'timestamp with time zone',
            }),
            'optional': {
                'changed_at': 'timestamp',
            },
        },
        'stock_levels': {
            'required': dict(version, **{
                'branch_key': 'text',
                'branch_name': 'text',
                'product_key': 'text',
                'product_id': 'text',
                'stock_quantity': 'numeric(18, 3)',
                'recorded_quantity': 'numeric(18, 3)',
                'counted_quantity': 'numeric(18, 3)',
                'business_date': 'date',
                'loaded_at': 'timestamp with time zone',
            }),
            'optional': {},
            'additional': {
                'covers_all_places': 'boolean',
            },
        },
        'refused_list_lines': {
            'required': {
                'source_system': 'text',
                'file_id': 'bigint',
                'line_number': 'bigint',
                'reject_reasons': 'text',
                'refused_text': 'text',
                'is_counted': 'boolean',
            },
            'optional': {},
        },
        'exchange_rates': {
            'required': dict(version, **{
                'from_currency_code': 'text',
                'to_currency_code': 'text',
                'rate': 'numeric(24, 10)',
                'is_date_stated': 'boolean',
                'rate_date': 'date',
            }),
            'optional': {},
        },
        'order_changes': {
            'required': dict(version, **{
                'order_key': 'text',
                'branch_key': 'text',
                'branch_name': 'text',
                'customer_key': 'text',
                'product_key': 'text',
                'channel': 'text',
                'order_number': 'text',
                'order_mode': 'text',
                'product_name': 'text',
                'currency_code': 'text',
                'quantity': 'integer',
                'unit_price': 'numeric(18, 4)',
                'net_amount': 'numeric(18, 2)',
                'is_latest': 'boolean',
                'is_product_known': 'boolean',
                'ordered_on': 'date',
                'changed_at': 'timestamp with time zone',
            }),
            'optional': {
                'product_id': 'text',
            },
        },
        'shipment_events': {
            'required': dict(version, **{
                'shipment_key': 'text',
                'order_key': 'text',
                'event_key': 'text',
                'shipment_number': 'text',
                'channel': 'text',
                'order_number': 'text',
                'carrier': 'text',
                'event_status': 'text',
                'event_at': 'timestamp with time zone',
            }),
            'optional': {
                'service': 'text',
                'lane': 'text',
                'origin': 'text',
                'destination_country': 'text',
                'event_code': 'text',
                'event_place': 'text',
                'currency_code': 'text',
                'shipping_cost': 'numeric(18, 2)',
                'promised_on': 'date',
                'event_on': 'date',
                'changed_at': 'timestamp with time zone',
            },
        },
        'page_requests': {
            'required': dict(version, **{
                'request_key': 'text',
                'visitor_key': 'text',
                'ip_token': 'text',
                'ip_network': 'text',
                'method': 'text',
                'path': 'text',
                'agent': 'text',
                'bot_kind': 'text',
                'status': 'integer',
                'is_bot': 'boolean',
                'requested_on': 'date',
                'requested_at': 'timestamp with time zone',
            }),
            'optional': {
                'product_key': 'text',
            },
        },
        'ip_ranges': {
            'required': dict(version, **{
                'country_code': 'text',
                'country_name': 'text',
                'ip_from': 'bigint',
                'ip_to': 'bigint',
            }),
            'optional': {},
        },
    }) }}
{%- endmacro %}


{# Name and type of an entity's columns: required, optional, additional. #}
{% macro conformed_columns(entity) -%}
    {%- set contracts = source_contracts() -%}
    {%- if entity not in contracts -%}
        {{ exceptions.raise_compiler_error(
            "There is no entity '" ~ entity ~ "' in the contract of a source. Entities: "
            ~ contracts | join(', ') ~ " (macros/conforming/contracts.sql)."
        ) }}
    {%- endif -%}
    {{ return(dict(
        contracts[entity].required,
        **dict(contracts[entity].optional, **additional_columns(entity))
    )) }}
{%- endmacro %}


{# Name and type of the columns that a source has only if it lists them in `adds`. #}
{% macro additional_columns(entity) -%}
    {{ return(source_contracts()[entity].get('additional', {})) }}
{%- endmacro %}


{#
    Entities that come with another one and are not listed: a source with transactions has sale lines and raw claims,
    too.
#}
{% macro entity_comes_with(entity) -%}
    {{ return({'sale_lines': 'transactions', 'raw_claims': 'transactions'}.get(entity, entity)) }}
{%- endmacro %}


{# Raises a compiler error where a source does not list entities of the contract. #}
{% macro check_entities(source_system, entities) -%}
    {%- set known = source_contracts() -%}
    {%- if entities is string or entities is not iterable -%}
        {{ exceptions.raise_compiler_error(
            "source_systems in dbt_project.yml: " ~ source_system ~ " needs a list of entities, such as"
            ~ " [transactions]."
        ) }}
    {%- endif -%}
    {%- for entity in entities if entity not in known -%}
        {{ exceptions.raise_compiler_error(
            "source_systems in dbt_project.yml: " ~ source_system ~ " lists '" ~ entity
            ~ "', and the contract of a source has no such entity. Entities: " ~ known | join(', ') ~ "."
        ) }}
    {%- endfor -%}
{%- endmacro %}


{# Names of the listed sources that have an entity, in the order of the list. #}
{% macro sources_with(entity) -%}
    {%- set names = [] -%}
    {%- for name, entities in var('source_systems').items() -%}
        {{- check_entities(name, entities) -}}
        {%- if entity_comes_with(entity) in entities -%}
            {%- do names.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
