{% snapshot snap_sales_desk__employees %}

{{ current_list('employees', ref('int_sales_desk__employees')) }}

{% endsnapshot %}
