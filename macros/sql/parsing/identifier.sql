{#
    A number or code by which something is known, for every column of such: `cleaned`, and as it was before a
    spreadsheet or program took it for a number of its own: `17850.0`, `17850,00`, `1.7850E+04` and `="17850"`
    are `17850`. Zeros in front belong to it (`0044`), and so does all else in it (`A1.0`). `1.8E+04` stays as
    it is, because its last digits are gone; so does `1,000`, which may be a thousand.
#}
{% macro identifier(text) -%}
    {{ return(adapter.dispatch('identifier', 'branchline')(text)) }}
{%- endmacro %}

{% macro postgres__identifier(text) -%}
    {#- Whatever is not as it was holds one of these signs, which is found out at little cost. -#}
    case
        when {{ text }} like '%.%' or {{ text }} like '%,%' or {{ text }} like '%"%' or {{ text }} like '''%'
            then (
                select
                    case
                        when ids.written ~ '^[0-9][.,][0-9]+[eE][+]?[0-9]{1,2}$'
                            then case
                                -- All digits are there, and none behind the point.
                                when
                                    length(substring(ids.written from '[.,]([0-9]+)'))
                                    >= cast(substring(ids.written from '([0-9]+)$') as integer)
                                    and scale(trim_scale(cast(replace(ids.written, ',', '.') as numeric))) = 0
                                    then cast(
                                        trim_scale(cast(replace(ids.written, ',', '.') as numeric)) as text
                                    )
                                else ids.written
                            end
                        else regexp_replace(
                            ids.written,
                            '^(?:="([^"]*)"|''([^'']+)|([0-9]+)(?:[.]0+|,0{1,2}|,0{4,}))$',
                            '\1\2\3'
                        )
                    end
                from (select {{ branchline.cleaned(text) }} as written) as ids
            )
        else {{ branchline.cleaned(text) }}
    end
{%- endmacro %}
