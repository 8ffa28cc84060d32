{% snapshot snap_sales_desk__customers %}

{{ current_list('customers', ref('int_sales_desk__customers')) }}

{% endsnapshot %}
