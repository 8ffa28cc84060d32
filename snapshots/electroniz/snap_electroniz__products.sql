{% snapshot snap_electroniz__products %}

{{ current_list('products', ref('int_electroniz__products')) }}

{% endsnapshot %}
