{% snapshot snap_retail360__products %}

{{ current_list('products', ref('int_retail360__products'), adds=['unit_cost']) }}

{% endsnapshot %}
