"""The reports: what each shows. `REPORTS` has them by the name that publications.yml uses."""

from publish.reports.business_review import BUSINESS_REVIEW
from publish.reports.daily_sales import DAILY_SALES
from publish.reports.employee_productivity import EMPLOYEE_PRODUCTIVITY
from publish.reports.inventory import INVENTORY
from publish.reports.report import Report

REPORTS: dict[str, Report] = {
    report.name: report
    for report in (DAILY_SALES, EMPLOYEE_PRODUCTIVITY, INVENTORY, BUSINESS_REVIEW)
}
