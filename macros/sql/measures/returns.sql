{#
    Returns are receipts with an amount below zero. Sums of receipts count them like any other (`transactions`,
    `net_sales`), and beside them stand `returns`, their number, and `returned_amount`, their money as a positive
    amount.
#}

{# Number and money of returns: two aggregates of receipts with `net_amount`. #}
{% macro returns_of(net_amount='net_amount') -%}
    sum(case when {{ net_amount }} < 0 then 1 else 0 end) as returns,
        sum(case when {{ net_amount }} < 0 then -{{ net_amount }} else 0.00 end) as returned_amount
{%- endmacro %}


{#
    Average value of a receipt: what was sold, per receipt that sold it. A return would lower both the sum and, as one
    receipt more, the average a second time. Null where there are only returns.
#}
{% macro average_receipt(
    net_sales='net_sales',
    returned_amount='returned_amount',
    transactions='transactions',
    returns='returns'
) -%}
    {{ ratio(net_sales ~ ' + ' ~ returned_amount, '(' ~ transactions ~ ' - ' ~ returns ~ ')') }}
{%- endmacro %}


{#
    Number and money of returned products: two aggregates of sale lines. All lines of a return are meant, so that
    products add up to the returns; what is exchanged on a receipt above zero is not in it. A source may write a
    return with a negative quantity, or with a negative price.
#}
{% macro returned_products_of(quantity='quantity', net_amount='net_amount') -%}
    sum(
            case
                when is_return and {{ net_amount }} < 0 then abs({{ quantity }})
                when is_return and {{ net_amount }} > 0 then -abs({{ quantity }})
                when is_return then -{{ quantity }}
                else 0
            end
        ) as returned_quantity,
        sum(case when is_return then -{{ net_amount }} else 0.00 end) as returned_amount
{%- endmacro %}
