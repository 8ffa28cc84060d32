{% snapshot snap_retail360__employees %}

{{ current_list('employees', ref('int_retail360__employees')) }}

{% endsnapshot %}
