{% snapshot snap_electroniz__customers %}

{{ current_list('customers', ref('int_electroniz__customers')) }}

{% endsnapshot %}
