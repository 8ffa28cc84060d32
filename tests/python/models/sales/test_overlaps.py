"""A sale in two current files is deduplicated in any order, and reported."""

from __future__ import annotations

from decimal import Decimal

from nightly import Project

from ingest.review.withdrawal import withdraw

MODELS = (
    "--select",
    *("+fct_transactions", "+fct_sales", "+rejected_rows", "+rpt_daily_sales"),
    *("+dim_customers", "+int_raw_claims__unioned", "+int_branch_days__measured"),
)
LEDGER_TESTS = (
    "assert_raw_rows_and_money_are_sold_or_rejected",
    "assert_daily_sales_add_up_to_receipts",
)
DESK = "id,customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost\n"


def till(branch: str, *receipts: str) -> str:
    """Lines of a till from `day minute customer price`, of May 2023."""
    lines = ""
    for receipt in receipts:
        day, minute, customer, price = receipt.split()
        item = f"Tea - {price}"
        lines += f"{day}/05/2023 09:{minute},{branch},{customer},{item},{price},CASH,\n"
    return lines


def desk(*sales: str) -> str:
    """Lines of the sales desk from `id store day quantity`, of February 2023."""
    lines = ""
    for sale in sales:
        number, store, day, quantity = sale.split()
        number = "" if number == "-" else number
        lines += f"{number},44,{store},sugar,2023-02-{day},7,50,{quantity},{50 * int(quantity)}\n"
    return DESK + lines


TWINS = ["10 01 - 1.00", "10 02 - 1.00", "10 03 - 1.00"]
"""Receipts without names, which another till may have in the same minutes."""


def pair_of(number: str, receipts: int) -> str:
    return till("Pair Town", *(f"10 0{minute} Till{number} 1.00" for minute in range(receipts)))


def mini_of(number: str) -> str:
    return till("Mini Town", f"10 01 Till{number} 1.00")


def deliver_till(project: Project, name: str, day: str, lines: str, time: str = "09") -> None:
    project.deliver(f"branch_pos/{name}_{day}-05-2023_{time}-00-00.csv", lines)


def deliver_desk(project: Project, week: str, lines: str) -> None:
    project.deliver(f"sales_desk/sales/week_{week}.csv", lines)


def night(project: Project, *arguments: str) -> dict[str, dict[str, tuple[int, Decimal]]]:
    """Load and build; return receipts and amount by branch and day."""
    project.load()
    project.dbt("run", *MODELS, *arguments)
    # They read what has changed since they last passed.
    project.dbt("build", "--select", *LEDGER_TESTS)
    return sold(project)


def sold(project: Project) -> dict[str, dict[str, tuple[int, Decimal]]]:
    found: dict[str, dict[str, tuple[int, Decimal]]] = {}
    for branch, day, count, amount in project.rows(
        "select branch_name, to_char(business_date, 'DD'), count(*), sum(net_amount)"
        " from marts.fct_transactions group by 1, 2 order by 1, 2"
    ):
        found.setdefault(branch, {})[day] = (count, amount)
    # The days match the receipts.
    assert found == _daily(project)
    return found


def _daily(project: Project) -> dict[str, dict[str, tuple[int, Decimal]]]:
    found: dict[str, dict[str, tuple[int, Decimal]]] = {}
    for branch, day, count, amount in project.rows(
        "select branch_name, to_char(business_date, 'DD'), transactions, net_sales"
        " from marts.rpt_daily_sales where transactions > 0 order by 1, 2"
    ):
        found.setdefault(branch, {})[day] = (count, amount)
    return found


def of(count: int, amount: str) -> tuple[int, Decimal]:
    return count, Decimal(amount)


def refused(project: Project) -> dict[tuple[str, str], tuple[int, Decimal]]:
    rows = project.rows(
        "select split_part(file_path, '/', -1), reject_reasons, count(*), sum(claimed_amount)"
        " from marts.rejected_rows group by 1, 2"
    )
    return {(path, reasons): (count, amount) for path, reasons, count, amount in rows}


def flagged(project: Project) -> list[tuple[str, int]]:
    return project.rows(
        "select branch_name, count(*) from marts.fct_transactions"
        " where quality_flags like '%also_in_another_file%' group by 1 order by 1"
    )


def quiet(_: str) -> None:
    return


def test_sales_in_two_files_are_deduplicated(project: Project) -> None:
    # Tills: an export that repeats the day before; one that arrives before the day's own file; a
    # sale after midnight; a day of which the next file repeats a part, corrected since.
    deliver_till(
        project, "cumul_town", "10", till("Cumul Town", "10 01 Ann 1.00", "10 02 Abe 2.00")
    )
    gap_11 = till("Gap Town", "11 01 Ann 1.00", "11 01 Ann 1.00", "11 03 Bo 4.00")
    deliver_till(project, "gap_town", "12", gap_11 + till("Gap Town", "12 01 Cy 1.00"))
    deliver_till(project, "late_town", "10", till("Late Town", "10 59 Ann 1.00", "11 00 Ann 1.00"))
    part = till("Part Town", "10 01 Ann 1.00", "10 02 Abe 2.00")
    deliver_till(project, "part_town", "10", part)
    # A day that is corrected after the next day's file has repeated it; two tills, each with its
    # own export, or with a joint one that arrives before theirs.
    fix = [f"10 {minute} Ann 1.00" for minute in range(10, 20)]
    deliver_till(project, "fix_town", "10", till("Fix Town", *fix))
    for number in "12":
        deliver_till(project, f"pair_town_till-{number}", "10", pair_of(number, 3))
        deliver_till(project, f"mini_town_till-{number}", "10", mini_of(number))
    deliver_till(project, "twin_town", "11", till("Twin Town", *2 * TWINS, "11 01 Ida 1.00"))
    # The desk: numbers per store identify sales; without them nothing is proven.
    deliver_desk(project, "01", desk("9001 581 01 1", "9002 581 02 1", "- 600 05 1", "- 600 06 2"))
    deliver_desk(project, "of_703", desk("1 703 01 1", "2 703 02 1", "3 703 08 1"))
    project.load()
    project.seed()
    first = night(project)
    assert first["Cumul Town"] == {"10": of(2, "3.00")}
    assert first["Gap Town"] == {"11": of(3, "6.00"), "12": of(1, "1.00")}
    assert first["Late Town"] == {"10": of(1, "1.00"), "11": of(1, "1.00")}
    assert first["Pair Town"] == {"10": of(6, "6.00")}
    assert first["Twin Town"] == {"10": of(6, "6.00"), "11": of(1, "1.00")}
    assert first["581"] == {"01": of(1, "50.00"), "02": of(1, "50.00")}
    assert (refused(project), flagged(project)) == ({}, [])

    cumul_11 = till("Cumul Town", "10 01 Ann 1.00", "10 02 Abe 2.00", "11 05 Ida 1.00")
    deliver_till(project, "cumul_town", "11", cumul_11)
    deliver_till(project, "gap_town", "11", gap_11)
    deliver_till(project, "late_town", "11", till("Late Town", "11 30 Bo 3.00"))
    part_11 = till("Part Town", "10 01 Ann 1.00", "10 02 Abe 2.50", "11 01 Cy 4.00")
    deliver_till(project, "part_town", "11", part_11)
    deliver_till(project, "fix_town", "11", till("Fix Town", *fix, "11 01 Ida 1.00"))
    for number in "12":
        late = till("Pair Town", f"10 59 Late{number} 1.00")
        deliver_till(project, f"pair_town_till-{number}", "11", pair_of(number, 3) + late)
        late = till("Mini Town", f"10 59 Late{number} 1.00")
        deliver_till(project, f"mini_town_till-{number}", "11", mini_of(number) + late)
    deliver_till(project, "twin_town_till-1", "10", till("Twin Town", *TWINS))
    deliver_desk(
        project, "02", desk("9002.0 581 02 2", "9003 581 03 1", "- 600 06 2", "- 600 07 1")
    )
    # It was on another day: the day before has no sale any more.
    deliver_desk(project, "day_of_703", desk("3 703 09 1"))
    deliver_desk(project, "of_704", desk("1 704 01 1", "2 704 02 1", "3 704 02 1"))
    second = night(project)
    assert second["Cumul Town"] == {"10": of(2, "3.00"), "11": of(1, "1.00")}
    assert second["Gap Town"] == {"11": of(3, "6.00"), "12": of(1, "1.00")}
    assert second["Late Town"] == {"10": of(1, "1.00"), "11": of(2, "4.00")}
    # One of its two rows of the day before differs: nothing is proven, and all count.
    assert second["Part Town"] == {"10": of(4, "6.50"), "11": of(1, "4.00")}
    assert second["Fix Town"] == {"10": of(10, "10.00"), "11": of(1, "1.00")}
    assert second["Pair Town"] == {"10": of(8, "8.00")}
    assert second["Mini Town"] == {"10": of(4, "4.00")}
    # Rows that are in the till's own file count there.
    assert second["Twin Town"] == {"10": of(6, "6.00"), "11": of(1, "1.00")}
    # The corrected sale counts in the later file.
    assert second["581"] == {"01": of(1, "50.00"), "02": of(1, "100.00"), "03": of(1, "50.00")}
    assert second["703"] == {day: of(1, "50.00") for day in ("01", "02", "09")}
    assert second["704"] == {"01": of(1, "50.00"), "02": of(2, "100.00")}
    assert second["600"] == {"05": of(1, "50.00"), "06": of(2, "200.00"), "07": of(1, "50.00")}
    assert refused(project) == {
        ("cumul_town_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(2, "3.00"),
        ("fix_town_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(10, "10.00"),
        ("mini_town_till-1_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(1, "1.00"),
        ("mini_town_till-2_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(1, "1.00"),
        ("pair_town_till-1_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(3, "3.00"),
        ("pair_town_till-2_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(3, "3.00"),
        ("twin_town_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(3, "3.00"),
        ("gap_town_12-05-2023_09-00-00.csv", "counted_in_another_file"): of(3, "6.00"),
        ("week_of_703.csv", "superseded_by_another_file"): of(1, "50.00"),
        ("week_01.csv", "superseded_by_another_file"): of(1, "50.00"),
    }
    assert flagged(project) == [("600", 1), ("Part Town", 1)]

    # Rows that another file's rows had yielded to are withdrawn: those count again. A correction
    # creates copies, and ends others.
    withdraw(
        project.url,
        [
            "sales_desk/sales/week_02.csv",
            "branch_pos/gap_town_11-05-2023_09-00-00.csv",
        ],
        "a test",
        quiet,
    )
    deliver_till(
        project, "part_town", "10", part_11.replace("11/05/2023 09:01", "10/05/2023 09:03"), "10"
    )
    deliver_till(
        project, "cumul_town", "10", till("Cumul Town", "10 01 Ann 1.00", "10 02 Abe 2.50"), "10"
    )
    corrected = [*fix[:-1], "10 19 Ann 1.50"]
    deliver_till(project, "fix_town", "10", till("Fix Town", *corrected), "10")
    deliver_till(project, "twin_town_till-2", "10", till("Twin Town", *TWINS))
    deliver_desk(project, "03", desk("9001 581 01 3", "9003 581 03 1"))
    third = night(project)
    assert third["Cumul Town"] == {"10": of(4, "6.50"), "11": of(1, "1.00")}
    assert third["Gap Town"] == {"11": of(3, "6.00"), "12": of(1, "1.00")}
    assert third["Part Town"] == {"10": of(3, "7.50"), "11": of(1, "4.00")}
    # Nine of the ten are copies; the corrected one is not proven to be one.
    assert third["Fix Town"] == {"10": of(11, "11.50"), "11": of(1, "1.00")}
    assert third["Twin Town"] == {"10": of(6, "6.00"), "11": of(1, "1.00")}
    assert third["581"] == {"01": of(1, "150.00"), "02": of(1, "50.00"), "03": of(1, "50.00")}
    assert third["600"] == {"05": of(1, "50.00"), "06": of(1, "100.00")}
    assert refused(project) == {
        ("fix_town_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(9, "9.00"),
        ("mini_town_till-1_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(1, "1.00"),
        ("mini_town_till-2_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(1, "1.00"),
        ("pair_town_till-1_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(3, "3.00"),
        ("pair_town_till-2_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(3, "3.00"),
        ("part_town_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(2, "3.50"),
        ("twin_town_11-05-2023_09-00-00.csv", "counted_in_another_file"): of(6, "6.00"),
        ("week_of_703.csv", "superseded_by_another_file"): of(1, "50.00"),
        ("week_01.csv", "superseded_by_another_file"): of(1, "50.00"),
    }
    assert flagged(project) == [("Cumul Town", 1)]

    project.keep_marts("nightly")
    assert night(project, "--full-refresh") == third
    assert project.differences("nightly") == {}
