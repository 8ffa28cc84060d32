"""Keep readers from blocking a build for long.

dbt swaps tables, and waits for everyone who reads one, or has read one in an open transaction. The
time limits of a reader's log-in are only defaults, which the reader may change; this one is fixed.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from psycopg2.extensions import connection as Link

from base.errors import BranchlineError
from base.link import Connection, open_link
from operate.access.role_names import Roles, find_roles

PATIENCE_SECONDS = 600.0
POLL_SECONDS = 2.0

_IN_THE_WAY = """
select distinct reader.pid, reader.usename::text
from pg_stat_activity as builder
cross join lateral unnest(pg_blocking_pids(builder.pid)) as blocking (pid)
inner join pg_stat_activity as reader on blocking.pid = reader.pid
inner join pg_roles on reader.usesysid = pg_roles.oid
where
    builder.usename = %(builder)s
    and builder.datname = current_database()
    and not rolsuper
    and not pg_has_role(reader.usesysid, %(loader)s, 'member')
    and not pg_has_role(reader.usesysid, %(transformer)s, 'member')
"""


@contextlib.contextmanager
def readers_in_the_way_ended(
    connection: Connection,
    builder: Connection,
    say: Callable[[str], None],
    patience: float = PATIENCE_SECONDS,
) -> Iterator[None]:
    """End the sessions of readers that block `builder` for longer than `patience`.

    `connection`: the owner's. If both are the same, no session is ended. If the owner may not end
    sessions, the build waits.
    """
    if builder is connection:
        yield
        return
    done = threading.Event()

    def watch() -> None:
        # No error here is a reason to stop a build.
        with contextlib.suppress(BranchlineError), open_link(connection.url) as link:
            roles = find_roles(link)
            if roles is not None:
                _watch(link, roles, builder.user, say, patience, done)

    thread = threading.Thread(target=watch, name="branchline-readers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _watch(
    link: Link,
    roles: Roles,
    builder: str,
    say: Callable[[str], None],
    patience: float,
    done: threading.Event,
) -> None:
    since: dict[int, float] = {}
    with link.cursor() as cursor:
        while not done.wait(min(POLL_SECONDS, patience / 4)):
            cursor.execute(
                _IN_THE_WAY,
                {"builder": builder, "loader": roles.loader, "transformer": roles.transformer},
            )
            found = dict(cursor.fetchall())
            now = time.monotonic()
            since = {pid: since.get(pid, now) for pid in found}
            for pid, began in since.items():
                if now - began >= patience:
                    say(
                        f"{found[pid]} has blocked the build for {patience / 60:.0f} minutes; this"
                        " session is ended."
                    )
                    cursor.execute("select pg_terminate_backend(%s)", (pid,))
