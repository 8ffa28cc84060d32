{#
    Rules for requests to a web site, of whatever source (docs/traffic.md). What a source's model stores by them is
    built again where a variable changes.
#}

{#
    A query of the agents in a relation of requests, each once, with `agent_kind`: `monitor` or `crawler` by a word in
    it, `program` where it is not a browser's; null for a person's. Joined to the requests: there are far fewer agents,
    and a search for thirty words in each request would take longer than everything else.
#}
{% macro kinds_of_agents(requests) -%}
    {%- if linted('kinds_of_agents', requests) -%}
        {{ return('select agent, agent as agent_kind from ' ~ requests) }}
    {%- endif -%}
    {{ return(one_token(adapter.dispatch('kinds_of_agents', 'branchline')(requests))) }}
{%- endmacro %}

{% macro postgres__kinds_of_agents(requests) -%}
    {%- set browsers = [] -%}
    {%- for beginning in var('web_browser_agents') -%}
        {%- do browsers.append(beginning ~ '%') -%}
    {%- endfor -%}
    {#- Names of people's devices that contain a word of bots. -#}
    {%- set searched = {'text': 'lower(agent)'} -%}
    {%- for name in var('web_person_agents') -%}
        {%- do searched.update({'text': "replace(" ~ searched.text ~ ", '" ~ name ~ "', '')"}) -%}
    {%- endfor -%}
    select
        agent,
        case
            {%- for kind, words in var('web_bot_agents').items() %}
            {%- set patterns = [] -%}
            {%- for word in words -%}
                {%- do patterns.append('%' ~ word ~ '%') -%}
            {%- endfor %}
            when {{ searched.text }} like any ({{ branchline.text_array(patterns) }}) then '{{ kind }}'
            {%- endfor %}
            when not lower(agent) like any ({{ branchline.text_array(browsers) }}) then 'program'
        end as agent_kind
    from (
        select distinct agent from {{ requests }}
        where agent is not null
    ) as agents
    {{ evaluate_once() }}
{%- endmacro %}


{#
    Why a request was not made by a person, or null: `unreadable` (no method and path), `no_agent`, `probe` (a path that
    only monitoring asks for), or the `agent_kind`.
#}
{% macro bot_kind(method='method', path='path', agent='agent', agent_kind='agent_kind') -%}
    case
        when {{ method }} is null then 'unreadable'
        when {{ agent }} is null then 'no_agent'
        when lower({{ path }}) in ('{{ var("web_probe_paths") | join("', '") }}') then 'probe'
        else {{ agent_kind }}
    end
{%- endmacro %}


{# Condition: a person saw the page of a product. An answer that it has not changed (304) counts. #}
{% macro is_product_view() -%}
    not is_bot
    and method = 'GET'
    and product_key is not null
    and (status between 200 and 299 or status = 304)
{%- endmacro %}
