{#
    An identifying number or code, for every such column: `cleaned`, and restored where a spreadsheet or program
    converted it to a number: `17850.0`, `17850,00`, `1.7850E+04`, `="17850"` and `'17850` are `17850`. Leading zeros
    belong to it (`0044`), as do all other characters (`A1.0`, `'s-Hertogenbosch`). `1.8E+04` is unchanged, because
    its last digits are lost (is_number_destroyed); so is `1,000`, which may be a thousand.
#}
{% macro identifier(text) -%}
    {{ return(linted('identifier', text) or one_token(adapter.dispatch('identifier', 'branchline')(text))) }}
{%- endmacro %}

{% macro postgres__identifier(text) -%}
    {%- set number = "trim_scale(cast(replace(ids.written, ',', '.') as numeric))" -%}
    coalesce(
        case
            {#- Converted values contain one of these characters, which is a cheap check. #}
            when {{ text }} like any ({{ branchline.text_array(['%.%', '%,%', '%"%', "%'%"]) }})
                then (
                    select
                        case
                            when ids.written !~ '^[0-9][.,][0-9]+[eE][+]?[0-9]{1,2}$'
                                then array_to_string(
                                    regexp_match(
                                        ids.written,
                                        '^(?:="([^"]+)"|''([+0-9][^''a-z]*)|([0-9]+)(?:[.]0+|,0{1,2}|,0{4,}))$'
                                    ),
                                    ''
                                )
                            -- All digits are there, and no decimals.
                            when
                                length(substring(ids.written from '[.,]([0-9]+)'))
                                >= cast(substring(ids.written from '([0-9]+)$') as integer)
                                and scale({{ number }}) = 0
                                then cast({{ number }} as text)
                        end
                    from (select btrim({{ branchline.plain_text(text) }}, e' \t\n\r') as written) as ids
                )
        end,
        {{ branchline.cleaned(text) }}
    )
{%- endmacro %}


{#
    Condition that an `identifier` is a number of which a spreadsheet kept the first digits only, such as 2.02305E+11:
    it is ambiguous.
#}
{% macro is_number_destroyed(identifier) -%}
    {{ return(adapter.dispatch('is_number_destroyed', 'branchline')(identifier)) }}
{%- endmacro %}

{% macro postgres__is_number_destroyed(identifier) -%}
    {{ identifier }} ~ '^[0-9](?:[.,][0-9]+[eE][-+]?|[eE][-+])[0-9]{1,2}$'
{%- endmacro %}
