"""The expected rows of the tills' files in raw."""

from __future__ import annotations

from bench.figures import Section
from bench.server import open_link, rows, value
from bench.truth import Truth

CURRENT_ROWS = """
    from raw.branch_pos_transactions as sold
    inner join raw.ingest_files as files on sold._file_id = files.file_id
    where files.status = 'loaded'
"""


def check_raw(section: Section, url: str, truth: Truth, cards: int | None = None) -> None:
    """Compare what this loader loaded with what was written."""
    with open_link(url) as link:
        found = rows(
            link,
            "select count(*), sum(cast(sold.total as numeric(18, 2))), count(sold.card_token),"
            f" coalesce(sum(cast(sold.card_last4 as integer)), 0) {CURRENT_ROWS}",
        )[0]
        section.check("rows in raw", truth.rows, found[0])
        section.check("money in raw", truth.money, found[1])
        section.check("card payments in raw", truth.card_rows, found[2])
        section.check("sum of the cards' last four digits", truth.last_four, found[3])
        if cards is not None:
            section.check(
                "different card tokens",
                cards,
                value(link, f"select count(distinct sold.card_token) {CURRENT_ROWS}"),
            )
        section.check("rejected lines", 0, value(link, "select count(*) from raw.ingest_rejects"))
