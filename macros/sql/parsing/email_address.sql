{#
    An e-mail address, in lower case, with a single @: `a@@b.com` and `mailto:A@b.com` are `a@b.com`. Null for a text
    that is none: without @ or with two apart, with spaces, without a point behind the @.
#}
{% macro email_address(text) -%}
    {{ return(linted('email_address', text) or one_token(adapter.dispatch('email_address', 'branchline')(text))) }}
{%- endmacro %}

{% macro postgres__email_address(text) -%}
    regexp_replace(
        substring(
            btrim(lower({{ branchline.plain_text(text) }}), e' \t\n\r<>')
            from '^(?:mailto:)?([^\s@<>,;:"]+ *@+ *[^\s@<>,;:"]+[.][^\s@<>,;:".]+)$'
        ),
        ' *@+ *',
        '@'
    )
{%- endmacro %}
