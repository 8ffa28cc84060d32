{#
    What carriers report about shipments, in the words of the contract.

    A carrier's event has a code and a text. The codes of DHL and UPS say what happened. Those of Purolator are coarse:
    `Undeliverable` may be a delay, a redirection or a return, and `Other` also a label that was made, so that its texts
    are read first. An event of a carrier, or with a code, that is not listed here has no status, and is rejected.
#}

{# The statuses of an event, in the order of a shipment's way. #}
{% macro shipment_statuses() -%}
    {{ return([
        'label_created', 'picked_up', 'in_transit', 'exception', 'out_for_delivery', 'delivered', 'returned'
    ]) }}
{%- endmacro %}


{# By carrier and status: codes of the carrier's events, in lower case. #}
{% macro carrier_codes() -%}
    {{ return({
        'dhl': {
            'label_created': ['pre-transit'],
            'picked_up': ['pu'],
            'in_transit': ['transit', 'pl', 'df', 'af', 'ar', 'it', 'tr', 'cc', 'cr'],
            'exception': [
                'failure', 'oh', 'hp', 'nh', 'ba', 'ca', 'rd', 'cm', 'cd', 'dm', 'dp', 'ds', 'ir', 'md', 'ss', 'st',
                'td', 'ud',
            ],
            'out_for_delivery': ['wc'],
            'delivered': ['delivered', 'ok'],
            'returned': ['rt'],
        },
        'purolator': {
            'picked_up': ['proofofpickup'],
            'in_transit': ['other'],
            'exception': ['undeliverable'],
            'out_for_delivery': ['ondelivery'],
            'delivered': ['delivery'],
        },
        'ups': {
            'label_created': ['m', 'mp'],
            'picked_up': ['p'],
            'in_transit': ['i'],
            'exception': ['x'],
            'out_for_delivery': ['o', 'ot'],
            'delivered': ['d'],
            'returned': ['rs'],
        },
    }) }}
{%- endmacro %}


{# By carrier and status: patterns of texts that say more than the code, in lower case; the first that fits. #}
{% macro carrier_texts() -%}
    {{ return({
        'purolator': {
            'returned': 'returned to (the )?(sender|shipper)',
            'label_created': '^(shipper created a label|shipment created|label information|new tracking number)',
            'in_transit': '^(arrived at|departed|shipment in transit|transferring to)|redirected',
        },
    }) }}
{%- endmacro %}


{#
    The status of an event: the text, if it is a status itself (`Out for Delivery`), else by the carrier's texts, else
    by its code; null where none of them is known. Arguments are SQL expressions.
#}
{% macro shipment_event_status(carrier, code, text) -%}
    {%- if linted('shipment_event_status', text) -%}
        {{ return(linted('shipment_event_status', text)) }}
    {%- endif -%}
    {{ return(one_token(adapter.dispatch('shipment_event_status', 'branchline')(carrier, code, text))) }}
{%- endmacro %}

{% macro postgres__shipment_event_status(carrier, code, text) -%}
    {%- set statuses = {} -%}
    {%- for carrier_name, codes_by_status in branchline.carrier_codes().items() -%}
        {%- for status, codes in codes_by_status.items() -%}
            {%- for known_code in codes -%}
                {%- do statuses.update({carrier_name ~ '/' ~ known_code: status}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    case
        {#- As it is written, which is cheaper to compare. #}
        when {{ text }} in ('{{ branchline.shipment_statuses() | join("', '") }}') then {{ text }}
        when regexp_replace(lower({{ text }}), '[ _-]+', '_', 'g')
            in ('{{ branchline.shipment_statuses() | join("', '") }}')
            then regexp_replace(lower({{ text }}), '[ _-]+', '_', 'g')
        {%- for carrier_name, patterns in branchline.carrier_texts().items() %}
        {%- for status, pattern in patterns.items() %}
        when lower({{ carrier }}) = '{{ carrier_name }}' and lower({{ text }}) ~ '{{ pattern }}' then '{{ status }}'
        {%- endfor %}
        {%- endfor %}
        else cast('{{ tojson(statuses) }}' as jsonb) ->> (lower({{ carrier }}) || '/' || lower({{ code }}))
    end
{%- endmacro %}


{#
    A name for each spelling of a carrier: UPS and `ups` are one. Others are as the source writes them.
#}
{% macro carrier_name(text) -%}
    case lower({{ text }})
        when 'dhl' then 'DHL'
        when 'dhl express' then 'DHL'
        when 'ups' then 'UPS'
        when 'united parcel service' then 'UPS'
        when 'purolator' then 'Purolator'
        else {{ text }}
    end
{%- endmacro %}


{#
    Names of places that hold stock, for the models of a source: `normalized_place_name` and the `branch_name` that
    counts, by seeds/stock_places.csv and seeds/branches.csv. Names that neither has are names of their own.
#}
{% macro stock_place_names(source_system) -%}
    select
        names.normalized_place_name,
        min(names.branch_name) as branch_name
    from (
        select
            {{ normalize_branch_name('places.place_name') }} as normalized_place_name,
            places.branch_name
        from {{ ref('stock_places') }} as places
        where places.source_system = '{{ source_system }}'
        union
        select
            {{ normalize_branch_name('places.branch_name') }} as normalized_place_name,
            places.branch_name
        from {{ ref('stock_places') }} as places
        where places.source_system = '{{ source_system }}'
        union
        select
            {{ normalize_branch_name('branches.branch_name') }} as normalized_place_name,
            branches.branch_name
        from {{ ref('branches') }} as branches
        where branches.source_system = '{{ source_system }}'
    ) as names
    group by names.normalized_place_name
{%- endmacro %}


{#
    The keys of a shipment and of an event. A carrier may use the number of another carrier, and reports an event again
    with other blanks or another place: one status at one moment is one event.
#}
{% macro shipment_key(shipment_number='shipment_number', carrier='carrier', source_system='source_system') -%}
    {{ dbt_utils.generate_surrogate_key([source_system, carrier, shipment_number]) }}
{%- endmacro %}


{% macro shipment_event_key(shipment_key='shipment_key', status='event_status', event_at='event_at') -%}
    {{ dbt_utils.generate_surrogate_key([
        shipment_key, status, 'floor(extract(epoch from ' ~ event_at ~ '))'
    ]) }}
{%- endmacro %}


{#
    The day on which something happened, on the clock of its place: the date in a text that ends with an offset from
    UTC. A text without one, and one in UTC (`Z`), does not say.
#}
{% macro stated_day(text, moment) -%}
    {{ return(adapter.dispatch('stated_day', 'branchline')(text, moment)) }}
{%- endmacro %}

{% macro postgres__stated_day(text, moment) -%}
    case
        when
            {{ moment }} is not null
            and {{ text }} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].*[+-][0-9]{2}(:?[0-9]{2})?$'
            then cast(left({{ text }}, 10) as date)
    end
{%- endmacro %}
