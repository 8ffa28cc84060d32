{#
    The code of a country (ISO 3166, two letters) by its English name, as programs and people write it (`United States`,
    `USA`, `UK`, `Great Britain`), or by its code (country_code). Letter case, points and a leading `the` do not matter.
    Null for any other text.
#}
{% macro country_named(text) -%}
    {{ return(linted('country_named', text) or one_token(adapter.dispatch('country_named', 'branchline')(text))) }}
{%- endmacro %}

{% macro postgres__country_named(text) -%}
    coalesce(
        cast('{{ tojson(branchline.country_names()) | replace("'", "''") }}' as jsonb)
        ->> regexp_replace(
            lower(translate({{ branchline.plain_text(text) }}, '’.', '''')), '^\s*(the )?|\s+$', '', 'g'
        ),
        {{ branchline.country_code(text) }}
    )
{%- endmacro %}


{# English names of the countries, in lower case and without points, each with its code (ISO 3166, two letters). #}
{% macro country_names() -%}
    {%- set names = {} -%}
    {%- for entry in (
        'AD=andorra|AE=united arab emirates|AE=uae|AF=afghanistan|AG=antigua and barbuda|AI=anguilla|AL=albania'
        ~ '|AM=armenia|AO=angola|AR=argentina|AS=american samoa|AT=austria|AU=australia|AW=aruba|AX=åland islands'
        ~ '|AZ=azerbaijan|BA=bosnia and herzegovina|BB=barbados|BD=bangladesh|BE=belgium|BF=burkina faso|BG=bulgaria'
        ~ '|BH=bahrain|BI=burundi|BJ=benin|BL=saint barthélemy|BM=bermuda|BN=brunei|BN=brunei darussalam|BO=bolivia'
        ~ '|BR=brazil|BS=bahamas|BT=bhutan|BW=botswana|BY=belarus|BZ=belize|CA=canada|CC=cocos (keeling) islands'
        ~ '|CD=democratic republic of the congo|CF=central african republic|CG=congo|CH=switzerland|CI=ivory coast'
        ~ '|CI=côte d\'ivoire|CK=cook islands|CL=chile|CM=cameroon|CN=china|CO=colombia|CR=costa rica|CU=cuba'
        ~ '|CV=cape verde|CV=cabo verde|CW=curaçao|CX=christmas island|CY=cyprus|CZ=czechia|CZ=czech republic'
        ~ '|DJ=djibouti|DK=denmark|DM=dominica|DO=dominican republic|DZ=algeria|EC=ecuador|EE=estonia|EG=egypt'
        ~ '|ER=eritrea|ES=spain|ET=ethiopia|FI=finland|FJ=fiji|FK=falkland islands|FM=micronesia'
        ~ '|FO=faroe islands|DE=germany|FR=france|GA=gabon|GB=united kingdom'
        ~ '|GB=united kingdom of great britain and northern ireland'
        ~ '|GB=great britain|GB=britain|GB=england|GB=scotland|GB=wales|GB=northern ireland|GD=grenada|GE=georgia'
        ~ '|GF=french guiana|GG=guernsey|GH=ghana|GI=gibraltar|GL=greenland|GM=gambia|GN=guinea|GP=guadeloupe'
        ~ '|GQ=equatorial guinea|GR=greece|GT=guatemala|GU=guam|GW=guinea-bissau|GY=guyana|HK=hong kong|HN=honduras'
        ~ '|HR=croatia|HT=haiti|HU=hungary|ID=indonesia|IE=ireland|IE=republic of ireland|IL=israel|IM=isle of man'
        ~ '|IN=india|IQ=iraq|IR=iran|IR=iran (islamic republic of)|IS=iceland|IT=italy|JE=jersey|JM=jamaica|JO=jordan'
        ~ '|JP=japan|KE=kenya|KG=kyrgyzstan|KH=cambodia|KI=kiribati|KM=comoros|KN=saint kitts and nevis|KP=north korea'
        ~ '|KP=korea (democratic people\'s republic of)|KR=south korea|KR=korea (republic of)|KW=kuwait'
        ~ '|KY=cayman islands|KZ=kazakhstan|LA=laos|LA=lao people\'s democratic republic|LB=lebanon|LC=saint lucia'
        ~ '|LI=liechtenstein|LK=sri lanka|LR=liberia|LS=lesotho|LT=lithuania|LU=luxembourg|LV=latvia|LY=libya'
        ~ '|MA=morocco|MC=monaco|MD=moldova|MD=moldova (republic of)|ME=montenegro|MF=saint martin|MG=madagascar'
        ~ '|MH=marshall islands|MK=north macedonia|ML=mali|MM=myanmar|MN=mongolia|MO=macao|MP=northern mariana islands'
        ~ '|MQ=martinique|MR=mauritania|MS=montserrat|MT=malta|MU=mauritius|MV=maldives|MW=malawi|MX=mexico'
        ~ '|MY=malaysia|MZ=mozambique|NA=namibia|NC=new caledonia|NE=niger|NF=norfolk island|NG=nigeria|NI=nicaragua'
        ~ '|NL=netherlands|NL=holland|NO=norway|NP=nepal|NR=nauru|NU=niue|NZ=new zealand|OM=oman|PA=panama|PE=peru'
        ~ '|PF=french polynesia|PG=papua new guinea|PH=philippines|PK=pakistan|PL=poland|PM=saint pierre and miquelon'
        ~ '|PR=puerto rico|PS=palestine|PS=palestine, state of|PT=portugal|PW=palau|PY=paraguay|QA=qatar|RE=réunion'
        ~ '|RO=romania|RS=serbia|RU=russia|RU=russian federation|RW=rwanda|SA=saudi arabia|SB=solomon islands'
        ~ '|SC=seychelles|SD=sudan|SE=sweden|SG=singapore|SH=saint helena|SI=slovenia|SJ=svalbard and jan mayen'
        ~ '|SK=slovakia|SL=sierra leone|SM=san marino|SN=senegal|SO=somalia|SR=suriname|SS=south sudan'
        ~ '|ST=sao tome and principe|SV=el salvador|SX=sint maarten|SY=syria|SY=syrian arab republic|SZ=eswatini'
        ~ '|TC=turks and caicos islands|TD=chad|TG=togo|TH=thailand|TJ=tajikistan|TK=tokelau|TL=timor-leste'
        ~ '|TM=turkmenistan|TN=tunisia|TO=tonga|TR=turkey|TR=türkiye|TT=trinidad and tobago|TV=tuvalu|TW=taiwan'
        ~ '|TW=taiwan (province of china)|TZ=tanzania|TZ=tanzania, united republic of|UA=ukraine|UG=uganda'
        ~ '|US=united states|US=united states of america|US=usa|US=us|UY=uruguay|UZ=uzbekistan|VA=vatican city'
        ~ '|VA=holy see|VC=saint vincent and the grenadines|VE=venezuela|VE=venezuela (bolivarian republic of)'
        ~ '|VG=british virgin islands|VI=us virgin islands|VN=vietnam|VN=viet nam|VU=vanuatu|WF=wallis and futuna'
        ~ '|WS=samoa|YE=yemen|YT=mayotte|ZA=south africa|ZM=zambia|ZW=zimbabwe'
    ).split('|') -%}
        {%- do names.update({entry[3:]: entry[:2]}) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
