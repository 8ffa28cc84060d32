{% snapshot snap_multinational__products %}

{{ current_list('products', ref('int_multinational__products')) }}

{% endsnapshot %}
