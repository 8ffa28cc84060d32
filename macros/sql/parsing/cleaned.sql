{#
    What a cell says, for every column of text: `plain_text`, without spaces around it; null where it is empty
    or spells nothing, as databases, spreadsheets and programs do (NULL, \N, #N/A, None, nan, -).

    Only a whole cell spells nothing. Na, Nan and Nil are names of people, and nothing only as programs write
    them (NA, NaN, nil). `keep` lists spellings that say something in this column: Null is a surname, NA the
    country of Namibia.
#}
{% macro cleaned(text, keep=[]) -%}
    {{ return(adapter.dispatch('cleaned', 'branchline')(text, keep)) }}
{%- endmacro %}

{% macro postgres__cleaned(text, keep) -%}
    {%- set trimmed -%}
        btrim({{ branchline.plain_text(text) }}, e' \t\n\r')
    {%- endset -%}
    {#- A list of constants is looked up at once, however long it is; what is longer than all of them, not even
        that. -#}
    {%- set nothings = branchline.spellings_of_nothing() | reject('in', keep) | list -%}
    case
        when octet_length({{ trimmed }}) > {{ nothings | map('length') | max }} then {{ trimmed }}
        when {{ trimmed }} <> all ({{ branchline.text_array(nothings) }}) then {{ trimmed }}
    end
{%- endmacro %}


{# What a whole cell says that says nothing. #}
{% macro spellings_of_nothing() -%}
    {%- set in_any_capitals = [
        'null', 'none', 'undefined', 'n/a', 'n.a.', 'n.a', 'n/d', '#n/a', '#n/a n/a', '#na', '#nv', '#null!',
        '#value!', '#ref!', '#name?', '#div/0!', '#num!', '\\n', '<null>', '(null)', '[null]', '{null}',
        '<none>', '(none)', '[none]', '<na>', '<n/a>', '<nan>', '<nat>', '(blank)', '<blank>', '(empty)',
        '<empty>', '(leer)',
    ] -%}
    {%- set as_they_are = [
        '', 'NA', 'na', 'NaN', 'nan', 'NAN', '-NaN', '-nan', 'NaT', 'nat', 'NIL', 'nil', '-', '--', '---', '----',
        '\u2013', '\u2014', '.', '..', '...', '?', '??', '???', '""', "''", '1.#IND', '-1.#IND', '1.#QNAN',
        '-1.#QNAN',
    ] -%}
    {%- set spellings = as_they_are -%}
    {%- for word in in_any_capitals -%}
        {%- for spelling in [word, word | upper, word | capitalize, word | title] -%}
            {%- do spellings.append(spelling) if spelling not in spellings -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(spellings) }}
{%- endmacro %}
