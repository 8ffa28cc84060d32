{% snapshot snap_sales_desk__products %}

{{ current_list('products', ref('int_sales_desk__products')) }}

{% endsnapshot %}
