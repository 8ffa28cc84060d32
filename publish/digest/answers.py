"""The only reader of the digest's models: models/marts/digest/rpt_digest__<question>.

A model defines the whole answer: which rows, how they are aggregated, and their order. Python only
names the columns to show.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Link

from base.errors import BranchlineError
from base.link import rows


def is_readable(link: Link, question: str) -> bool:
    """Whether the model of a question exists in the warehouse, and this user may read it.

    It does not exist before the first build.
    """
    return rows(
        link,
        """
        select
            has_schema_privilege(pg_namespace.oid, 'usage')
            and has_table_privilege(pg_class.oid, 'select')
        from pg_class
        inner join pg_namespace on relnamespace = pg_namespace.oid
        where nspname = 'marts' and relname = %s
        """,
        (f"rpt_digest__{question}",),
    ) == [(True,)]


def read_answer(
    link: Link,
    question: str,
    columns: Iterable[str],
    where: str = "true",
    parameters: tuple[Any, ...] = (),
) -> list[tuple[Any, ...]]:
    """These columns of a question's model, in the order of the model's rows.

    `where`: a condition on the model's own columns.

    Raises BranchlineError if the model does not exist. PostgreSQL drops a view together with a
    table that it reads, so it is missing after somebody has built only that table.
    """
    try:
        return rows(
            link,
            f"select {', '.join(columns)} from marts.rpt_digest__{question} where {where}"
            " order by position",
            parameters,
        )
    except psycopg2.errors.UndefinedTable:
        raise BranchlineError(
            f"The view marts.rpt_digest__{question} is missing.",
            f"Build it: dbt build --select rpt_digest__{question}",
        ) from None
