"""Erase customers in a project under test, and find what an erasure must not change or leave."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

import throwaway
from nightly import Project, Row

from base.link import Connection
from base.settings import read_settings
from ingest.contract.feeds import CARD_COLUMNS
from operate.privacy import erasing
from operate.privacy.erasing import Outcome, Request
from operate.server.postgres import programs


def dump(project: Project) -> str:
    """The whole content of the database, in small letters."""
    command = [str(programs() / "pg_dump"), project.url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.lower()


def erase(
    project: Project,
    requests: Sequence[Request] | None,
    because: str = "a letter",
    *,
    dry_run: bool = False,
) -> Outcome:
    """`branchline privacy erase`."""
    with here(project):
        return erasing.erase(
            read_settings({**project.env, "BRANCHLINE_TOKEN_KEY": throwaway.TOKEN_KEY}),
            Connection(project.url, "", 0, "", "", ""),
            requests,
            because,
            lambda _: None,
            dry_run=dry_run,
        )


@contextlib.contextmanager
def here(project: Project) -> Iterator[None]:
    """Let an erasure run dbt in this process."""

    def quiet_dbt(arguments: list[str], *_: Any) -> subprocess.CompletedProcess[str]:
        words = [word for word in arguments if word not in ("--target", "server")]
        return subprocess.CompletedProcess(words, 0, project.dbt(*words), "")

    def nothing(*_: object) -> None:
        return

    with patch.multiple(
        erasing, quiet_dbt=quiet_dbt, install_packages=nothing, prepare_profile=nothing
    ):
        yield


def totals(project: Project) -> dict[str, Row]:
    """Of every mart: how many rows, the sum of each number, how many different customers and
    visitors."""
    found = {}
    for name in project.marts():
        columns = project.rows(
            "select attname::text, atttypid::regtype::text from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 order by attnum",
            f"marts.{name}",
        )
        asked = ["count(*)"]
        for column, kind in columns:
            if kind in ("integer", "bigint", "numeric"):
                asked.append(f"sum({column})")
            elif column in ("customer_key", "card_token", "visitor_key", "ip_token", "session_key"):
                asked.append(f"count(distinct {column})")
        [found[name]] = project.rows(f"select {', '.join(asked)} from marts.{name}")
    return found


def same_totals(before: dict[str, Row], after: dict[str, Row]) -> None:
    """Check that an erasure has changed no total.

    Versions that differ in what is erased are one version, and what could not be read in an erased
    column is not wrong any more: both are fewer.
    """
    kept = before.keys() - {"dim_customer_versions", "rejected_rows", "rpt_digest__refused_files"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert before.keys() == after.keys()


def personal_values(project: Project) -> set[str]:
    """What only personal columns of rows that name a customer say, in small letters."""
    personal: set[str] = set()
    other: set[str] = set()
    for feed in project.feeds:
        named = {
            name
            for column in feed.columns
            if column.personal or column.is_replaced
            for name in column.raw_columns()
        }
        for name in feed.raw_columns():
            if name in CARD_COLUMNS[1:]:
                continue
            is_personal = name in named and bool(feed.customer)
            found = project.rows(
                f'select distinct lower("{name}") from raw.{feed.table} where "{name}" is not null'
                + (
                    " and (_file_id, _line_number) in"
                    " (select file_id, line_number from intermediate.int_customers__lines)"
                    if is_personal
                    else ""
                )
            )
            (personal if is_personal else other).update(value for (value,) in found)
    text = "\n".join(other)
    # A shorter one may be a part of anything; a dump writes line breaks and backslashes otherwise.
    return {
        value
        for value in personal
        if len(value) > 4 and value not in text and not {"\n", "\\"} & set(value)
    }
