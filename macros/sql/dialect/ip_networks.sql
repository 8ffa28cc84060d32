{# The first address of an IPv4 network (192.0.2.0/24) as a number from 0 to 4294967295; null for another network. #}
{% macro first_ip_number(network) -%}
    {{ return(adapter.dispatch('first_ip_number', 'branchline')(network)) }}
{%- endmacro %}

{% macro postgres__first_ip_number(network) -%}
    case
        when {{ network }} like '%.%'
            then cast(split_part({{ network }}, '/', 1) as inet) - cast('0.0.0.0' as inet)
    end
{%- endmacro %}


{#
    Condition: nobody on the internet has the addresses of a network: private, shared by a provider's customers, local,
    for measurements, multicast, or reserved (RFC 6890).
#}
{% macro is_private_network(network) -%}
    {{ return(
        linted('is_private_network', network)
        or adapter.dispatch('is_private_network', 'branchline')(network)
    ) }}
{%- endmacro %}

{% macro postgres__is_private_network(network) -%}
    cast({{ network }} as inet) <<= any (cast('{{ "{" ~ [
        '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12',
        '192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3', '::/48', 'fc00::/7', 'fe80::/10',
        'ff00::/8',
    ] | join(",") ~ "}" }}' as inet[]))
{%- endmacro %}


{# The number of an IPv4 address, from 0 to 4294967295, of a text with only digits; null for any other text. #}
{% macro ip_number(text) -%}
    case
        when {{ text }} ~ '^[0-9]{1,10}$' and cast({{ text }} as bigint) <= 4294967295
            then cast({{ text }} as bigint)
    end
{%- endmacro %}
