"""Daily sales: a page for each branch, and one for the company."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from publish.marts import MartReader
from publish.reports.daily_branch import branch_page
from publish.reports.daily_company import company_page
from publish.reports.daily_reading import LOOKS_BACK, read_day
from publish.reports.page import Page
from publish.reports.report import Part, Report
from publish.reports.targets import MART as TARGETS


def read(reader: MartReader, business_date: date, parts: Sequence[Part]) -> list[Page]:
    """A page for each part."""
    day = read_day(reader, business_date)
    return [branch_page(day, part) if part.key else company_page(day, part) for part in parts]


DAILY_SALES = Report(
    name="daily_sales",
    title="Daily sales",
    read=read,
    reads=("rpt_daily_sales", "dim_branches"),
    looks_back=LOOKS_BACK,
    may_read=(
        "rpt_hourly_sales",
        "rpt_daily_products",
        "fct_staffed_days",
        "rpt_inventory_status",
        "fct_sales_anomalies",
        "dim_country_dates",
        TARGETS,
    ),
    not_compared=("rpt_hourly_sales", "rpt_daily_products"),
)
