{#
    'online' or 'store', from the channel that a source states. 'online': one of the words of the variable
    `online_channels`. 'store': everything else, and a source that states none.
#}
{% macro sales_channel(stated='channel') -%}
    case
        when lower({{ stated }}) in ('{{ var("online_channels") | join("', '") }}') then 'online'
        else 'store'
    end
{%- endmacro %}
