{#
    A person's share of an amount of a branch's day, by hours worked, rounded to `digits`. What all up to a person have
    sold is rounded, not each share, so that the shares add up to the amount: of rows in a fixed order with
    `worked_hours`, `hours_so_far` (their own included) and `branch_hours`. Null where nobody's hours count.
#}
{% macro share_by_hours(amount, digits) -%}
    round({{ amount }} * hours_so_far / nullif(branch_hours, 0), {{ digits }})
        - round({{ amount }} * (hours_so_far - worked_hours) / nullif(branch_hours, 0), {{ digits }})
{%- endmacro %}
