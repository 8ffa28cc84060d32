"""Locks that are released with their session, and that outsiders cannot take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from psycopg2.extensions import connection as Link

from base.link import open_link
from base.locks import COLUMNS, Lock

LOCK = Lock("public", "locks", "build")


@pytest.fixture
def url(database_url: str) -> str:
    with open_link(database_url) as link, link.cursor() as cursor:
        cursor.execute(f"create table public.locks {COLUMNS}")
    return database_url


@contextlib.contextmanager
def session(url: str) -> Iterator[Link]:
    with open_link(url) as link:
        yield link


def end(url: str, process: int) -> None:
    """Terminate a session, and wait until it has ended."""
    with session(url) as link, link.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 5000)", (process,))


def test_one_session_holds_the_lock_until_it_releases_it(url: str) -> None:
    with session(url) as first, session(url) as second:
        assert LOCK.holder(second) is None
        assert LOCK.take(first)
        assert not LOCK.take(second)
        assert not LOCK.take(first)
        assert LOCK.holder(second) == first.info.backend_pid
        LOCK.give_back(second)
        assert not LOCK.take(second)
        assert Lock("public", "locks", "load").take(second)
        LOCK.give_back(first)
        assert LOCK.take(second)


def test_the_lock_is_released_when_its_session_ends(url: str) -> None:
    with session(url) as other:
        first = psycopg2.connect(url)
        first.autocommit = True
        assert LOCK.take(first)
        end(url, first.info.backend_pid)
        assert LOCK.take(other)
        LOCK.give_back(other)
        with session(url) as again:
            assert LOCK.take(again)
            end(url, again.info.backend_pid)
            # The lock is released already; releasing it again is not an error.
            LOCK.give_back(again)
        assert LOCK.take(other)


def test_knowing_the_mark_does_not_give_the_lock(url: str) -> None:
    with session(url) as first, session(url) as outsider, session(url) as other:
        assert LOCK.take(first)
        with outsider.cursor() as cursor:
            cursor.execute("select mark from public.locks where name = 'build'")
            (mark,) = cursor.fetchone() or ("",)
            assert mark
            end(url, first.info.backend_pid)
            cursor.execute("select set_config('application_name', %s, false)", (f"x {mark}",))
            cursor.execute("select pg_advisory_lock(hashtext('branchline build'))")
        assert LOCK.holder(other) is None
        assert LOCK.take(other)


def test_a_session_may_hold_several_locks_and_keeps_its_name(url: str) -> None:
    names = "select application_name from pg_stat_activity where pid = pg_backend_pid()"
    locks = [Lock("public", "locks", name) for name in ("a", "b", "c")]
    for name in ("load", "", "x" * 70, "é#12345678" * 6, "nightly #0123abcd job"):
        with session(url) as link, session(url) as other, link.cursor() as cursor:
            cursor.execute("select set_config('application_name', %s, false)", (name,))
            for lock in locks:
                assert lock.take(link)
            for lock in locks:
                assert lock.holder(other) == link.info.backend_pid, name
            cursor.execute(names)
            (shown,) = cursor.fetchone() or ("",)
            if "#" not in name:
                assert shown.startswith(name[:30])
            for lock in locks:
                lock.give_back(link)
                assert lock.holder(other) is None


def test_only_one_of_many_concurrent_sessions_takes_the_lock(url: str) -> None:
    with contextlib.ExitStack() as stack:
        links = [stack.enter_context(session(url)) for _ in range(8)]
        with ThreadPoolExecutor(len(links)) as pool:
            assert sum(pool.map(LOCK.take, links)) == 1
