{#
    The measures of a period, each as an expression over the columns of `alias`: net sales, number of receipts, share
    of negative receipts (refunds), items per receipt.
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
    The same as columns of a select, and two for how uneven the receipts were: the sum of their squared amounts, and
    the mean squared number of items.
#}
{% macro trade_measure_columns(alias) -%}
    {%- for measure, expression in trade_measures(alias).items() -%}
    {{ expression }} as {{ measure }},
        {% endfor -%}
    {{ alias }}.squared_amounts,
        {{ alias }}.squared_items / {{ alias }}.receipts as squared_items
{%- endmacro %}


{# Their values in the earlier periods, by a window over the same rows, and the number of periods. #}
{% macro past_measure_columns(window) -%}
    {%- set measures = trade_measures('unused') | list -%}
    count(*) over {{ window }} as history_periods
    {%- for measure in measures + ['squared_amounts', 'squared_items'] %},
        array_agg({{ measure }}) over {{ window }} as past_{{ measure }}
    {%- endfor -%}
{%- endmacro %}
