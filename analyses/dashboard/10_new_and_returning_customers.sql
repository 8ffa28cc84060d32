-- Who was new and who came back in the last twelve weeks, week by week and branch by branch.
select
    dates.week_start_date,
    daily_sales.branch_name,
    sum(daily_sales.new_customers) as new_customers,
    sum(daily_sales.returning_customers) as returning_customers
from marts.rpt_daily_sales as daily_sales
inner join marts.dim_dates as dates on daily_sales.business_date = dates.date_day
where daily_sales.business_date > (select max(business_date) - 84 from marts.rpt_daily_sales)
group by dates.week_start_date, daily_sales.branch_key, daily_sales.branch_name
order by dates.week_start_date, daily_sales.branch_name;
