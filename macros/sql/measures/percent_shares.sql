{#
    The rows of a relation with shares of a whole, in percent with two decimals, that add up to exactly 100.00 within
    each group: every share is cut off, and what is missing goes, a hundredth each, to the largest remainders. Of equal
    remainders the first one by `ties` gets it.

    `shares` maps the name of each share to the column that is shared out, which is not negative. Shares are null where
    that column is zero in the whole group.
#}
{% macro percent_shares(relation, shares, within, ties) -%}
    select
        cut_off.*,
        {%- for share in shares %}
        cast(
            (
                cut_off.{{ share }}_hundredths
                + case
                    when
                        row_number() over (
                            partition by cut_off.{{ within }}
                            order by cut_off.{{ share }}_remainder desc, cut_off.{{ ties }}
                        )
                        <= 10000 - sum(cut_off.{{ share }}_hundredths) over (partition by cut_off.{{ within }})
                        then 1
                    else 0
                end
            ) / 100 as numeric(5, 2)
        ) as {{ share }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            divided.*,
            {%- for share, weight in shares.items() %}
            round(
                (10000 * divided.{{ weight }} - divided.{{ share }}_remainder) / nullif(divided.{{ share }}_whole, 0)
            ) as {{ share }}_hundredths{{ ',' if not loop.last }}
            {%- endfor %}
        from (
            select
                summed.*,
                {%- for share, weight in shares.items() %}
                mod(10000 * summed.{{ weight }}, nullif(summed.{{ share }}_whole, 0))
                    as {{ share }}_remainder{{ ',' if not loop.last }}
                {%- endfor %}
            from (
                select
                    whole.*,
                    {%- for share, weight in shares.items() %}
                    sum(whole.{{ weight }}) over (partition by whole.{{ within }})
                        as {{ share }}_whole{{ ',' if not loop.last }}
                    {%- endfor %}
                from {{ relation }} as whole
            ) as summed
        ) as divided
    ) as cut_off
{%- endmacro %}
