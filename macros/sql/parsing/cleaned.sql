{#
    The content of a cell, for every text column: `plain_text`, trimmed; null where it is empty or spells null, as
    databases, spreadsheets and programs do (NULL, \N, #N/A, None, nan, -).

    Only a whole cell spells null. Na, Nan and Nil are names of people; only the spellings of programs (NA, NaN, nil)
    are null. `keep` lists spellings that are values in this column: Null is a surname, NA the country of Namibia.
#}
{% macro cleaned(text, keep=[]) -%}
    {{ return(linted('cleaned', text) or one_token(adapter.dispatch('cleaned', 'branchline')(text, keep))) }}
{%- endmacro %}

{% macro postgres__cleaned(text, keep) -%}
    {%- set trimmed -%}
        btrim({{ branchline.plain_text(text) }}, e' \t\n\r')
    {%- endset -%}
    {#- A constant list is hashed, so that its length does not matter. -#}
    {%- set nothings = branchline.spellings_of_nothing() | reject('in', keep) | list -%}
    case when {{ trimmed }} <> all ({{ branchline.text_array(nothings) }}) then {{ trimmed }} end
{%- endmacro %}


{# Spellings of null in a whole cell. #}
{% macro spellings_of_nothing() -%}
    {%- set in_any_capitals = [
        'null', 'none', 'undefined', 'n/a', 'n.a.', 'n.a', 'n/d', '#n/a', '#n/a n/a', '#na', '#nv', '#null!',
        '#value!', '#ref!', '#name?', '#div/0!', '#num!', '\\n', '<null>', '(null)', '[null]', '{null}',
        '<none>', '(none)', '[none]', '<na>', '<n/a>', '<nan>', '<nat>', '(blank)', '<blank>', '(empty)',
        '<empty>', '(leer)',
    ] -%}
    {%- set as_they_are = [
        '', 'NA', 'na', 'NaN', 'nan', 'NAN', '-NaN', '-nan', 'NaT', 'nat', 'NIL', 'nil', '-', '--', '---', '----',
        '\u2013', '\u2014', '.', '..', '...', '?', '??', '???', '""', "''", '=""', '1.#IND', '-1.#IND', '1.#QNAN',
        '-1.#QNAN',
    ] -%}
    {#- Error values of spreadsheets in several languages. -#}
    {%- set errors = (
        '#SPILL! #CALC! #FIELD! #BLOCKED! #CONNECT! #BUSY! #UNKNOWN! #ERROR! #GETTING_DATA'
        ~ ' #WERT! #BEZUG! #ZAHL! #ÜBERLAUF! #KALK! #FEHLER!'
        ~ ' #NUL! #VALEUR! #NOM? #NOMBRE! #PROPAGATION! #ERREUR!'
        ~ ' #N/D #NULO! #VALOR! #NOMBRE? #¡NULO! #¡DIV/0! #¡VALOR! #¡REF! #¿NOMBRE? #¡NUM! #¡DESBORDAMIENTO!'
        ~ ' #N/DISP #NOME? #NÚM! #DESPEJAR! #ERRO!'
        ~ ' #NULLO! #VALORE! #RIF! #ESPANSIONE! #ERRORE!'
        ~ ' #N/B #LEEG! #DEEL/0! #WAARDE! #VERW! #NAAM? #GETAL! #OVERLOOP!'
        ~ ' #SAKNAS! #SKÄRNING! #DIVISION/0! #VÄRDEFEL! #REFERENS! #NAMN? #OGILTIGT!'
        ~ ' #I/T #VÆRDI! #VERDI! #REFERENCE! #NAVN? #TAL!'
        ~ ' #PUUTTUU! #TYHJÄ! #JAKO/0! #ARVO! #VIITTAUS! #NIMI? #LUKU!'
        ~ ' #N/D! #ND! #ZERO! #DZIEL/0! #ARG! #ADR! #NAZWA? #LICZBA!'
        ~ ' #HODNOTA! #ODKAZ! #NÁZEV? #ČÍSLO! #NULLA! #ZÉRÓOSZTÓ! #ÉRTÉK! #HIV! #NÉV? #SZÁM! #HIÁNYZIK'
        ~ ' #YOK #BOŞ! #SAYI/0! #DEĞER! #BAŞV! #AD? #SAYI!'
        ~ ' #Н/Д #ПУСТО! #ДЕЛ/0! #ЗНАЧ! #ССЫЛКА! #ИМЯ? #ЧИСЛО!'
        ~ ' Err:501 Err:502 Err:503 Err:504 Err:508 Err:509 Err:511 Err:522'
    ).split(' ') -%}
    {%- set spellings = as_they_are + errors -%}
    {%- for word in in_any_capitals -%}
        {%- for spelling in [word, word | upper, word | capitalize, word | title] -%}
            {%- do spellings.append(spelling) if spelling not in spellings -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(spellings) }}
{%- endmacro %}
