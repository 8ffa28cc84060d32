"""Pages for the tests of the layouts: companies of 1 and of 100 branches, a day without sales, and
names that are long, Hebrew, or markup.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from publish.archive import ArchiveFrame, EditionRow, Link, index
from publish.layout import Frame
from publish.reports.page import (
    Advice,
    Chart,
    ChartKind,
    Column,
    Comparison,
    Figure,
    Kind,
    Page,
    Restatement,
    Section,
    Series,
    Source,
    Table,
    isolated,
)

DAY = date(2021, 8, 24)
SCRIPT = "<script>alert('x')</script> & \"Sons\" </style><img src=x onerror=alert(1)>"
HEBREW = "סניף חיפה 12 (צפון)"
ARABIC = "فرع القاهرة 7"
LONG = "The Very Long Name of a Branch in the Old Market Hall beside the River, " * 3
HOSTILE = (SCRIPT, HEBREW, ARABIC, LONG[:200], "=cmd|' /C calc'!A0", "Ωmega Καφέ", "Żółw & Łódź")
TOWNS = ("Leeds", "York", "Bath", "Ely", "Hull", "Truro", "Derby", "Lincoln", "Exeter", "Durham")

FRAME = Frame(
    company="Our Company",
    audience="store managers",
    index="../../../index.html",
    pdf="report.pdf",
    docs="../../../docs/index.html",
    lineage="../../../docs/index.html#!/overview?g_v=1",
    mart_docs={"rpt_daily_sales": "../../../docs/index.html#!/model/rpt_daily_sales"},
    address="https://reports.example/2021-08-24/daily_sales/leeds/index.html",
)
SALES = Source("rpt_daily_sales", "branch_key = 'shops|Leeds' and business_date = '2021-08-24'")
HOURS = Source("rpt_hourly_sales", "branch_key = 'shops|Leeds' and business_date = '2021-08-24'")
PRODUCTS = Source("rpt_product_sales", "branch_key = 'shops|Leeds'")
ODD = Source("fct_sales_anomalies", "business_date = '2021-08-24'")


def money(pence: int) -> Decimal:
    """An amount in pounds."""
    return Decimal(pence) / 100


def figures(sales: Decimal, before: Decimal | None, source: Source = SALES) -> tuple[Figure, ...]:
    """Four figures, with comparisons."""
    change = None if not before else (100 * (sales - before) / before).quantize(Decimal("0.1"))
    week = Comparison("on last week", change, before)
    year = Comparison("on last year", None, None)
    return (
        Figure("net_sales", "Net sales", sales, Kind.MONEY, source, "GBP", (week, year)),
        Figure(
            "receipts",
            "Receipts",
            int(sales / 12),
            Kind.NUMBER,
            source,
            comparisons=(Comparison("on last week", Decimal("-3.1"), int(sales / 11)),),
        ),
        Figure(
            "returns",
            "Returns, share of sales",
            Decimal("2.4"),
            Kind.PERCENT,
            source,
            comparisons=(Comparison("on last week", Decimal("12.5"), Decimal("2.1")),),
            more_is_better=False,
        ),
        Figure("sales_per_hour", "Sales per hour worked", None, Kind.MONEY, source, "GBP"),
    )


def hours_chart(share: Decimal = Decimal(1)) -> Chart:
    """Sales by hour, beside last week's."""
    shape = (2, 9, 22, 41, 63, 80, 77, 58, 49, 38, 21, 6)
    return Chart(
        ChartKind.COLUMNS,
        tuple(f"{hour:02d}:00" for hour in range(8, 20)),
        (
            Series("Tuesday, 24 August", tuple(share * money(1350 * part) for part in shape)),
            Series("A week before", tuple(share * money(1310 * part) for part in shape[::-1])),
        ),
        Kind.MONEY,
        "Sales by hour: most at 13:00, 1,080.00 GBP; a week before at 14:00.",
        "GBP",
    )


def days_chart() -> Chart:
    """Four weeks of sales, with a gap."""
    days = [DAY - timedelta(days=back) for back in range(27, -1, -1)]
    draw = random.Random(1)
    values = [money(520_000 + draw.randrange(-90_000, 160_000)) for _ in days]
    last_year = [money(480_000 + draw.randrange(-60_000, 90_000)) for _ in days]
    return Chart(
        ChartKind.LINE,
        tuple(f"{day.day} {day:%b}" for day in days),
        (
            Series("This year", (*values[:9], None, *values[10:])),
            Series("Last year", tuple(last_year)),
        ),
        Kind.MONEY,
        "Sales of four weeks, between 4,300 and 6,800 GBP a day; no sales on 6 August.",
        "GBP",
    )


def bars_chart(names: Sequence[str], seed: int = 2, with_returns: bool = False) -> Chart:
    """A bar for each name."""
    draw = random.Random(seed)
    values = sorted((money(draw.randrange(20_000, 900_000)) for _ in names), reverse=True)
    if with_returns:
        values[-1] = money(-41_250)
    return Chart(
        ChartKind.BARS,
        tuple(names),
        (Series("Net sales", tuple(values)),),
        Kind.MONEY,
        f"Net sales by name: {isolated(names[0][:60])} has most, {values[0]:,} GBP.",
        "GBP",
    )


def products_table() -> Table:
    """The best products of a day."""
    return Table(
        (
            Column("Product", Kind.TEXT),
            Column("Sold", Kind.QUANTITY),
            Column("Net sales", Kind.MONEY, "GBP"),
            Column("On last week", Kind.CHANGE),
        ),
        (
            ("Espresso", Decimal("412"), money(103_000), Decimal("4.2")),
            ("Flat white, oat", Decimal("286"), money(100_100), Decimal("-11.0")),
            ("Beans, by weight", Decimal("18.275"), money(32_895), None),
            ("Carrot cake", Decimal("64"), money(24_320), Decimal("0")),
        ),
    )


def branches_table(names: Sequence[str]) -> Table:
    """A row for each branch, in seven columns."""
    draw = random.Random(3)
    return Table(
        (
            Column("Branch", Kind.TEXT),
            Column("Country", Kind.CODE),
            Column("Net sales", Kind.MONEY, "GBP"),
            Column("On last week", Kind.CHANGE),
            Column("Receipts", Kind.NUMBER),
            Column("Returns", Kind.PERCENT),
            Column("Last sale", Kind.DATE),
        ),
        tuple(
            (
                name,
                "GB",
                None if place == 3 else money(draw.randrange(100_000, 900_000)),
                None if place == 3 else Decimal(draw.randrange(-200, 200)) / 10,
                0 if place == 3 else draw.randrange(100, 900),
                None if place == 3 else Decimal(draw.randrange(0, 60)) / 10,
                DAY,
            )
            for place, name in enumerate(names)
        ),
    )


def branch_page(name: str = "Leeds", place: str = "") -> Page:
    """A page of one branch."""
    return Page(
        report="daily_sales",
        title="Daily sales",
        part="shops|Leeds",
        part_name=name,
        part_place=place,
        business_date=DAY,
        period="Tuesday, 24 August 2021",
        headline=(
            f"{isolated(name[:60])} sold 6,214.50 GBP, 8.2 % more than a week before, because"
            " the afternoon was busier."
        ),
        figures=figures(Decimal("6214.50"), Decimal("5743.53")),
        sections=(
            Section("hours", "Sales by hour", HOURS, "Most was sold at 13:00.", hours_chart()),
            Section("days", "Four weeks", SALES, "Sales rise slowly.", days_chart()),
            Section(
                "products",
                "Products",
                PRODUCTS,
                "Four products make a third of the sales.",
                bars_chart(("Espresso", "Flat white, oat", "Beans, by weight", "Carrot cake")),
                products_table(),
            ),
        ),
        odd=(
            Advice(
                "Receipts between 18:00 and 19:00 fell by half.",
                "21 receipts, where 40 to 52 are usual on a Tuesday.",
                ODD,
            ),
        ),
        advice=(
            Advice(
                "Look at the till of the evening shift.",
                "Its last receipt is of 18:21.",
                ODD,
            ),
            Advice(
                "Order oat milk.",
                "It sold 11 % less, out of stock for two hours.",
                PRODUCTS,
            ),
        ),
    )


def company_page(names: Sequence[str]) -> Page:
    """A page of a company with these branches, some of which have not sent their sales."""
    return Page(
        report="daily_sales",
        title="Daily sales",
        part="",
        part_name="",
        part_place="",
        business_date=DAY,
        period="Tuesday, 24 August 2021",
        headline=f"{len(names)} branches sold 481,230.75 GBP, 3.4 % less than a week before.",
        figures=figures(Decimal("481230.75"), Decimal("498168.48")),
        sections=(
            Section("days", "Four weeks", SALES, "Sales rise slowly.", days_chart()),
            Section("hours", "Sales by hour", HOURS, "", hours_chart(Decimal(80))),
            Section(
                "branches",
                "Branches",
                SALES,
                "Sorted by net sales.",
                bars_chart(names, with_returns=len(names) > 5),
                branches_table(names),
            ),
        ),
        odd=tuple(
            Advice(
                f"{isolated(name[:60])} sold 31.0 % less.", "4,120 GBP, where 5,900 are usual.", ODD
            )
            for name in names[:3]
        ),
        missing=tuple(names[:2]),
        restated=(
            Restatement("Net sales", Decimal("481100.75"), Decimal("481230.75"), Kind.MONEY, "GBP"),
            Restatement("Receipts", 40_120, 40_124, Kind.NUMBER),
        ),
    )


def nothing_sold() -> Page:
    """A branch that sold nothing on the day."""
    zero = Decimal("0.00")
    empty = Chart(
        ChartKind.COLUMNS,
        tuple(f"{hour:02d}:00" for hour in range(8, 20)),
        (Series("Today", (zero,) * 12),),
        Kind.MONEY,
        "No sales in any hour.",
        "GBP",
    )
    return Page(
        report="daily_sales",
        title="Daily sales",
        part="shops|Ely",
        part_name="Ely",
        part_place="shops",
        business_date=DAY,
        period="Tuesday, 24 August 2021",
        headline="Ely sold nothing on Tuesday, 24 August 2021; a week before it was 5,743.53 GBP.",
        figures=figures(zero, Decimal("5743.53")),
        sections=(
            Section("hours", "Sales by hour", HOURS, "", empty),
            Section(
                "days",
                "Without any value",
                SALES,
                "",
                Chart(
                    ChartKind.LINE,
                    ("Mon", "Tue"),
                    (Series("Today", (None, None)),),
                    Kind.MONEY,
                    "No values.",
                ),
            ),
            Section(
                "products",
                "Products",
                PRODUCTS,
                "",
                None,
                Table((Column("Product", Kind.TEXT),), (), "No product was sold."),
            ),
        ),
        missing=("Ely",),
    )


def productivity_page() -> Page:
    """A page that names people."""
    names = ("Ada Lovelace", HEBREW, "José Ñandú", SCRIPT, LONG[:200])
    source = Source("rpt_employee_productivity", "branch_key = 'shops|Leeds'")
    return Page(
        report="employee_productivity",
        title="Employee productivity",
        part="shops|Leeds",
        part_name="Leeds",
        part_place="",
        business_date=DAY,
        period="Week 34 of 2021",
        headline="Leeds sold 61.20 GBP for each hour worked, 4.0 % more than a week before.",
        figures=(
            Figure("hours", "Hours worked", Decimal("312.25"), Kind.HOURS, source),
            Figure("per_hour", "Sales per hour", Decimal("61.20"), Kind.MONEY, source, "GBP"),
        ),
        sections=(
            Section(
                "people",
                "Sales per hour worked",
                source,
                "",
                bars_chart(names, 5),
                Table(
                    (
                        Column("Name", Kind.TEXT),
                        Column("Hours", Kind.HOURS),
                        Column("Per hour", Kind.MONEY, "GBP"),
                    ),
                    tuple(
                        (name, Decimal("38.5") - place, money(6_120 - 200 * place))
                        for place, name in enumerate(names)
                    ),
                ),
            ),
        ),
        shows_names=True,
    )


HUNDRED = tuple(f"{TOWNS[number % 10]} {number // 10 + 1}" for number in range(100))
PAGES = {
    "one_branch": branch_page(),
    "company_of_one": company_page(("Leeds",)),
    "company_of_100": company_page(HUNDRED),
    "nothing_sold": nothing_sold(),
    "hostile_company": company_page(HOSTILE),
    "productivity": productivity_page(),
    **{f"hostile_{number}": branch_page(name, name) for number, name in enumerate(HOSTILE)},
}


def editions(
    names: Sequence[str], days: int = 3, reports: Sequence[str] = ("Daily sales",)
) -> list[EditionRow]:
    """The editions of an archive: for the company and each branch, of some days."""
    rows = []
    for back in range(days):
        day = DAY - timedelta(days=back)
        for title in reports:
            publication = title.lower().replace(" ", "_")
            for number, name in enumerate(("", *names)):
                folder = f"{day}/{publication}/{f'b{number}' if name else 'company'}"
                rows.append(
                    EditionRow(
                        publication,
                        title,
                        ("store managers",) if name else ("regional directors", "board"),
                        day,
                        (Link("Page", f"{folder}/index.html"), Link("PDF", f"{folder}/report.pdf")),
                        part=f"shops|{name}" if name else "",
                        part_name=name,
                        headline=(
                            f"{isolated(name[:60]) or 'The company'} sold 6,214.50 GBP, 8.2 % more"
                            " than a week before."
                        ),
                        version=2 if number == 1 else 1,
                        is_complete=number != 0 or back > 0,
                        shows_names=title != "Daily sales",
                    )
                )
        rows.append(
            EditionRow(
                "daily_sales_summary",
                "Daily sales summary",
                ("finance",),
                day,
                (Link("CSV", f"{day}/daily_sales_summary.csv"),),
                note="1,204 rows",
            )
        )
    return rows


def first_page() -> str:
    """The first page of an archive."""
    return index(editions(HOSTILE, 3), ArchiveFrame("Our Company"), [DAY])
