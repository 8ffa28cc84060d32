{#
    A number or code by which something is known, for every column of such: `cleaned`, and as it was before a
    spreadsheet or program took it for a number of its own: `17850.0`, `17850,00`, `1.7850E+04`, `="17850"` and
    `'17850` are `17850`. Zeros in front belong to it (`0044`), and so does all else in it (`A1.0`,
    `'s-Hertogenbosch`). `1.8E+04` stays as it is, because its last digits are gone (is_number_destroyed); so
    does `1,000`, which may be a thousand.
#}
{% macro identifier(text) -%}
    {{ return(linted('identifier', text) or adapter.dispatch('identifier', 'branchline')(text)) }}
{%- endmacro %}

{% macro postgres__identifier(text) -%}
    {%- set number = "trim_scale(cast(replace(ids.written, ',', '.') as numeric))" -%}
    coalesce(
        case
            {#- Whatever is not as it was holds one of these signs, which is found out at little cost. #}
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
                            -- All digits are there, and none behind the point.
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
    The condition that an `identifier` is a number of which a spreadsheet left the first digits only, such as
    2.02305E+11: it may be any of thousands.
#}
{% macro is_number_destroyed(identifier) -%}
    {{ return(adapter.dispatch('is_number_destroyed', 'branchline')(identifier)) }}
{%- endmacro %}

{% macro postgres__is_number_destroyed(identifier) -%}
    {{ identifier }} ~ '^[0-9](?:[.,][0-9]+[eE][-+]?|[eE][-+])[0-9]{1,2}$'
{%- endmacro %}
