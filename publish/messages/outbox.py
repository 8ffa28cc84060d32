"""The outbox: which messages wait, are sent, or were given up, in the warehouse.

A message is planned in the transaction that records its edition, so that none is lost. It is sent
in a transaction of its own, and recorded right after that: a process that is killed in between
sends it again, with the same id. No other way has neither losses nor repetitions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Protocol

import psycopg2
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from publish.messages import chat
from publish.messages.addresses import Target, targets
from publish.messages.content import Message
from publish.messages.failure import NotSent
from publish.messages.mail import Mailbox, Post, compose

TABLES = """\
create table if not exists operations.outbox (
    message_id text primary key,
    publication text not null,
    part text not null,
    business_date date not null,
    version integer not null,
    occasion text not null,
    audience text not null,
    names text[] not null,
    target text not null,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'given_up')),
    attempts integer not null default 0,
    failures integer not null default 0,
    planned_at timestamptz not null default clock_timestamp(),
    next_try_at timestamptz not null default clock_timestamp(),
    last_error text,
    sent_at timestamptz
);
"""
"""Owner-made, like the record of editions. `names`: of the branch, as its addresses are found by.
`target` is masked: no table has an address. `attempts`: how often its server was asked; `failures`:
how often it could not be sent, also because its server was known to be down."""

BACK_OFF_MINUTES = (1, 5, 15, 60, 240)
"""How long a message waits after each failure; the last one counts from then on."""
GIVEN_UP_AFTER_DAYS = 3
GIVEN_UP_AFTER_FAILURES = 5
"""Both: where nothing was sent for days, it was not tried either."""
SHOWN_FOR_DAYS = 7


class _Occasion(Enum):
    """Why a message is sent. `COMPLETE`: again, because branches were missing before."""

    FIRST = "first"
    COMPLETE = "complete"


class Edition(Protocol):
    """What a message is about: a version of a publication's part for one business date.

    `completes`: no branch is missing any more that was in an earlier version.
    """

    @property
    def publication(self) -> str: ...
    @property
    def part(self) -> str: ...
    @property
    def business_date(self) -> date: ...
    @property
    def version(self) -> int: ...
    @property
    def completes(self) -> bool: ...


@dataclass(frozen=True)
class Waiting:
    """A message that has not been sent."""

    message_id: str
    publication: str
    part: str
    business_date: date
    version: int
    occasion: str
    audience: str
    names: Sequence[str]
    target: str
    attempts: int
    planned_at: datetime


@dataclass(frozen=True)
class Delivery:
    """What one delivery did. `reasons`: why messages were not sent, each once."""

    sent: int = 0
    delayed: int = 0
    given_up: int = 0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class GivenUp:
    """A message that nobody will get."""

    publication: str
    business_date: date
    target: str
    reason: str


@dataclass(frozen=True)
class OutboxState:
    """How many messages wait, since when, and which were given up in the last days."""

    waiting: int
    oldest: datetime | None
    given_up: tuple[GivenUp, ...]


def plan(
    link: Link,
    edition: Edition,
    audience: str,
    names: Sequence[str],
    to: Sequence[Target],
) -> int:
    """Put the messages of an edition into the outbox, in the caller's transaction.

    `names`: those of its branch, with which the targets `to` were found. What is in the outbox
    already stays as it is. An edition that completes an earlier one is sent again, but only to
    whom the first message has gone: where that still waits, it will have the complete page.
    Returns how many messages are new.
    """
    occasion = _Occasion.COMPLETE if edition.completes else _Occasion.FIRST
    planned = 0
    with link.cursor() as cursor:
        for target in to:
            if edition.completes and not _has_gone(cursor, edition, target):
                continue
            cursor.execute(
                "insert into operations.outbox (message_id, publication, part, business_date,"
                " version, occasion, audience, names, target)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                (
                    _message_id(edition, occasion, target),
                    edition.publication,
                    edition.part,
                    edition.business_date,
                    edition.version,
                    occasion.value,
                    audience,
                    list(names),
                    target.shown,
                ),
            )
            planned += cursor.rowcount
    return planned


def _has_gone(cursor: Cursor, edition: Edition, target: Target) -> bool:
    """Whether the first message was planned and does not wait any more. One that waits is about
    this version from now on.

    If it is being sent right now, this waits for the outcome.
    """
    first = (_message_id(edition, _Occasion.FIRST, target),)
    cursor.execute(
        "update operations.outbox set version = %s where message_id = %s and state = 'waiting'",
        (edition.version, *first),
    )
    if cursor.rowcount:
        return False
    cursor.execute("select 1 from operations.outbox where message_id = %s", first)
    return cursor.fetchone() is not None


def _message_id(edition: Edition | Waiting, occasion: _Occasion, target: Target) -> str:
    """The id of the one message of an edition to a target on an occasion, of whatever version."""
    parts = (
        edition.publication,
        edition.part,
        edition.business_date.isoformat(),
        occasion.value,
        target.key,
    )
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def deliver(link: Link, environ: Mapping[str, str], load: Callable[[Waiting], Message]) -> Delivery:
    """Send every message that is due, in the order in which they were planned.

    Those that failed before come last, so that a message at which a server hangs up cannot keep
    the others from being tried.

    `link`: in autocommit mode; each message has a transaction of its own. `environ`: has the
    addresses. `load`: gives the content of a message. If it fails, or the address is gone, or a
    server does not take the message, that is delayed. Only the database's errors are raised.
    """
    # The first object of a target is kept, because it knows when the service was last called.
    known: dict[tuple[str, str], Target] = {}
    down: dict[str, str] = {}
    counts = {"sent": 0, "waiting": 0, "given_up": 0}
    reasons: dict[str, None] = {}
    with Post() as post:
        for due in _due(link):
            with link, link.cursor() as cursor:
                row = _take(cursor, due)
                if row is None:
                    continue
                try:
                    target = _target(row, environ)
                    target = known.setdefault((target.key, target.server), target)
                    _send(row, target, load, post, down)
                except NotSent as error:
                    state = _note_failure(cursor, row, error)
                    reasons[f"{row.target}: {error.reason}."] = None
                else:
                    state = _note_success(cursor, row)
                counts[state] += 1
    return Delivery(counts["sent"], counts["waiting"], counts["given_up"], tuple(reasons))


def outbox_state(link: Link) -> OutboxState:
    """What waits, and what was given up lately; nothing in a warehouse without an outbox, or for a
    user who may not read it.
    """
    with link.cursor() as cursor:
        cursor.execute(
            "select has_table_privilege(oid, 'select') from pg_class"
            " where oid = to_regclass('operations.outbox')"
        )
        if cursor.fetchone() != (True,):
            return OutboxState(0, None, ())
        cursor.execute(
            "select count(*), min(planned_at) from operations.outbox where state = 'waiting'"
        )
        waiting, oldest = cursor.fetchone() or (0, None)
        cursor.execute(
            "select publication, business_date, target, last_error from operations.outbox"
            " where state = 'given_up' and next_try_at > clock_timestamp() - %s * interval '1 day'"
            " order by planned_at, message_id",
            (SHOWN_FOR_DAYS,),
        )
        return OutboxState(waiting, oldest, tuple(GivenUp(*row) for row in cursor.fetchall()))


def _due(link: Link) -> list[str]:
    with link.cursor() as cursor:
        cursor.execute(
            "select message_id from operations.outbox"
            " where state = 'waiting' and next_try_at <= clock_timestamp()"
            " order by attempts, planned_at, business_date, publication, part, message_id"
        )
        return [found for (found,) in cursor.fetchall()]


def _take(cursor: Cursor, due: str) -> Waiting | None:
    """Lock a message for sending; None if another process has, or has sent it."""
    cursor.execute(
        "select message_id, publication, part, business_date, version, occasion, audience, names,"
        " target, attempts, planned_at from operations.outbox where message_id = %s"
        " and state = 'waiting' and next_try_at <= clock_timestamp() for update skip locked",
        (due,),
    )
    found = cursor.fetchone()
    return Waiting(*found) if found else None


def _target(row: Waiting, environ: Mapping[str, str]) -> Target:
    """The address of a message. Raises NotSent if the environment has it no more."""
    occasion = _Occasion(row.occasion)
    for target in targets(environ, row.audience, row.names):
        if _message_id(row, occasion, target) == row.message_id:
            return target
    raise NotSent(f"it is not among the addresses of {row.audience} any more", is_tried=False)


def _send(
    row: Waiting,
    target: Target,
    load: Callable[[Waiting], Message],
    post: Post,
    down: dict[str, str],
) -> None:
    """Send one message. Raises NotSent."""
    if target.server in down:
        raise NotSent(down[target.server], is_tried=False)
    try:
        message = load(row)
    except psycopg2.Error:
        raise
    except Exception as error:
        # Whatever is wrong with one edition's files, the other messages are sent.
        raise NotSent(f"its files cannot be read ({type(error).__name__})") from None
    try:
        if isinstance(target.way, Mailbox):
            post.send(target.way, compose(target.way, message, row.message_id, row.planned_at))
        else:
            chat.send(target.way, message, row.message_id)
    except NotSent as error:
        if error.is_server_down:
            down[target.server] = error.reason
        raise


def _note_success(cursor: Cursor, row: Waiting) -> str:
    cursor.execute(
        "update operations.outbox set state = 'sent', attempts = attempts + 1, last_error = null,"
        " sent_at = clock_timestamp() where message_id = %s",
        (row.message_id,),
    )
    return "sent"


def _note_failure(cursor: Cursor, row: Waiting, error: NotSent) -> str:
    """Delay a message, or give it up if it has waited too long; returns its state."""
    minutes = BACK_OFF_MINUTES[min(row.attempts, len(BACK_OFF_MINUTES) - 1)]
    cursor.execute(
        "update operations.outbox set attempts = attempts + %s, failures = failures + 1,"
        " last_error = %s, next_try_at = clock_timestamp() + %s * interval '1 minute',"
        " state = case when failures + 1 >= %s"
        " and planned_at < clock_timestamp() - %s * interval '1 day'"
        " then 'given_up' else 'waiting' end where message_id = %s returning state",
        (
            int(error.is_tried),
            error.reason,
            minutes,
            GIVEN_UP_AFTER_FAILURES,
            GIVEN_UP_AFTER_DAYS,
            row.message_id,
        ),
    )
    (state,) = cursor.fetchone() or ("waiting",)
    return str(state)
