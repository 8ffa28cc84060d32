"""What a night builds: the nodes that read a raw table to which it added a file.

All others would be built and tested again as they are. (A node that reads no raw table, such as a
calendar, changes with the project only.) Neither are views built that stand as the last build made
them.
"""

from __future__ import annotations

from collections.abc import Collection

from psycopg2.extensions import connection as Link

from base.link import rows
from base.source_systems import listed_sources
from ingest import load_feeds
from operate.dbt.lineage import Lineage


def readers_of_new_files(
    link: Link, low_link: Link, lineage: Lineage, since: int, mark: int
) -> list[str]:
    """dbt's arguments that select what reads a file that came after the last good build; none
    where everything has to be built.

    `since`: the end of the ledger in the last good build, which was of this project version.
    `mark`: the end of the ledger now. `low_link` has the rights of those who build.
    """
    found = rows(
        link, "select distinct feed, status from raw.ingest_files where file_id > %s", (since,)
    )
    table_of = {feed.name: f"raw.{feed.table}" for feed in load_feeds(sources=listed_sources())}
    # A table that no feed fills may change at any time.
    others = lineage.sources.keys() - set(table_of.values())
    tables = {table_of.get(feed, "") for feed, _ in found} | others
    # An erasure concerns every model.
    if not tables <= lineage.sources.keys() or any(status == "erasure" for _, status in found):
        return []
    if not _are_complete(low_link, lineage.incremental, since):
        return []
    _carry_marks(low_link, lineage.left_out(tables), mark)
    return lineage.readers(tables, _standing_views(low_link))


def _are_complete(link: Link, models: Collection[str], since: int) -> bool:
    """Whether all incremental models have the files up to `since`.

    They have no marks where a full refresh is asked for, as by a rotation of the token key.
    """
    found = rows(
        link,
        "select count(*) from operations.high_water_marks where model = any(%s) and file_id >= %s",
        (list(models), since),
    )
    return found == [(len(models),)]


def _standing_views(link: Link) -> set[str]:
    """The views that are as the last build made them (macros/overrides/standing_views.sql)."""
    found = rows(
        link,
        "select views.view_name from operations.standing_views as views"
        " inner join pg_catalog.pg_rewrite as rules on views.rule_oid = rules.oid"
        " where views.rule_xmin = cast(rules.xmin as text)"
        " and rules.ev_class = to_regclass(views.view_name)",
    )
    return {name for (name,) in found}


def _carry_marks(link: Link, models: Collection[str], mark: int) -> None:
    """Note that models are complete up to `mark`, because none of the files concerns them.

    Otherwise the models that read them would read these files again every night.
    """
    with link.cursor() as cursor:
        cursor.execute(
            "update operations.high_water_marks set file_id = %s"
            " where model = any(%s) and file_id < %s",
            (mark, list(models), mark),
        )
