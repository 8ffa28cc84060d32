"""Metrics match the marts: `mf` as a user calls it, compared with our own SQL."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import random
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import throwaway
from nightly import PROJECT, Project, new_project
from rich.console import Console

from base.link import Connection, open_link
from operate.commands.demo import METRICS_QUESTION
from publish.digest.questions import LAST_DAY, read_insights
from publish.digest.terminal import show_insight, show_totals
from publish.digest.totals import read_totals
from publish.exports import Export, write_export
from publish.marts import MartReader
from publish.reports import REPORTS
from publish.reports.figures import rounded
from publish.reports.report import Part

Answer = dict[tuple[str, ...], dict[str, Decimal | None]]

# Leeds trades throughout; Dublin takes euros; Camden opens in 2024; the pop-up is unlisted, and
# closes. The last month of the tills ends on its 10th day, and Leeds was not open on the first ten
# days of the May before.
DAYS = {
    "Leeds": [
        "02-03-2023", "29-04-2023", "15-05-2023", "24-12-2023", "05-03-2024", "31-03-2024",
        "04-04-2024", "30-04-2024", "03-05-2024", "10-05-2024",
    ],
    "Dublin Docklands": [
        "09-03-2023", "10-05-2023", "11-05-2023", "08-03-2024", "01-04-2024", "10-04-2024",
        "11-04-2024", "08-05-2024",
    ],
    "London Camden": ["06-03-2024", "20-04-2024", "09-05-2024"],
    "Pop Up Rome": ["03-03-2023", "04-03-2024"],
}  # fmt: skip
PEOPLE = ("Ann Lee", "Bo Ek", "Cy Fox", "")
ITEMS = (("Regular Latte", 245), ("Large Mocha - Mint", 315), ("Tea", 130), ("Scone", 210))
DESK_MONTHS = ("2023-04", "2024-03", "2024-04")


def branch_file(branch: str, day: str, chance: random.Random) -> str:
    """A day of a till: receipts of one to three items, some by card or nameless, and a return."""
    lines = []
    for number in range(chance.randint(2, 5)):
        items = [chance.choice(ITEMS) for _ in range(chance.randint(1, 3))]
        basket = ", ".join(f"{name} - {price / 100:.2f}" for name, price in items)
        total = sum(price for _, price in items) / 100
        card = chance.choice(["", "4000000000000002", "5100000000000008"])
        lines.append(
            f'{day.replace("-", "/")} 09:{number:02},{branch},{chance.choice(PEOPLE)},"{basket}",'
            f"{total},{'CARD' if card else 'CASH'},{card}\n"
        )
    lines.append(f'{day.replace("-", "/")} 18:00,{branch},,"Tea - -1.30",-1.30,CASH,\n')
    return "".join(lines)


def desk_file(chance: random.Random) -> str:
    """Sales of two stores and three sales people; a customer buys once a day at most."""
    lines = [
        "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost"
    ]
    for number, (month, store, person) in enumerate(
        itertools.product(DESK_MONTHS, ("17", "23"), ("1", "2", "3"))
    ):
        if (store, person) == ("23", "3"):
            continue
        price, quantity = chance.randint(10, 99), chance.randint(1, 9)
        lines.append(
            f"{number % 4},{store},besan,{month}-{number + 1:02},{person},{price},{quantity},"
            f"{price * quantity}"
        )
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def project(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    with new_project(postgres_server, tmp_path_factory.mktemp("metrics")) as made:
        chance = random.Random(4)
        for branch, days in DAYS.items():
            for day in days:
                name = branch.lower().replace(" ", "_")
                made.deliver(
                    f"branch_pos/{name}_{day}_09-00-00.csv", branch_file(branch, day, chance)
                )
        made.deliver("sales_desk/sales/sales.csv", desk_file(chance))
        report = made.load()
        assert report.counts()["loaded"] == sum(map(len, DAYS.values())) + 1
        made.dbt("build", "--exclude", "resource_type:unit_test", "resource_type:test")
        assert made.rows("select count(*) from marts.rejected_rows") == [(0,)]
        made.dbt("parse")
        # `mf` finds the manifest in the folder of the project file.
        shutil.copy(PROJECT / "dbt_project.yml", made.folder)
        yield made


def environment(project: Project) -> dict[str, str]:
    return {
        **throwaway.for_dbt(project.env),
        "DBT_PROFILES_DIR": str(project.folder / "profiles"),
        # `mf` would ask the package index for a newer version, and keep the answer in /tmp.
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "TMPDIR": str(project.folder),
    }


def mf(project: Project, *words: str) -> str:
    """Run `mf` on the test's database; its output."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "mf"), *words],
        cwd=project.folder,
        env=environment(project),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


Ask = Callable[..., Answer]
"""The fixture of that name: `ask(metrics, *group_by, **more)`."""


@pytest.fixture(scope="module")
def ask(project: Project) -> Iterator[Ask]:
    """MetricFlow's answers: metrics per group, to the penny. One child for all questions."""
    child = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("metricflow_child.py"))],
        cwd=project.folder,
        env=environment(project),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin
    assert child.stdout

    def answer(metrics: Sequence[str], *group_by: str, **more: Any) -> Answer:
        assert child.stdin
        assert child.stdout
        question = {"metric_names": list(metrics), "group_by_names": group_by or None, **more}
        print(json.dumps(question), file=child.stdin, flush=True)
        reported = json.loads(child.stdout.readline())
        rows = [dict(zip(reported["names"], row, strict=True)) for row in reported["rows"]]
        found = {
            tuple((row[name] or "").removesuffix(" 00:00:00") for name in group_by): {
                name: penny(row[name]) for name in metrics
            }
            for row in rows
        }
        assert len(found) == len(rows)
        return found

    try:
        yield answer
    finally:
        child.stdin.close()
        child.wait(timeout=30)
        child.stdout.close()


def penny(value: Any) -> Decimal | None:
    return None if value in (None, "", "nan") else round(Decimal(str(value)), 2)


# The marts for the queries below, with the names for grouping metrics.
MARTS = """
with branches as (
    select branch_key, branch_name as branch, coalesce(region, '') as region, source_system as source
    from marts.dim_branches
),
days as (
    select *, currency_code as currency, date_trunc('month', business_date) as month
    from marts.rpt_daily_sales join branches using (branch_key)
),
receipts as (
    select *, currency_code as currency, date_trunc('month', business_date) as month
    from marts.fct_transactions as receipt join branches using (branch_key)
),
known as (
    select
        *,
        exists (
            select from marts.fct_transactions as earlier
            where earlier.customer_key = receipts.customer_key and earlier.sold_at < receipts.sold_at
        ) as came_before
    from receipts
    where customer_key not in (select customer_key from marts.dim_customers where identified_by = 'unknown')
),
products as (
    select *, currency_code as currency, sales_month as month, product_name as product
    from marts.rpt_product_performance join branches using (branch_key)
),
team as (
    select *, currency_code as currency, sales_month_start_date as month
    from marts.sales_team_data_mart join branches using (branch_key)
),
-- Of either month the days on which the branch was open, first day to last, in the other one too.
open_days as (
    select *, min(business_date) over branch as first_day, max(business_date) over branch as last_day
    from days window branch as (partition by branch_key)
),
like_for_like as (
    select now.branch_key, now.currency, now.month, now.branch, now.region, now.source, gap,
        sum(now.net_sales) as now_sales, min(past.net_sales) as past_sales,
        sum(now.net_amount_company) as now_company, min(past.company) as past_company
    from (values (interval '1 month'), (interval '1 year')) as gaps (gap)
    cross join open_days as now
    cross join lateral (
        select sum(net_sales) as net_sales, sum(net_amount_company) as company from open_days as past
        where past.branch_key = now.branch_key and past.month = now.month - gap
            and past.business_date + gap <= past.last_day
            and extract(day from past.business_date + gap) = extract(day from past.business_date)
    ) as past
    where past.net_sales is not null and now.business_date - gap >= now.first_day
        and extract(day from now.business_date - gap) = extract(day from now.business_date)
    group by 1, 2, 3, 4, 5, 6, 7
),
on_year as (select * from like_for_like where gap = interval '1 year'),
on_month as (select * from like_for_like where gap = interval '1 month')
"""  # noqa: E501

GROWTH = "round(100 * (sum(now_sales) - sum(past_sales)) / sum(past_sales), 2)"
GROWTH_COMPANY = GROWTH.replace("_sales", "_company")
# The definition of each metric on another mart than the metric reads, or by another way of
# counting.
TRUTH = {
    "net_sales": ("sum(net_sales)", "days"),
    "receipts": ("sum(transactions)", "days"),
    "average_basket": (
        "round(sum(net_amount) filter (where net_amount >= 0)"
        " / count(*) filter (where net_amount >= 0), 2)",
        "receipts",
    ),
    "returns": ("sum(returns)", "days"),
    "return_rate": ("round(100.0 * sum(returns) / sum(transactions), 2)", "days"),
    "returned_amount": ("sum(returned_amount)", "days"),
    "vat": ("case when count(vat_amount) = count(*) then sum(vat_amount) end", "days"),
    "net_of_vat_sales": (
        "case when count(*) = count(net_of_vat_sales) then sum(net_of_vat_sales) end",
        "days",
    ),
    "customers": ("count(distinct customer_key)", "known"),
    "new_customers": ("sum(new_customers)", "days"),
    "repeat_customers": ("count(distinct customer_key) filter (where came_before)", "known"),
    "repeat_rate": (
        "round(100.0 * count(distinct customer_key) filter (where came_before)"
        " / count(distinct customer_key), 2)",
        "known",
    ),
    "sales_people": ("count(distinct sales_person_id)", "team"),
    "sales_per_person": (
        "round(sum(total_sales) / count(distinct sales_person_id), 2)",
        "team",
    ),
    "units": ("sum(items_sold)", "days"),
    "product_sales": ("sum(net_sales)", "products"),
    "like_for_like_sales": ("sum(now_sales)", "on_year"),
    "like_for_like_sales_year_before": ("sum(past_sales)", "on_year"),
    "like_for_like_growth": (GROWTH, "on_year"),
    "like_for_like_growth_on_month": (GROWTH, "on_month"),
    "net_sales_company": ("round(sum(net_amount_company), 2)", "days"),
    "average_basket_company": (
        "round(sum(net_amount_company) filter (where net_amount >= 0)"
        " / count(net_amount_company) filter (where net_amount >= 0), 2)",
        "receipts",
    ),
    "returned_amount_company": ("round(sum(returned_amount_company), 2)", "days"),
    "receipts_without_rate": (
        "sum(case when net_sales_company is null then transactions else 0 end)",
        "days",
    ),
    "receipts_at_estimated_rate": (
        "sum(case when is_rate_estimated then transactions else 0 end)",
        "days",
    ),
    "sales_per_person_company": (
        "round(sum(net_amount_company) filter (where employee_key is not null)"
        " / nullif(count(distinct employee_key), 0), 2)",
        "receipts",
    ),
    "product_sales_company": ("round(sum(net_amount_company), 2)", "products"),
    "like_for_like_sales_company": ("round(sum(now_company), 2)", "on_year"),
    "like_for_like_sales_year_before_company": ("round(sum(past_company), 2)", "on_year"),
    "like_for_like_growth_company": (GROWTH_COMPANY, "on_year"),
    "like_for_like_growth_on_month_company": (GROWTH_COMPANY, "on_month"),
}
METRICS = list(TRUTH)
# Of orders and shipments, which no source of this company has: compared with rows of their own.
SHIPPING = (
    "cancellations",
    "cancellations_for_lack_of_stock",
    "lack_of_stock_share",
    "on_time_rate",
)
COUNTS = (
    "receipts",
    "returns",
    "units",
    "customers",
    "new_customers",
    "repeat_customers",
    "sales_people",
    "receipts_without_rate",
    "receipts_at_estimated_rate",
)
RATES = ("repeat_rate", "return_rate")
# Metrics that are null where they would sum several currencies.
AMOUNTS = (
    "net_sales",
    "average_basket",
    "returned_amount",
    "vat",
    "net_of_vat_sales",
    "product_sales",
    "sales_per_person",
    "like_for_like_sales",
    "like_for_like_sales_year_before",
    "like_for_like_growth",
    "like_for_like_growth_on_month",
)
# Metrics that add up over all branches, in the company's currency.
COMPANY = tuple(metric for metric in METRICS if metric.endswith("_company"))
ROW = re.compile(r"^\| `((?!\w+__)\w+)` \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
GROUPINGS = {
    "currency": "branch__currency",
    "month": "metric_time__month",
    "branch": "branch__name",
    "region": "branch__region",
    "source": "branch__source_system",
}


def truth(project: Project, metric: str, *keys: str) -> dict[tuple[str, ...], Decimal | None]:
    """The metric, from the marts."""
    expression, mart = TRUTH[metric]
    columns = [f"to_char({key}, 'YYYY-MM-DD')" if key == "month" else key for key in keys]
    rows = project.rows(
        f"{MARTS} select {', '.join([*columns, expression])} from {mart}"
        + (f" group by {', '.join(map(str, range(1, len(keys) + 1)))}" if keys else "")
    )
    return {tuple(row[:-1]): penny(row[-1]) for row in rows}


@pytest.mark.parametrize(
    "keys",
    [
        ("currency",),
        ("month", "currency"),
        ("branch",),
        ("month", "branch"),
        ("month", "region", "currency"),
    ],
    ids="-".join,
)
def test_every_metric_matches_the_marts(project: Project, ask: Ask, keys: tuple[str, ...]) -> None:
    answer = ask(METRICS, *(GROUPINGS[key] for key in keys))
    for metric in METRICS:
        # A group without any is null in one and 0 in the other.
        said = {group: values[metric] for group, values in answer.items() if values[metric]}
        true = {group: value for group, value in truth(project, metric, *keys).items() if value}
        assert said == true, metric
        # Every currency of this company has a rate.
        assert true or metric == "receipts_without_rate", metric


def test_totals_of_counts_match_the_marts(project: Project, ask: Ask) -> None:
    [(_, values)] = ask([*COUNTS, *RATES]).items()
    for metric, value in values.items():
        assert {(): value} == truth(project, metric), metric
    assert project.rows(
        "select count(*) filter (where purchases > 0), count(*) filter (where purchases > 1)"
        " from marts.dim_customers where identified_by <> 'unknown'"
    ) == [(values["customers"], values["repeat_customers"])]


def test_amounts_of_several_currencies_are_never_summed(ask: Ask) -> None:
    assert {*AMOUNTS, *COUNTS, *RATES, *COMPANY} == set(METRICS)
    [values] = ask([*AMOUNTS, "receipts"]).values()
    assert values.pop("receipts")
    assert set(values.values()) == {None}
    # Where all amounts are in one currency, there is a sum: December has no euros.
    months = ask(["net_sales"], "metric_time__month")
    of_one = {month for (month,), value in months.items() if value["net_sales"]}
    assert of_one == {"2023-04-01", "2023-12-01"}


def test_amounts_in_the_companys_currency_add_up_over_all_branches(
    project: Project, ask: Ask
) -> None:
    [(_, values)] = ask([*COMPANY, "receipts_at_estimated_rate"]).items()
    for metric, value in values.items():
        assert {(): value} == truth(project, metric), metric
        assert value, metric
    # Two currencies are in it.
    by_currency = ask(["net_sales", "net_sales_company"], "branch__currency")
    assert by_currency[("GBP",)]["net_sales"] == by_currency[("GBP",)]["net_sales_company"]
    assert by_currency[("EUR",)]["net_sales"] != by_currency[("EUR",)]["net_sales_company"]


def test_the_examples_of_the_docs_are_answered(project: Project, ask: Ask) -> None:
    reported = [
        line.split("mf query ", 1)[1]
        for page in (PROJECT / "README.md", PROJECT / "docs" / "metrics.md")
        for line in page.read_text().splitlines()
        if line.startswith("    .venv/bin/mf query ")
    ]
    assert len(reported) >= 5
    reported.append(METRICS_QUESTION.split("mf query ", 1)[1])
    # The first by the command itself, all by the library.
    assert "query completed" in mf(project, "query", *shlex.split(reported[0]))
    for line in reported:
        options = shlex.split(line)
        said = dict(zip(options[::2], options[1::2], strict=True))
        more: dict[str, Any] = {}
        if "--order" in said:
            more["order_by_names"] = said["--order"].split(",")
        if "--where" in said:
            more["where_constraints"] = [said["--where"]]
        if "--limit" in said:
            more["limit"] = int(said["--limit"])
        known = {"--metrics", "--group-by", "--order", "--where", "--limit", "--decimals"}
        assert set(said) <= known, line
        # Without these, numbers are rounded and rows come in any order.
        assert {"--order", "--decimals"} <= set(said), line
        assert ask(said["--metrics"].split(","), *said["--group-by"].split(","), **more), line


@pytest.mark.parametrize(
    ("metric", "dimension", "branch", "query"),
    [
        (
            "product_sales",
            "product__name",
            "Leeds",
            "select product_name, sum(net_amount) from marts.fct_sales {} group by 1",
        ),
        (
            "units",
            "product__size",
            "Leeds",
            "select coalesce(size, ''), sum(quantity) from marts.fct_sales"
            " join marts.dim_products using (product_key) {} group by 1",
        ),
        (
            "net_sales",
            "receipt__payment_method",
            "Leeds",
            "select payment_method, sum(net_amount) from marts.fct_transactions {} group by 1",
        ),
        (
            "net_sales",
            "employee__number",
            "17",
            "select coalesce(employee_id, ''), sum(net_amount) from marts.fct_transactions"
            " left join marts.dim_employees using (employee_key) {} group by 1",
        ),
        (
            "receipts",
            "calendar_day__weekday",
            "Leeds",
            "select trim(to_char(business_date, 'Day')), count(*) from marts.fct_transactions"
            " {} group by 1",
        ),
    ],
)
def test_metrics_can_be_grouped_by_common_dimensions(
    project: Project, ask: Ask, metric: str, dimension: str, branch: str, query: str
) -> None:
    answer = ask([metric], dimension, "branch__name")
    said = {group[0]: values[metric] for group, values in answer.items() if group[1] == branch}
    of_branch = (
        "where branch_key = (select branch_key from marts.dim_branches"
        f" where branch_name = '{branch}')"
    )
    true = {name: penny(value) for name, value in project.rows(query.format(of_branch))}
    assert len(said) > 1
    assert said == true


def test_metrics_of_shipping_match_their_rows(project: Project, ask: Ask) -> None:
    project.rows(
        "insert into intermediate.int_order_cancellations__judged (order_key, source_system,"
        " product_key, channel, order_number, claimed_quantity, is_before_shipment,"
        " is_for_lack_of_stock, cancelled_on)"
        " select number, 'shop', 'tv', 'online', number, 0, true, number = '1',"
        " date '2024-03-30' + number::integer from unnest(array['1', '2', '3']) as number"
    )
    # Of UPS's five due ones two came on time, one late, one came back, and one is overdue.
    project.rows(
        "insert into marts.rpt_delivery_performance (delivery_key, source_system, carrier, lane,"
        " company_currency_code, shipments, orders, promised_shipments, due_shipments,"
        " delivered_shipments, on_time_shipments, late_shipments, missed_shipments,"
        " overdue_shipments, returned_shipments, open_shipments, max_days_late, exceptions,"
        " shipments_with_exceptions, costed_orders, shipments_without_rate, is_rate_estimated,"
        " due_week) select due_week, 'shop', carrier, 'US-CA', 'GBP', on_time + 4, on_time + 4,"
        " on_time + 4, due, on_time + late, on_time, late, missed, overdue, missed, 1, late, 0, 0,"
        " 0, 0, false, due_week::date from (values ('UPS', '2024-03-25', 5, 2, 1, 1, 1),"
        " ('DHL', '2024-04-01', 4, 3, 1, 0, 0), ('UPS', '2024-04-08', 0, 0, 0, 0, 0))"
        " as weeks (carrier, due_week, due, on_time, late, missed, overdue)"
    )
    names = SHIPPING[:3]
    assert ask(names, "metric_time__month") == {
        ("2024-03-01",): dict(zip(names, map(Decimal, ("1", "1", "100")), strict=True)),
        ("2024-04-01",): dict(zip(names, map(Decimal, ("2", "0", "0")), strict=True)),
    }
    for grouping, groups in (
        ("metric_time__month", ("2024-03-01", "2024-04-01")),
        ("delivery__carrier", ("UPS", "DHL")),
    ):
        rates = map(Decimal, (40, 75))
        assert ask(["on_time_rate"], grouping) == {
            (group,): {"on_time_rate": rate} for group, rate in zip(groups, rates, strict=True)
        }


def test_mf_validates_the_configs(project: Project) -> None:
    reported = mf(project, "validate-configs", "--show-all")
    assert reported.count("(ERRORS: 0, FUTURE_ERRORS: 0, WARNINGS: 0)") == 6, reported


@pytest.fixture(scope="module")
def manifest(project: Project) -> dict[str, Any]:
    reported = (project.folder / "target" / "manifest.json").read_text()
    found: dict[str, Any] = json.loads(reported)
    return found


def test_the_docs_list_every_metric_and_dimension(manifest: dict[str, Any]) -> None:
    metrics = {
        metric["name"]: metric["description"].strip()
        for metric in manifest["metrics"].values()
        if not metric["config"]["meta"].get("is_helper")
    }
    assert set(metrics) == {*TRUTH, *SHIPPING}
    page = (PROJECT / "docs" / "metrics.md").read_text()
    assert dict(ROW.findall(page)) == metrics

    entities = {
        model["name"]: entity["name"]
        for model in manifest["semantic_models"].values()
        for entity in model["entities"]
        if entity["type"] == "primary"
    }
    dimensions = {
        f"{entities[model['name']]}__{dimension['name']}"
        for model in manifest["semantic_models"].values()
        if model["name"] in entities
        for dimension in model["dimensions"]
    }
    # These are asked for as metric_time.
    dimensions -= {
        "receipt__business_date",
        "item__item_date",
        "delivery__due_week",
        "cancelled_order__cancelled_on",
    }
    page = (PROJECT / "docs" / "metric-dimensions.md").read_text()
    assert set(re.findall(r"^\| `(\w+__\w+)` \|", page, re.MULTILINE)) == dimensions


def test_every_metric_and_dimension_has_a_label_and_a_description(
    manifest: dict[str, Any],
) -> None:
    things = [*manifest["metrics"].values(), *manifest["semantic_models"].values()]
    for model in manifest["semantic_models"].values():
        things += model["dimensions"]
    assert [
        thing["name"] for thing in things if not (thing["label"] and thing["description"])
    ] == []


def spoken(project: Project, branch: str) -> dict[str, Decimal]:
    """What the terminal says about a branch's last day, and about all days of the company."""
    printed = io.StringIO()
    console = Console(file=printed, width=200)
    with open_link(project.url) as link:
        show_totals(console, read_totals(link))
        for insight in read_insights(link, [LAST_DAY]):
            show_insight(console, insight)
    lines = printed.getvalue().replace(",", "").splitlines()
    [day] = [re.split(r"\s{2,}", line.strip()) for line in lines if line.startswith(branch)]
    [totals] = [line for line in lines if line.startswith("Sales:")]
    names = ("all net sales", "all receipts", "all items", "all returns", "all returned")
    found = map(Decimal, re.findall(r"(?<=[ (])\d+(?:\.\d+)?(?=[ )])", totals))
    return {
        "net sales": Decimal(day[2]),
        "returns": Decimal(day[5]),
        **dict(zip(names, found, strict=False)),
    }


def published(project: Project, branch: str, on: date) -> dict[str, Any]:
    """The same figures and more on the pages of that day and of its month."""
    with contextlib.closing(psycopg2.connect(project.url, options="-c search_path=marts")) as link:
        reader = MartReader(link)
        [key] = [one.key for one in reader.all_branches if one.name == branch]
        [day] = REPORTS["daily_sales"].read(reader, on, [Part(key, branch)])
        [month] = REPORTS["business_review"].read(reader, date(2024, 5, 31), [Part("", "All")])
    of_day = {figure.key: figure.value for figure in day.figures}
    return {
        "net sales": of_day["net_sales"],
        "receipts": of_day["transactions"],
        "returned": of_day["returned_amount"],
        "average receipt": of_day["average_transaction_value"],
        "new customers": of_day["new_customers"],
        "month to date": of_day["month_net_sales"],
        "month of all": {figure.key: figure.value for figure in month.figures}["net_sales_GBP"],
    }


def exported(project: Project, branch: str, on: date, folder: Path) -> dict[str, Decimal]:
    """The same figures in the exported file."""
    with contextlib.closing(psycopg2.connect(project.url, options="-c search_path=marts")) as link:
        export = Export("rpt_daily_sales", "daily_sales_summary.csv")
        write_export(MartReader(link), export, on, folder / export.file)
    with (folder / export.file).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    month = [row for row in rows if row["business_date"] >= "2024-05-01"]
    mine = [row for row in month if row["branch_name"] == branch]
    [day] = [row for row in mine if row["business_date"] == str(on)]

    def total(column: str, of: Sequence[dict[str, str]]) -> Decimal:
        return rounded(sum((Decimal(row[column]) for row in of), Decimal(0)), 2)

    return {
        "net sales": Decimal(day["net_sales"]),
        "receipts": Decimal(day["transactions"]),
        "returns": Decimal(day["returns"]),
        "returned": Decimal(day["returned_amount"]),
        "average receipt": Decimal(day["average_transaction_value"]),
        "new customers": Decimal(day["new_customers"]),
        "month to date": total("net_sales", mine),
        "month of all": total("net_amount_company", month),
        "all net sales": total("net_amount_company", rows),
        "all receipts": total("transactions", rows),
        "all items": total("items_sold", rows),
        "all returns": total("returns", rows),
        "all returned": total("returned_amount_company", rows),
    }


def measured(ask: Ask, branch: str, on: date) -> dict[str, Decimal | None]:
    """The same figures as metrics."""
    metrics = ["net_sales", "receipts", "returns", "returned_amount"]
    days = ask([*metrics, "average_basket", "new_customers"], "metric_time__day", "branch__name")[
        str(on), branch
    ]
    months = ask(["net_sales"], "metric_time__month", "branch__name")
    all_months = ask(["net_sales_company"], "metric_time__month")
    company = ["net_sales_company", "receipts", "returns", "returned_amount_company", "units"]
    everything = ask(company)[()]
    return {
        "net sales": days["net_sales"],
        "receipts": days["receipts"],
        "returns": days["returns"],
        "returned": days["returned_amount"],
        "average receipt": days["average_basket"],
        "new customers": days["new_customers"],
        "month to date": months["2024-05-01", branch]["net_sales"],
        "month of all": all_months[("2024-05-01",)]["net_sales_company"],
        "all net sales": everything["net_sales_company"],
        "all receipts": everything["receipts"],
        "all items": everything["units"],
        "all returns": everything["returns"],
        "all returned": everything["returned_amount_company"],
    }


def test_terminal_reports_exports_and_metrics_say_the_same(
    project: Project, ask: Ask, tmp_path: Path
) -> None:
    branch, on = "Leeds", date(2024, 5, 10)
    voices: list[dict[str, Any]] = [
        spoken(project, branch),
        published(project, branch, on),
        exported(project, branch, on, tmp_path),
        measured(ask, branch, on),
    ]
    said = {figure: [voice[figure] for voice in voices if figure in voice] for figure in voices[2]}
    assert {figure: values for figure, values in said.items() if len({*values}) > 1} == {}
    assert {len(values) for values in said.values()} == {3, 4}
    assert all(values[0] for figure, values in said.items() if figure != "new customers")
