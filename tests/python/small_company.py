"""A company of a few branches in a warehouse with roles, whose marts a test writes itself.

The tables have the columns of the models' contracts; nothing is built by dbt.
"""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg2
import throwaway
import yaml
from nightly import PROJECT
from psycopg2.extensions import connection as Link

from base.link import Connection, open_link
from base.settings import read_settings
from operate.access.roles import make_roles
from operate.runs import publishing
from operate.runs.builds import note_build, server_time
from operate.server.notes import prepare_notes
from publish.contract.publications import Publications
from publish.contract.reading import load_publications
from publish.editions.outcome import PublishReport
from publish.marts import MartReader
from publish.reports.page import Figure, Kind, Page, Source
from publish.reports.report import Part, Report

PREFIX = "publishing_"
DAY = timedelta(days=1)
CONTRACT = """\
company: Small company
audiences:
  managers: {of: branch}
  directors: {of: company}
places:
  share: {}
publications:
  takings:
    report: takings
    every: day
    for: [managers, directors]
    formats: [html, pdf]
    message: true
  week:
    report: takings
    title: The week
    every: week
    for: [directors]
    formats: [html]
  last_days:
    export: rpt_daily_sales
    file: last_days.csv
    columns: [branch_name, net_sales, business_date]
    days: 2
    every: day
    for: [directors]
    to: [share]
  all_days:
    export: rpt_daily_sales
    file: all_days.csv
    every: day
    for: [managers]
"""


def read_takings(reader: MartReader, on: date, parts: Sequence[Part]) -> list[Page]:
    """The net sales of the day and of the day before."""
    found = reader.rows(
        "select branch_key, business_date, net_sales from rpt_daily_sales"
        " where business_date between %(first)s and %(last)s",
        {"first": on - DAY, "last": on},
    )
    pages = []
    for part in parts:
        rows = [row for row in found if part.key in ("", row["branch_key"])]
        sums = [
            sum((row["net_sales"] for row in rows if row["business_date"] == day), Decimal(0))
            for day in (on, on - DAY)
        ]
        sold = {row["branch_key"] for row in found if row["business_date"] == on}
        missing = tuple(
            branch.name
            for branch in reader.branches(on)
            if branch.key not in sold and part.key in ("", branch.key)
        )
        source = Source("rpt_daily_sales", f"business_date = '{on}'")
        pages.append(
            Page(
                report="takings",
                title="Takings",
                part=part.key,
                part_name=part.name,
                part_place=part.place,
                business_date=on,
                period=str(on),
                headline=f"{part.name} took {sums[0]}.",
                figures=tuple(
                    Figure(key, label, value, Kind.MONEY, source, "GBP")
                    for key, label, value in zip(
                        ("net_sales", "day_before"), ("Net sales", "Day before"), sums, strict=True
                    )
                ),
                sections=(),
                missing=missing,
                shows_names=reader.shows_names,
            )
        )
    return pages


TAKINGS = Report("takings", "Takings", read_takings, ("rpt_daily_sales", "dim_branches"), 1)


@dataclass
class SmallCompany:
    """A warehouse, an archive and a contract. `contract` and `reports` may be changed.

    `environ`: of the run; `settings`: variables of it that are read as settings.
    """

    url: str
    folder: Path
    contract: str = CONTRACT
    reports: dict[str, Report] = field(default_factory=lambda: {"takings": TAKINGS})
    environ: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    now: datetime = datetime(2026, 3, 31, 4, 0, tzinfo=timezone.utc)

    @property
    def archive(self) -> Path:
        return self.folder / "published"

    @cached_property
    def link(self) -> Link:
        """The owner's session."""
        link = psycopg2.connect(self.url, application_name="test")
        link.autocommit = True
        return link

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query, as the owner."""
        with self.link.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def prepare(self) -> None:
        """Create marts and roles."""
        with open_link(self.url) as link:
            link.cursor().execute("create schema marts; create schema marts_masked")
            for subject, mart in (("company", "dim_branches"), ("sales", "rpt_daily_sales")):
                link.cursor().execute(table_of(subject, mart))
            prepare_notes(link)
            note_build(link, 0, "", 1, 1, server_time(link))
            make_roles(link, PREFIX)
            link.cursor().execute(
                f"grant select on all tables in schema marts to {PREFIX}analyst, {PREFIX}pii_reader"
            )

    def open_branch(self, name: str, time_zone: str = "Europe/London", **more: Any) -> str:
        """Add a branch that has sold since January; returns its key."""
        key = more.pop("branch_key", f"key of {name}")
        self.insert(
            "dim_branches",
            {
                "branch_key": key,
                "source_system": "tills",
                "branch_name": name,
                "currency_code": "GBP",
                "channel": "store",
                "time_zone": time_zone,
                "country_code": "GB",
                "is_inferred": False,
                "first_business_date": "2026-01-01",
                "last_business_date": "2026-03-30",
                **more,
            },
        )
        return str(key)

    def sell(self, day: date | str, sales: Mapping[str, float | int]) -> None:
        """Set the net sales of branches on a day, by name."""
        for name, amount in sales.items():
            self.ask(
                "delete from marts.rpt_daily_sales where branch_name = %s and business_date = %s",
                name,
                str(day),
            )
            zeros = (
                "transactions returns items_sold returned_amount cash_sales card_sales other_sales"
                " new_customers returning_customers"
            )
            self.insert(
                "rpt_daily_sales",
                {
                    "branch_key": f"key of {name}",
                    "source_system": "tills",
                    "branch_name": name,
                    "currency_code": "GBP",
                    "net_sales": amount,
                    "business_date": str(day),
                    **dict.fromkeys(zeros.split(), 0),
                },
            )

    def insert(self, mart: str, row: Mapping[str, Any]) -> None:
        """Add a row to a mart."""
        self.ask(
            f"insert into marts.{mart} ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})",
            *row.values(),
        )

    def publish(self, **options: Any) -> PublishReport:
        """`branchline publish`."""
        with patch.multiple(publishing, REPORTS=self.reports, load_publications=self.load):
            return publishing.publish(
                read_settings({**throwaway.environment(self.url, self.folder), **self.settings}),
                say=lambda line: None,
                show=lambda label: contextlib.nullcontext(lambda done, total, note: None),
                environ=self.environ,
                now=self.now,
                **options,
            )

    def load(self, reports: Mapping[str, Report]) -> Publications:
        """Read the contract."""
        file = self.folder / "publications.yml"
        file.write_text(textwrap.dedent(self.contract), encoding="utf-8")
        return load_publications(reports, file)

    def files(self, folder: str = "published") -> dict[str, bytes]:
        """All files of the archive, or of another folder."""
        root = self.folder / folder
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }

    def editions(self) -> list[tuple[str, str, str, int]]:
        """Publication, part, date and version of everything recorded."""
        return self.ask(
            "select publication, part, business_date::text, version from operations.editions"
            " order by 1, 3, 2, 4"
        )


def table_of(subject: str, mart: str) -> str:
    """The statement that creates a mart with the columns and the key of its contract."""
    path = PROJECT / "models" / "marts" / subject / f"{mart}.yml"
    [model] = [one for one in yaml.safe_load(path.read_text())["models"] if one["name"] == mart]
    columns = [f"{column['name']} {column['data_type']}" for column in model["columns"]]
    return f"create table marts.{mart} ({', '.join(columns)})"


@contextlib.contextmanager
def small_company(server: Connection, folder: Path) -> Iterator[SmallCompany]:
    """A company on a fresh database of the tests' server; its roles are dropped at the end."""
    roles = "select rolname from pg_roles"
    with throwaway.database(server) as url:
        made = SmallCompany(url, folder)
        before = {name for (name,) in made.ask(roles)}
        made.prepare()
        try:
            yield made
        finally:
            ours = [name for (name,) in made.ask(roles) if name not in before]
            made.link.close()
    with contextlib.closing(SmallCompany(server.url, folder).link) as link:
        for name in ours:
            link.cursor().execute(f'drop role if exists "{name}"')
