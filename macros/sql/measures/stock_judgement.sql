{#
    How a stock level is judged by the units sold in the `stock_velocity_days` days that end with the last day of sales
    (docs/stock.md). Compared without divisions, so that a level at a limit is judged exactly. `stock_quantity` and
    `sold_quantity` are numeric and not null.
#}

{# How fast the product sells. #}
{% macro velocity_class(stock_quantity, sold_quantity) -%}
    {%- set days = var('stock_velocity_days') -%}
    case
        when {{ stock_quantity }} <= 0 then 'OUT_OF_STOCK'
        when {{ sold_quantity }} <= 0 then 'NO_RECENT_SALES'
        when {{ sold_quantity }} >= {{ var('stock_fast_units_per_day') }} * {{ days }} then 'FAST'
        when {{ sold_quantity }} >= {{ var('stock_steady_units_per_day') }} * {{ days }} then 'STEADY'
        else 'SLOW'
    end
{%- endmacro %}


{# Whether the stock is enough, by its cover: the days that it lasts. The first that fits. #}
{% macro stock_status(stock_quantity, sold_quantity) -%}
    {%- set days = var('stock_velocity_days') -%}
    case
        when {{ stock_quantity }} <= 0 then 'OUT_OF_STOCK'
        when {{ sold_quantity }} <= 0 then 'DEAD_STOCK'
        when {{ days }} * {{ stock_quantity }} < {{ var('stock_min_cover_days') }} * {{ sold_quantity }}
            then 'STOCKOUT_RISK'
        when {{ days }} * {{ stock_quantity }} > {{ var('stock_max_cover_days') }} * {{ sold_quantity }}
            then 'OVERSTOCK'
        else 'HEALTHY'
    end
{%- endmacro %}


{# What each status asks for, in the order of its priority: (status, action). #}
{% macro stock_actions() -%}
    {{ return([
        ('OUT_OF_STOCK', 'REORDER_AT_ONCE'),
        ('STOCKOUT_RISK', 'REORDER_SOON'),
        ('DEAD_STOCK', 'MARKDOWN'),
        ('OVERSTOCK', 'BUY_LESS'),
        ('HEALTHY', 'NONE'),
    ]) }}
{%- endmacro %}


{# The recommended action of a status. #}
{% macro stock_action(status) -%}
    case {{ status }}
        {%- for name, action in stock_actions() %}
        when '{{ name }}' then '{{ action }}'
        {%- endfor %}
    end
{%- endmacro %}


{# Its priority: 1 is the most urgent. #}
{% macro stock_priority(status) -%}
    case {{ status }}
        {%- for name, action in stock_actions() %}
        when '{{ name }}' then {{ loop.index }}
        {%- endfor %}
    end
{%- endmacro %}


{#
    Why, with the figures. The days of cover are rounded towards the status, so that a text never says "7.0 days, fewer
    than 7".
#}
{% macro stock_reason(status, stock_quantity, sold_quantity) -%}
    {%- set days = var('stock_velocity_days') -%}
    {%- set cover = days ~ ' * ' ~ stock_quantity ~ ' / nullif(' ~ sold_quantity ~ ', 0)' -%}
    {%- set lasts = "' at ' || " ~ plain_number('round(' ~ sold_quantity ~ ' / ' ~ days ~ '.0, 2)') ~ " || ' a day'" -%}
    {{ plain_number(stock_quantity) }} || ' in stock'
    || case {{ status }}
        when 'OUT_OF_STOCK'
            then ', ' || {{ plain_number(sold_quantity) }} || ' sold in {{ days }} days'
        when 'DEAD_STOCK'
            then ', none sold in {{ days }} days'
        when 'STOCKOUT_RISK'
            then ' last ' || {{ plain_number('floor(10 * ' ~ cover ~ ') / 10') }} || ' days' || {{ lasts }}
                || ': fewer than {{ var("stock_min_cover_days") }}'
        when 'OVERSTOCK'
            then ' last ' || {{ plain_number('ceil(10 * ' ~ cover ~ ') / 10') }} || ' days' || {{ lasts }}
                || ': more than {{ var("stock_max_cover_days") }}'
        else ' last ' || {{ plain_number('round(' ~ cover ~ ', 1)') }} || ' days' || {{ lasts }}
    end
{%- endmacro %}


{# A number as a text without zeros at its end. #}
{% macro plain_number(number) -%}
    cast(trim_scale(cast({{ number }} as numeric)) as text)
{%- endmacro %}
