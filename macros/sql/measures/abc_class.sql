{#
    ABC class of a product: A up to abc_class_a_percent of all sales, B up to abc_class_b_percent, C for the rest.

    `sold_more` is the sum of all products with higher sales. It decides, without the product itself: the product that
    crosses a limit is still in the better class, the best one is always A, and products with equal sales share a
    class. Sales of zero or less are C.
#}
{% macro abc_class(net_sales, sold_more, all_sales) -%}
    case
        when {{ net_sales }} <= 0 then 'C'
        when 100 * {{ sold_more }} < {{ var('abc_class_a_percent') }} * {{ all_sales }} then 'A'
        when 100 * {{ sold_more }} < {{ var('abc_class_b_percent') }} * {{ all_sales }} then 'B'
        else 'C'
    end
{%- endmacro %}
