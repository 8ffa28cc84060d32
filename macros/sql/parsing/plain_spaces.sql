{#
    The text with plain spaces in the place of those that do not break, which spreadsheets and web pages
    put beside amounts and between names; with `line_breaks` also in the place of line breaks.
#}
{% macro plain_spaces(text, line_breaks=false) -%}
    {{ return(adapter.dispatch('plain_spaces', 'branchline')(text, line_breaks)) }}
{%- endmacro %}

{% macro postgres__plain_spaces(text, line_breaks) -%}
    {#- Nearly every text has neither, which is found out at a fifth of the cost. -#}
    case
        when
            octet_length({{ text }}) > length({{ text }})
            {%- if line_breaks %}
            or strpos({{ text }}, chr(10)) > 0 or strpos({{ text }}, chr(13)) > 0
            {%- endif %}
            then translate(
                {{ text }},
                chr(160) || chr(8199) || chr(8239){{ ' || chr(10) || chr(13)' if line_breaks }},
                '   {{ '  ' if line_breaks }}'
            )
        else {{ text }}
    end
{%- endmacro %}
