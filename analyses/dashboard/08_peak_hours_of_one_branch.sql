-- Peak hours of a branch: receipts per trading day, by weekday and hour.
select
    weekday_name,
    hour_of_day,
    average_transactions,
    average_net_sales,
    is_peak_hour
from marts.rpt_peak_hours
where branch_key = (select min(branch_key) from marts.rpt_daily_sales)
order by weekday_of_week, hour_of_day;
