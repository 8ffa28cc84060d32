{% snapshot snap_multinational__customers %}

{{ current_list('customers', ref('int_multinational__customers')) }}

{% endsnapshot %}
