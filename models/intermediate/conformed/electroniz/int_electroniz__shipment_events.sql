{# No CTE here: PostgreSQL would not push conditions into the lines of all files. #}
{{ conform('shipment_events', from=ref('int_electroniz__shipment_lines')) }}
where reject_reasons is null
