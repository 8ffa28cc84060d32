"""Which editions a correction concerns, and what a restated page says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

import pytest
from mart_tables import Marts, made_marts
from small_company import TAKINGS

from base.link import Connection
from publish.contract.publications import Publications
from publish.editions.pages import content_of
from publish.editions.record import Record
from publish.editions.restating import RESTATED_DAYS, Fingerprints, find_corrections
from publish.layout import Frame, html, mail
from publish.reports import REPORTS
from publish.reports.page import (
    Advice,
    Column,
    Comparison,
    Figure,
    Kind,
    Page,
    Restatement,
    Section,
    Source,
    Table,
)
from publish.reports.report import Report
from publish.reports.stored import figures_of, restatements

ON = date(2024, 3, 10)
SALES = Source("rpt_daily_sales")


@pytest.fixture(scope="module")
def made(postgres_server: Connection) -> Iterator[Marts]:
    with made_marts(postgres_server) as marts:
        yield marts


@pytest.fixture
def marts(made: Marts) -> Marts:
    made.empty()
    return made


@dataclass
class Nights:
    """Runs that compare the marts with those of the run before."""

    marts: Marts
    reports: Mapping[str, Report]
    report: str
    dates: Collection[date]
    known: Fingerprints = field(default_factory=dict)

    def fingerprints(self, mart: str, reader: str) -> dict[date, str]:
        """As recorded by the run before."""
        return self.known.get((mart, reader), {})

    def read_again(self) -> list[date]:
        """The editions that this run reads again."""
        publication = {"report": self.report, "every": "day", "for": ["all"], "names": True}
        contract = Publications.model_validate(
            {
                "company": "Company",
                "audiences": {"all": {"of": "company"}},
                "publications": {"page": publication},
            }
        )
        found = find_corrections(
            contract,
            self.reports,
            {"pii_reader": self.marts.reader()},
            cast(Record, self),
            {"page": self.dates},
        )
        self.known = found.fingerprints
        return found.dates.get("page", [])


def test_what_changes_each_night_in_past_months_restates_no_page_of_employees(
    marts: Marts,
) -> None:
    marts.branch("leeds")
    marts.sold("leeds", ON, "10.00")
    marts.add("fct_staffed_days", {"branch_key": "leeds", "business_date": ON})
    marts.add(
        "sales_team_data_mart",
        {"branch_key": "leeds", "sales_month_start_date": date(2024, 2, 1), "total_sales": 10},
    )
    nights = Nights(marts, REPORTS, "employee_productivity", [ON])
    nights.read_again()
    assert nights.read_again() == []
    marts.rows(
        "update sales_team_data_mart set last_sale_month = '2024-03', avg_sales_per_month = 5"
    )
    assert nights.read_again() == []
    marts.rows("update rpt_daily_sales set net_sales = 11, card_sales = 11")
    assert nights.read_again() == [ON]


def test_days_are_compared_within_a_window_that_does_not_grow(marts: Marts) -> None:
    marts.branch("leeds")
    dates = [ON - timedelta(days=back) for back in (RESTATED_DAYS + 2, RESTATED_DAYS, 0)]
    for on in dates:
        marts.sold("leeds", on, "10.00")
    nights = Nights(marts, {"takings": TAKINGS}, "takings", dates)
    nights.read_again()
    assert {day for days in nights.known.values() for day in days} == set(dates[1:])
    correct = "update rpt_daily_sales set net_sales = net_sales + 1 where business_date = %s"
    marts.rows(correct, dates[0])
    assert nights.read_again() == []
    marts.rows(correct, dates[1])
    assert nights.read_again() == [dates[1]]


def page_of(sales: str, before: str | None) -> Page:
    """A page with one figure that is compared with another one."""
    comparisons = (Comparison("on last week", None, Decimal(before)),) if before else ()
    return Page(
        report="takings",
        title="Takings",
        part="",
        part_name="The company",
        part_place="",
        business_date=ON,
        period="Sunday",
        headline="Sales rose.",
        figures=(
            Figure("net_sales", "Net sales", Decimal(sales), Kind.MONEY, SALES, "GBP", comparisons),
        ),
        sections=(),
    )


@pytest.mark.parametrize(
    ("earlier", "later", "wanted"),
    [
        (("100", "90"), ("100", "90"), []),
        (("100", "90"), ("101", "90"), [("Net sales", 100, 101)]),
        (("100", "90"), ("100", "80"), [("Net sales on last week", 90, 80)]),
        (("100", None), ("100", "80"), [("Net sales on last week", None, 80)]),
        # A day that comes later is compared for the first time.
        (("0", None), ("100", "80"), [("Net sales", 0, 100)]),
    ],
)
def test_a_restated_page_says_which_figures_and_comparisons_changed(
    earlier: tuple[str, str | None],
    later: tuple[str, str | None],
    wanted: list[tuple[str, int | None, int | None]],
) -> None:
    found = restatements(figures_of(page_of(*earlier)), page_of(*later))
    assert found == tuple(Restatement(*one, Kind.MONEY, "GBP") for one in wanted)


def test_a_page_that_differs_in_no_figure_says_that_it_was_corrected() -> None:
    page = page_of("100", "90")
    for version in (1, 2):
        frame = Frame(company="Company", version=version)
        body = mail(page, frame)
        is_said = [
            "A correction changed this after it was published" in text
            for text in (html(page, frame), body.html, " ".join(body.text.split()))
        ]
        assert is_said == [version == 2] * 3
        assert body.subject.startswith("Restated: ") == (version == 2)
    changed = replace(page, restated=(Restatement("Net sales", 1, 2, Kind.MONEY, "GBP"),))
    assert "A correction changed this" not in html(changed, Frame(company="Company", version=2))


def test_words_do_not_make_a_version_and_figures_do() -> None:
    page = page_of("100", "90")
    table = Table((Column("Branch", Kind.TEXT), Column("Sold", Kind.NUMBER)), (("Leeds", 3),))
    section = Section("sold", "Sold", SALES, "Leeds sold 3.", table=table)
    odd = Advice("Sales are low.", "They were 3.", Source("fct_sales_anomalies", "branch = 1"))
    page = replace(page, sections=(section,), odd=(odd,))
    (figure,) = page.figures
    words = (
        replace(page, headline="Sales fell.", title="Sales"),
        replace(page, figures=(replace(figure, label="Sales"),)),
        replace(page, sections=(replace(section, title="Sales", text="3 sold."),)),
        replace(page, odd=(replace(odd, text="Low sales."),)),
    )
    for other in words:
        assert content_of(other) == content_of(page)
    row_changed = replace(table, rows=(("Leeds", 4),))
    contents = (
        replace(page, figures=page_of("100", "80").figures),
        replace(page, sections=(replace(section, table=row_changed),)),
        replace(page, odd=(replace(odd, source=Source("fct_sales_anomalies", "branch = 2")),)),
        replace(page, missing=("York",)),
    )
    for other in contents:
        assert content_of(other) != content_of(page)
