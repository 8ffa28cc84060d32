"""An erasure from its beginning to its end: raw, what dbt has built, and the record of it.

Raw is changed first, in one transaction with the list of the erased and a note of what is to be
changed in what dbt has built; that is changed next, in another one, with other rights. If it is
interrupted in between, the next erasure or run goes on there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Link

from base.errors import BranchlineError
from base.link import Connection, open_link
from base.settings import Settings
from base.source_systems import listed_sources, retained_days
from ingest import (
    Erasure,
    NothingBuilt,
    Request,
    Retention,
    erase_customers,
    is_unfinished,
    load_feeds,
    note_finished,
)
from operate.access.granting import has_marts
from operate.access.lowered import lowered
from operate.access.ours import check_ours
from operate.access.token_key import check_token_keys, token_keys
from operate.dbt.folders import log_folder
from operate.dbt.packages import install_packages
from operate.dbt.process import dbt_environment, quiet_dbt
from operate.dbt.profile import prepare_profile, target_arguments
from operate.privacy.built import BuiltCustomers, has_built_customers
from operate.server.notes import one_run_at_a_time

RETENTION = "retention (retain_personal_days)"
"""The reason of an erasure by age, where none is given."""
LOCK_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """What was erased in raw, or would be, and how many rows of each table that dbt has built."""

    erasure: Erasure
    built: Mapping[str, int] = field(default_factory=dict)
    continued: bool = False
    """Whether an interrupted erasure was finished first."""


def erase(
    settings: Settings,
    connection: Connection,
    requests: Sequence[Request] | None,
    because: str,
    say: Callable[[str], None],
    *,
    dry_run: bool = False,
) -> Outcome:
    """Erase customers, or, without requests, whatever is older than `retain_personal_days` allows.

    No load and no build runs meanwhile. Raises BranchlineError where nothing could be erased, and
    where an erasure of raw is done and the rest is not: then the next call goes on.
    """
    days = {} if requests is not None else retained_days(settings.project)
    if requests is None and not days:
        raise BranchlineError(
            "No source has a retention: retain_personal_days in dbt_project.yml is empty.",
            "Write there how many days personal data of each source's customers is kept"
            " (docs/privacy-erasure.md).",
        )
    install_packages(settings.project, say)
    prepare_profile(settings.project, say)
    with open_link(connection.url) as link:
        check_ours(link)
        with (
            one_run_at_a_time(link),
            lowered(connection) as low,
            open_link(low.url) as low_link,
        ):
            continued = finish_interrupted(settings, link, low, say)
            customers = BuiltCustomers(low_link) if has_built_customers(low_link) else None
            if customers is None and has_marts(low_link):
                raise BranchlineError(
                    "The models were built by an older version, which does not know all rows of a"
                    " customer. Nothing was erased.",
                    "Build them anew, then erase: branchline run",
                )
            expired = customers.expired(days) if customers is not None else []
            keys = token_keys(settings, link)
            erasure = erase_customers(
                connection.url,
                load_feeds(sources=listed_sources()),
                keys,
                Retention(days, expired) if requests is None else requests,
                customers or NothingBuilt(),
                because,
                say,
                dry_run=dry_run,
                lock_timeout=LOCK_SECONDS,
                permitted=lambda: check_token_keys(link, keys),
            )
            if dry_run:
                found = [key for person in erasure.persons for key in person.keys]
                counts = customers.counts(found) if customers is not None else {}
                return Outcome(erasure, counts, continued)
            return Outcome(erasure, _finish(settings, link, low, say, days, because), continued)


def finish_interrupted(
    settings: Settings, link: Link, low: Connection, say: Callable[[str], None]
) -> bool:
    """Finish an erasure that was interrupted after raw was changed; False where there is none.

    Call it with the build lock. Raises BranchlineError if dbt fails.
    """
    if not is_unfinished(link):
        return False
    say("Finishing an erasure that was interrupted ...")
    _finish(settings, link, low, say, {}, "")
    return True


def _finish(
    settings: Settings,
    link: Link,
    low: Connection,
    say: Callable[[str], None],
    days: Mapping[str, int],
    because: str,
) -> dict[str, int]:
    """Change what dbt has built, and record that; the number of rows by table."""
    if not (days or is_unfinished(link)):
        return {}
    counts: dict[str, int] = {}
    with open_link(low.url) as low_link:
        if has_marts(low_link):
            say("Changing what dbt has built ...")
            counts = _changed_by_dbt(settings, low, days)
            _forget_former_rows(low_link, list(counts))
    note_finished(link, counts, because)
    return counts


def _changed_by_dbt(settings: Settings, low: Connection, days: Mapping[str, int]) -> dict[str, int]:
    done = quiet_dbt(
        [
            *("run-operation", "erase_customers", "--args", json.dumps({"days": dict(days)})),
            *target_arguments(settings.project),
        ],
        settings.project,
        dbt_environment(settings, low),
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        raise BranchlineError(
            "Raw is erased, but dbt could not change what it has built. It says:\n"
            f"{done.stdout.strip()[-2000:]}",
            "Run the command again: it goes on there. So does `branchline run`, before it builds"
            f" anything. The whole log is in {log_folder(settings.project)}/dbt.log",
        )
    return {str(table): int(count) for table, count in json.loads(lines[-1]).items()}


def _forget_former_rows(link: Link, tables: Sequence[str]) -> None:
    """Vacuum the changed tables, and refresh their statistics. If this fails, autovacuum does it
    later."""
    with suppress(psycopg2.Error), link.cursor() as cursor:
        for table in tables:
            cursor.execute(
                sql.SQL("vacuum (analyze) {}").format(sql.Identifier(*table.split(".", 1)))
            )
