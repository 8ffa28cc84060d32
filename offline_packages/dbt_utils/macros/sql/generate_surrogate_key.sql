{#- The md5 of the fields as text, joined by '-'; a null counts as a text that no field holds, so
    that (null, 'a') and ('', 'a') are two keys. The variable brings back the one key of old. -#}
{%- macro generate_surrogate_key(field_list) -%}
    {{ return(adapter.dispatch('generate_surrogate_key', 'dbt_utils')(field_list)) }}
{%- endmacro -%}

{%- macro default__generate_surrogate_key(field_list) -%}
    {%- set nulls_are_empty = var('surrogate_key_treat_nulls_as_empty_strings', false) -%}
    {%- set text_of_null = '' if nulls_are_empty else '_dbt_utils_surrogate_key_null_' -%}
    {%- set parts = [] -%}
    {%- for field in field_list -%}
        {%- if parts -%}{%- do parts.append("'-'") -%}{%- endif -%}
        {%- set as_text = 'cast(' ~ field ~ ' as ' ~ dbt.type_string() ~ ')' -%}
        {%- do parts.append('coalesce(' ~ as_text ~ ", '" ~ text_of_null ~ "')") -%}
    {%- endfor -%}
    {{ dbt.hash(dbt.concat(parts)) }}
{%- endmacro -%}
