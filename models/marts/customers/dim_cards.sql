{#
    Incremental by card: a night touches few of them. Cards of sales are looked up by their tokens, which the receipts
    of a source with tokens have an index on.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='card_token',
        meta={'touched_by': 'card'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('card') %}

with listed_lines as (

    select * from {{ ref('int_cards__listed_everywhere') }}
    where
        is_current
        and card_token is not null
    {% if is_incremental() -%}
        and card_token in ({{ touched }})
    {%- endif %}

),

sales as (

    select * from {{ ref('int_transactions__unioned') }}
    where
        is_sale
        and card_token is not null
    {% if is_incremental() -%}
        and card_token in ({{ touched }})
    {%- endif %}

),

-- A card is one card in the lists of all sources: the entry that was changed last counts.
listed_cards as (

    select distinct on (card_token)
        card_token,
        card_provider,
        card_last4,
        expiry_month,
        confirmed_on
    from listed_lines
    order by
        card_token asc,
        changed_at desc,
        file_id desc,
        line_number desc

),

sold_cards as (

    select
        card_token,
        max(card_last4) as card_last4
    from sales
    group by card_token

),

-- A card of a sale that no list has is inferred.
final as (

    select
        coalesce(listed_cards.card_token, sold_cards.card_token) as card_token,
        listed_cards.card_provider,
        coalesce(listed_cards.card_last4, sold_cards.card_last4) as card_last4,
        listed_cards.card_token is null as is_inferred,
        listed_cards.expiry_month,
        listed_cards.confirmed_on
    from listed_cards
    full outer join sold_cards on listed_cards.card_token = sold_cards.card_token

)

select * from final
