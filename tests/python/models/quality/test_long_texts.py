"""A text of any length in any cell, and a path of any length, do not stop a night."""

from __future__ import annotations

import random
import string

from nightly import Project

CHANCE = random.Random(1)
TILL = "10/01/2024 09:00,Leeds,Ann,Tea - 1.70,1.70,CASH,"
LISTS = {
    "customer": "customer_id,first_name,last_name,address,pincode,phone_number,joining_date",
    "store": "id,address,store_pincode,store_manager_name,store_opening_date,reviews",
    "product": "id,name,current_price,old_price,created_date,updated_date,expiry_date",
    "sales_team": "id,first_name,last_name,manager_id,is_manager,address,pincode,joining_date",
}
SALES = "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost"
ROWS = {
    "customer": "{n},Asha,Rao,Pune,411012,7000000001,2021-12-12",
    "store": "{n},Pune,411002,Chand,2020-01-15,Friendly.",
    "product": "{n},oats {n},10.50,9,2019-10-27,NULL,2025-07-15",
    "sales_team": "{n},Dev,Nair,3,N,Pune,411022,2023-06-30",
    "sales": "{n},{n},oats {n},2024-01-10,{n},10.50,2,21.00",
}
NOISE = "".join(CHANCE.choices(string.ascii_letters, k=1_000_000))
"""Incompressible text."""


def with_noise_in_each_cell(row: str) -> str:
    """A line per cell, in which that cell is a text of a megabyte; the row itself between them."""
    lines = []
    for place in range(len(row.split(","))):
        cells = row.format(n=place + 1).split(",")
        start = CHANCE.randrange(len(NOISE))
        cells[place] = NOISE[start:] + NOISE[:start]
        if " - " in row.split(",")[place]:
            cells[place] += " - 1.70"
        lines += [row.format(n=place + 1), ",".join(cells)]
    return "\n".join(lines) + "\n"


def long_path(project: Project) -> str:
    """A path below the till's folder that is nearly as long as the system allows."""
    room = 4000 - len(str(project.inbox))
    folders = ["branch_pos"]
    while len("/".join(folders)) < room - 300:
        folders.append("".join(CHANCE.choices(string.ascii_letters + string.digits, k=240)))
    return "/".join([*folders, "leeds_10-01-2024_09-00-00.csv"])


def test_texts_of_a_megabyte_and_a_long_path_are_built(project: Project) -> None:
    path = long_path(project)
    good = f"{TILL}\n" * 20
    refused = TILL.replace("1.70,1.70", "1.70,1.80") + "\n"
    project.deliver(path, good + refused + "broken line\n")
    project.deliver("branch_pos/york_10-01-2024_09-00-00.csv", with_noise_in_each_cell(TILL))
    for name, header in LISTS.items():
        project.deliver(
            f"sales_desk/{name}.csv", f"{header}\n{with_noise_in_each_cell(ROWS[name])}"
        )
    project.deliver(
        "sales_desk/sales/pune.csv", f"{SALES}\n{with_noise_in_each_cell(ROWS['sales'])}"
    )
    report = project.load()
    assert {outcome.status for outcome in report.files} == {"loaded"}
    assert max(len(outcome.path) for outcome in report.files) > 2700
    project.dbt("build", "--exclude-resource-type", "test", "unit_test")
    ((sold, rejected),) = project.rows(
        "select (select count(*) from marts.fct_transactions),"
        " (select count(*) from marts.rejected_rows where refused_at_step = 'check'"
        " and feed in ('branch_pos_transactions', 'sales_desk_sales'))"
    )
    assert sold + rejected == 21 + 14 + 16
    assert project.rows(
        "select refused_at_step from marts.rejected_rows where file_path = %s order by 1", path
    ) == [("check",), ("split",)]

    # The stored form of a long path is found when the file is corrected.
    project.deliver(path, good)
    project.load()
    project.dbt("run", "--select", "+rejected_rows")
    assert project.rows("select count(*) from marts.rejected_rows where file_path = %s", path) == [
        (0,)
    ]
