{#
    What is judged of a period's trade, each by an expression over the columns of `alias`: what was
    sold, how many receipts, which share of them is negative (refunds), items per receipt.
#}
{% macro trade_measures(alias) -%}
    {{ return({
        'sales': 'cast(' ~ alias ~ '.net_amount as numeric(38, 4))',
        'receipts': 'cast(' ~ alias ~ '.receipts as numeric(38, 4))',
        'refund_share':
            'cast(1.0 * ' ~ alias ~ '.refunds / ' ~ alias ~ '.receipts as numeric(38, 4))',
        'basket_size':
            'cast(1.0 * ' ~ alias ~ '.items_sold / ' ~ alias ~ '.receipts as numeric(38, 4))',
    }) }}
{%- endmacro %}

{#
    The same as columns of a select, and two that tell how uneven the receipts were: their squared amounts
    added up, and the squared items of one of them.
#}
{% macro trade_measure_columns(alias) -%}
    {%- for measure, expression in trade_measures(alias).items() -%}
    {{ expression }} as {{ measure }},
        {% endfor -%}
    {{ alias }}.squared_amounts,
        {{ alias }}.squared_items / {{ alias }}.receipts as squared_items
{%- endmacro %}


{# Beside them, in a window over the same rows: their values in the earlier periods, and how many. #}
{% macro past_measure_columns(window) -%}
    {%- set measures = trade_measures('unused') | list -%}
    count(*) over {{ window }} as history_periods
    {%- for measure in measures + ['squared_amounts', 'squared_items'] %},
        array_agg({{ measure }}) over {{ window }} as past_{{ measure }}
    {%- endfor -%}
{%- endmacro %}
