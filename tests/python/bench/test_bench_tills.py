"""The benchmarks' stores: a night's backup leads to what a longer history has."""

from __future__ import annotations

from bench.retail360.till_company import TillCompany
from sample.places import Database
from sample.retail360.tables import DOCUMENTS

Rows = dict[str, list[tuple[str | None, ...]]]

DAYS = 27
"""The last day of these has a document that is voided on the next."""


def rows_of(database: Database) -> Rows:
    return {name: [tuple(row) for row in table.rows] for name, table in database.tables.items()}


def voided(databases: dict[str | None, Rows]) -> set[tuple[str | None, str | None]]:
    return {
        (branch, row[0])
        for branch, tables in databases.items()
        for row in tables[DOCUMENTS.name]
        if row[1] == "12"
    }


def test_a_night_leads_to_a_longer_history() -> None:
    company = TillCompany(2, DAYS, 60)
    found = {database.branch: rows_of(database) for database in company.databases()}
    first, voided_before = company.expected(), voided(found)
    for database, kept in company.next_day():
        held = found[database.branch]
        for name, rows in rows_of(database).items():
            old: list[tuple[str | None, ...]] = []
            if name in kept:
                column, value = kept[name]
                place = [known for known, _ in database.tables[name].columns].index(column)
                old = [row for row in held[name] if int(row[place] or 0) < int(value)]
            held[name] = old + rows
    assert voided(found) > voided_before
    longer = TillCompany(2, DAYS + 1, 60)
    assert found == {database.branch: rows_of(database) for database in longer.databases()}
    assert company.expected() == longer.expected()
    assert company.expected().sales > first.sales
    assert company.lines() == longer.lines()


def test_what_counts_and_what_does_not_are_all_documents() -> None:
    company = TillCompany(2, 40, 100)
    expected = company.expected()
    assert len(expected.rejected) == 4
    assert expected.sales == sum(1 for world in company.worlds for _ in world.counted(40))
    faulty = sum(sum(world.faulty(40).values()) for world in company.worlds)
    written = sum(world.written(40) for world in company.worlds)
    assert expected.sales + faulty == written
