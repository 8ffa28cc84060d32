{#
    The class of a product by what it brings: A for those that bring the first abc_class_a_percent of all
    sales, B for those that bring what is then missing up to abc_class_b_percent, C for the rest.

    `sold_more` is what the products with higher sales bring together. It decides, and not the sum with the
    product itself: the product that crosses a border is still of the class before it, the best one is always
    A, and products of equal sales share a class. What brought nothing, or cost something, is C.
#}
{% macro abc_class(net_sales, sold_more, all_sales) -%}
    case
        when {{ net_sales }} <= 0 then 'C'
        when 100 * {{ sold_more }} < {{ var('abc_class_a_percent') }} * {{ all_sales }} then 'A'
        when 100 * {{ sold_more }} < {{ var('abc_class_b_percent') }} * {{ all_sales }} then 'B'
        else 'C'
    end
{%- endmacro %}
