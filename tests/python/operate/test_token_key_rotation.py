"""A new token key for every card: equal cards stay equal, and the old key alone is useless."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import throwaway

from base.errors import BranchlineError
from base.link import Connection, open_link, rows
from base.settings import Settings, read_settings
from ingest.cards import CardTokens
from ingest.contract.reading import load_feeds
from ingest.raw.session import LOCK, loader_lock
from ingest.review.customers import Line, NothingBuilt
from ingest.review.erasure import Request, erase_customers, note_finished
from operate.access.key_rotation import rotate_key
from operate.access.token_key import fingerprint, key_file, note_keys, noted_keys
from operate.runs.builds import last_build, note_build, server_time
from operate.runs.loading import load_inbox

OLD, NEW = "Ab" * 8 + "-the-old-key-000", "Cd" * 8 + "-the-new-key-111"
CARDS = [f"{4_929_000_000_000_000 + place * 7_919:d}" for place in range(9)]


def lines(cards: list[str], day: str) -> str:
    """A till's file: a receipt per card."""
    return "".join(
        f'{day} 09:{place:02d},Leeds,Ann,"Tea - 1.80",1.80,CARD,{card}\n'
        for place, card in enumerate(cards)
    )


class Till:
    """A warehouse with an inbox, and the settings that a command would read."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.env = {**throwaway.environment(url, folder), "BRANCHLINE_TOKEN_KEY": OLD}
        (folder / "inbox" / "branch_pos").mkdir(parents=True)

    def settings(self, *keys: str) -> Settings:
        return read_settings({**self.env, "BRANCHLINE_TOKEN_KEY": ",".join(keys)})

    def connection(self) -> Connection:
        return Connection(self.url, "", 0, "", "", "")

    def sell(
        self, cards: list[str], day: int, *keys: str, settings: Settings | None = None
    ) -> None:
        name = f"leeds_{day:02d}-08-2021_09-00-00.csv"
        (self.folder / "inbox" / "branch_pos" / name).write_text(lines(cards, f"{day:02d}/08/2021"))
        report = load_inbox(
            settings or self.settings(*keys), self.connection(), str(self.folder / "inbox")
        )
        assert not report.failed

    def rotate(self, *keys: str) -> int:
        return rotate_key(self.settings(*keys), self.connection(), lambda _: None).tokens

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(psycopg2.connect(self.url)) as link:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else []

    def tokens(self) -> list[str]:
        return [
            token
            for (token,) in self.ask(
                "select card_token from raw.branch_pos_transactions order by _file_id, _line_number"
            )
        ]


@pytest.fixture
def till(database_url: str, tmp_path: Path) -> Till:
    return Till(database_url, tmp_path)


def chain(cards: list[str], *keys: str) -> list[str]:
    """The tokens of cards under keys."""
    made = CardTokens(*(key.encode() for key in keys))
    return [made.token(card) for card in cards]


def test_a_returning_card_is_still_one_card(till: Till) -> None:
    till.sell(CARDS[:6], 1, OLD)
    assert till.tokens() == chain(CARDS[:6], OLD)
    everything_else = "select card_last4, customer_name, _file_id, _line_number, _loaded_at from {}"
    before = till.ask(everything_else.format("raw.branch_pos_transactions") + " order by 3, 4")
    assert till.rotate(OLD, NEW) == 6
    assert till.tokens() == chain(CARDS[:6], OLD, NEW)
    assert before == till.ask(
        everything_else.format("raw.branch_pos_transactions") + " order by 3, 4"
    )
    till.sell(CARDS[3:9], 2, OLD, NEW)
    assert till.tokens() == chain(CARDS[:6] + CARDS[3:9], OLD, NEW)
    assert len(set(till.tokens())) == len(CARDS)
    # Neither key by itself explains any stored token.
    assert not set(till.tokens()) & {*chain(CARDS, OLD), *chain(CARDS, NEW)}
    with open_link(till.url) as link, link.cursor() as cursor:
        assert noted_keys(cursor) == [fingerprint(OLD.encode()), fingerprint(NEW.encode())]


def test_wrong_keys_are_refused_before_and_after_a_rotation(till: Till) -> None:
    with pytest.raises(BranchlineError, match="nothing to rotate"):
        till.rotate(OLD, NEW)
    till.sell(CARDS[:2], 1, OLD)
    for keys, words in (
        ((OLD,), "There is no new key"),
        ((NEW,), "is not the one"),
        ((NEW, OLD), "is not the one"),
    ):
        with pytest.raises(BranchlineError, match=words):
            till.rotate(*keys)
    with pytest.raises(BranchlineError, match="rotate-key"):
        till.sell(CARDS[:2], 2, OLD, NEW)
    assert till.tokens() == chain(CARDS[:2], OLD)
    till.rotate(OLD, NEW)
    for keys, words in (((OLD,), "newest is missing"), ((NEW, OLD), "another order")):
        with pytest.raises(BranchlineError, match=words):
            till.sell(CARDS[:2], 2, *keys)
        with pytest.raises(BranchlineError, match=words):
            till.rotate(*keys)
    assert till.tokens() == chain(CARDS[:2], OLD, NEW)


def test_the_embedded_warehouse_creates_and_stores_the_new_key(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = dataclasses.replace(till.settings(OLD), database_url=None, token_key=None)
    till.sell(CARDS[:3], 1, settings=settings)
    first = key_file(settings).read_text().split()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    # Interrupted when the key is on disk but not used yet.
    with monkeypatch.context() as patched:
        patched.setattr("operate.access.key_rotation._void_builds", stop)
        with pytest.raises(KeyboardInterrupt):
            rotate_key(settings, till.connection(), lambda _: None)
    keys = key_file(settings).read_text().split()
    assert keys[:1] == first
    assert len(keys) == 2
    assert till.tokens() == chain(CARDS[:3], *first)
    with pytest.raises(BranchlineError, match="rotate-key"):
        till.sell(CARDS[:3], 2, settings=settings)
    done = rotate_key(settings, till.connection(), lambda _: None)
    assert (done.keys, done.tokens, done.rows) == (2, 3, 3)
    assert key_file(settings).read_text().split() == keys
    assert till.tokens() == chain(CARDS[:3], *keys)
    assert rotate_key(settings, till.connection(), lambda _: None).keys == 3
    assert till.tokens() == chain(CARDS[:3], *key_file(settings).read_text().split())


def test_models_with_old_tokens_are_rebuilt(till: Till) -> None:
    till.sell(CARDS[:2], 1, OLD)
    marks = "(model text, file_id bigint)"
    till.ask(f"create table operations.high_water_marks {marks}")
    till.ask(
        f"create schema pr_17_operations; create table pr_17_operations.high_water_marks {marks}"
    )
    for schema in ("operations", "pr_17_operations"):
        till.ask(f"insert into {schema}.high_water_marks values ('fct_sales', 1)")
    with open_link(till.url) as link:
        note_build(link, 1, "abc", 23, 280, server_time(link))
        before = last_build(link)
        assert before is not None
        assert before.project_fingerprint == "abc"
        till.rotate(OLD, NEW)
        after = last_build(link)
        assert after is None or after.project_fingerprint != "abc"
    for schema in ("operations", "pr_17_operations"):
        assert till.ask(f"select * from {schema}.high_water_marks") == []


def test_a_rotation_waits_for_a_running_load(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    till.sell(CARDS[:2], 1, OLD)
    monkeypatch.setattr("operate.access.key_rotation.LOCK_SECONDS", 0.3)
    with (
        open_link(till.url) as loading,
        loader_lock(loading, 1, lambda _: None),
        pytest.raises(BranchlineError, match="Another load is running"),
    ):
        till.rotate(OLD, NEW)
    assert till.tokens() == chain(CARDS[:2], OLD)
    assert till.rotate(OLD, NEW) == 2


def test_a_load_with_the_old_keys_writes_nothing(till: Till) -> None:
    till.sell(CARDS[:2], 1, OLD)
    with (
        open_link(till.url) as link,
        loader_lock(link, 1, lambda _: None),
        ThreadPoolExecutor(1) as pool,
    ):
        # It has read its keys, and waits for the lock.
        load = pool.submit(till.sell, CARDS[2:4], 2, OLD)
        waiting = "select count(*) from pg_stat_activity where application_name = %s"
        while not rows(link, waiting, ("branchline load",))[0][0]:
            assert not load.done()
            time.sleep(0.02)
        with link.cursor() as cursor:
            note_keys(cursor, [OLD.encode(), NEW.encode()])
        LOCK.give_back(link)
        with pytest.raises(BranchlineError, match="newest is missing"):
            load.result()
    assert till.tokens() == chain(CARDS[:2], OLD)


def test_an_undeclared_feed_is_rekeyed_too(till: Till) -> None:
    till.sell(CARDS[:2], 1, OLD)
    till.ask(
        "create table raw.former_till as select card_token, card_last4 from"
        " raw.branch_pos_transactions"
    )
    till.rotate(OLD, NEW)
    assert till.ask("select card_token from raw.former_till order by card_last4") == [
        (token,) for token in chain(sorted(CARDS[:2], key=lambda card: card[-4:]), OLD, NEW)
    ]


def test_a_killed_rotation_leaves_all_tokens_old_or_all_new(till: Till) -> None:
    till.sell(CARDS[:1], 1, OLD)
    till.ask(
        "insert into raw.branch_pos_transactions (card_token, _file_id, _line_number)"
        " select encode(sha256(convert_to((g % 20000)::text, 'UTF8')), 'hex'), 1, 10 + g"
        " from generate_series(1, 60000) as g"
    )
    before = till.tokens()
    newer = CardTokens(NEW.encode())
    after = [newer.token(token) for token in before]
    env = {**till.env, "BRANCHLINE_TOKEN_KEY": f"{OLD} {NEW}"}
    command = [str(Path(sys.executable).parent / "branchline"), "warehouse", "rotate-key"]
    chance = random.Random(7)
    killed = 0
    for _ in range(4):
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        # From the beginning of its work.
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.4))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
        process.stdout.close()
        with open_link(till.url) as link, link.cursor() as cursor:
            # The server notices the lost client a moment later.
            cursor.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
                " and backend_type = 'client backend'"
            )
            number = len(noted_keys(cursor))
        assert till.tokens() == (before if number == 1 else after)
        if number == 2:
            break
    else:
        till.rotate(OLD, NEW)
    assert killed
    assert till.tokens() == after


def test_an_erased_card_stays_erased_under_a_new_key(till: Till) -> None:
    till.sell(CARDS[:3], 1, OLD)

    def erase(card: str, *keys: str) -> None:
        day, token = len(keys), chain([card], *keys)[0]
        key = till.ask(f"select md5('{day}{token}')")[0][0]
        built = ByCard(till, {key: token})
        erase_customers(
            *(till.url, load_feeds(), [key.encode() for key in keys]),
            *([Request(None, key)], built, "a letter", lambda _: None),
        )
        with open_link(till.url) as link:
            note_finished(link, {}, "")

    erase(CARDS[0], OLD)
    [erased, *others] = till.tokens()
    assert erased.startswith("erased-")
    with open_link(till.url) as link, link.cursor() as cursor:
        cursor.execute("update raw.ingest_erasures set finished_at = null")
        with pytest.raises(BranchlineError, match="erasure was interrupted"):
            till.rotate(OLD, NEW)
        cursor.execute("update raw.ingest_erasures set finished_at = now()")
    till.rotate(OLD, NEW)
    erase(CARDS[1], OLD, NEW)
    till.sell(CARDS[:3], 2, OLD, NEW)
    # Each card is one card, erased before the rotation, after it, or never.
    first, second = till.tokens()[:3], till.tokens()[3:]
    assert first == second
    assert [token.startswith("erased-") for token in first] == [True, True, False]
    assert first[0] == erased
    assert first[2] == chain(CARDS[2:3], OLD, NEW)[0] != others[1]


class ByCard(NothingBuilt):
    """What dbt would have built: customers by the tokens of their cards."""

    def __init__(self, till: Till, tokens: dict[str, str]) -> None:
        self._till, self._tokens = till, tokens

    def lines_of(self, keys: Collection[str]) -> Iterator[tuple[str, Line]]:
        for key in keys:
            for file_id, number in self._till.ask(
                "select _file_id, _line_number from raw.branch_pos_transactions"
                f" where card_token = '{self._tokens[key]}'"
            ):
                yield key, (file_id, number)


def test_tokens_of_addresses_are_rekeyed_with_those_of_cards(till: Till) -> None:
    till.sell(CARDS[:1], 1, OLD)
    addresses = ["192.0.2.5", "2001:db8::5"]
    till.ask("create table raw.site_log (ip_token text, card_token text)")
    for address, older in zip(addresses, chain(addresses, OLD), strict=True):
        till.ask(f"insert into raw.site_log values ('{older}', '{chain(CARDS, OLD)[0]}')")
        assert older != address
    # Not a token, as in a column of that name which a file brought.
    till.ask("insert into raw.site_log values ('none', null)")
    assert till.rotate(OLD, NEW) == 1 + 1 + 2
    stored = till.ask("select ip_token, card_token from raw.site_log")
    assert set(stored) == {
        *((newer, chain(CARDS, OLD, NEW)[0]) for newer in chain(addresses, OLD, NEW)),
        ("none", None),
    }
