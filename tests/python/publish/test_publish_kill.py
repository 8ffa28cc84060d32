"""Killed at any moment and run again: the same bytes, no half file, every message once."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
import traceback
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from message_servers import MailServer, mail_server
from small_company import DAY, SmallCompany, small_company

from base.link import Connection
from operate.runs import publishing
from publish.layout.frame import Frame, MailBody
from publish.reports.page import Page

KILLS = 100
KILLS_OF_A_STEP = 10
STEPS = KILLS // KILLS_OF_A_STEP
FIRST = date(2026, 3, 1)
END = "the end\n"
"""As many bytes as the end of an index page."""


def _html(page: Page, frame: Frame) -> str:
    # Large enough for a file to be half written.
    return f"{page.content()}{frame}{'.' * 20_000}{END}"


CONTRACT = """\
company: Small company
audiences:
  managers: {of: branch}
  directors: {of: company}
places:
  share: {}
publications:
  takings: {report: takings, every: day, for: [managers, directors], message: true}
  days:
    export: rpt_daily_sales
    file: days.csv
    days: 2
    every: day
    for: [directors]
    to: [share]
"""
LAYOUT = SimpleNamespace(
    html=_html,
    pdf=lambda page, frame: _html(page, frame).encode(),
    mail=lambda page, frame: MailBody(page.headline, f"<p>{page.headline}</p>", page.headline),
)
"""The real one takes most of a run's time and writes nothing."""


@pytest.fixture
def company(
    postgres_server: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmallCompany]:
    monkeypatch.setattr("publish.editions.pages.layout", LAYOUT)
    # Temporary log-ins take most of the rest; test_lower_roles.py kills their commands.
    monkeypatch.setattr(publishing, "lowered", contextlib.nullcontext)
    monkeypatch.setattr(
        publishing,
        "reading",
        lambda connection, purposes: contextlib.nullcontext(
            (connection, dict.fromkeys(purposes, ""))
        ),
    )
    with small_company(postgres_server, tmp_path) as made:
        made.contract = CONTRACT
        made.open_branch("York")
        yield made


def sell_all(company: SmallCompany) -> None:
    """The sales of all days, as they were before any correction."""
    company.ask("truncate marts.rpt_daily_sales")
    for step in range(-2, STEPS):
        company.sell(FIRST + step * DAY, {"York": 50 + step})


def correct(company: SmallCompany, step: int) -> None:
    """What a night brings besides its day: now and then the correction of an earlier one."""
    if step % 3 == 2:
        company.sell(FIRST + (step - 2) * DAY, {"York": 500 + step})


def forget_all(company: SmallCompany, server: MailServer, name: str) -> None:
    """Nothing was ever published or sent. `name`: of what is put aside."""
    for folder in ("published", "share"):
        (company.folder / folder).rename(company.folder / f"{name} {folder}")
    (company.folder / "share").mkdir()
    server.forget()
    company.ask(
        "truncate operations.editions, operations.publication_dates, operations.published_days,"
        " operations.outbox"
    )


def start(company: SmallCompany, step: int) -> int:
    """Publish in another process; forked, because a new one spends seconds on imports."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        report = company.publish(on=FIRST + step * DAY)
        status = 0 if report.succeeded and not report.delivery.delayed else 2
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def ended(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def kill_after(child: int, seconds: float, company: SmallCompany) -> bool:
    """Kill the process then, unless it has ended; return whether it was killed.

    Not while it is sending a mail: one that the server had accepted would be sent again, with the
    same id (test_messages.py).
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end and not ended(child):
        time.sleep(0.001)
    while not ended(child):
        os.kill(child, signal.SIGSTOP)
        if not is_sending(company):
            os.kill(child, signal.SIGKILL)
            break
        os.kill(child, signal.SIGCONT)
        time.sleep(0.002)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def is_sending(company: SmallCompany) -> bool:
    """Whether a message is locked, from before it is sent until that is recorded."""
    return bool(
        company.ask(
            "select 1 from pg_locks"
            " where relation = 'operations.outbox'::regclass and mode = 'RowShareLock'"
        )
    )


def wait_for_sessions(company: SmallCompany) -> None:
    """Wait until the server has noticed that a killed process has gone."""
    patience = time.monotonic() + 60
    while company.ask(
        "select 1 from pg_stat_activity where datname = current_database()"
        " and backend_type = 'client backend' and pid <> pg_backend_pid()"
    ):
        assert time.monotonic() < patience
        time.sleep(0.002)


def complete(company: SmallCompany, step: int) -> None:
    _, status = os.waitpid(start(company, step), 0)
    assert os.waitstatus_to_exitcode(status) == 0


def recorded(company: SmallCompany) -> list[tuple[object, ...]]:
    return company.ask(
        "select publication, part, business_date, version, content_sha256, page::text, files::text,"
        " is_complete from operations.editions order by 1, 3, 2, 4"
    )


def no_file_is_half(company: SmallCompany) -> None:
    for path in company.archive.rglob("*"):
        if path.name in ("index.html", "report.pdf"):
            with path.open("rb") as file:
                file.seek(-len(END), os.SEEK_END)
                # The docs page, if this project has made one, is copied into the archive.
                assert file.read().decode().endswith((END, "</html>")), path


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork processes")
def test_killed_at_random_moments(company: SmallCompany) -> None:
    with mail_server() as server:
        address = f"mailto://127.0.0.1:{server.port}?from=reports@test.example&to="
        company.environ = {
            "BRANCHLINE_NOTIFY_MANAGERS": json.dumps({"*": [f"{address}manager@test.example"]}),
            "BRANCHLINE_NOTIFY_DIRECTORS": f"{address}director@test.example",
            "BRANCHLINE_PLACE_SHARE": str(company.folder / "share"),
        }
        (company.folder / "share").mkdir()
        sell_all(company)
        # Once here, so that the other processes need not compile and import anything.
        company.publish(on=FIRST - DAY)
        forget_all(company, server, "first")

        # Undisturbed.
        durations = []
        for step in range(STEPS):
            correct(company, step)
            began = time.monotonic()
            complete(company, step)
            durations.append(time.monotonic() - began)
        calm = company.files(), company.files("share"), recorded(company), sorted(server.ids)
        assert len(calm[3]) == len(set(calm[3])) == 2 * STEPS
        assert max(version for *_, version in company.editions()) > 1

        # Again, with kills.
        forget_all(company, server, "calm")
        sell_all(company)
        chance = random.Random(20260331)
        reach = sorted(durations)[STEPS // 2]
        killed = 0
        for step in range(STEPS):
            correct(company, step)
            of_step = 0
            while of_step < KILLS_OF_A_STEP:
                child = start(company, step)
                try:
                    of_step += kill_after(child, chance.uniform(0, reach), company)
                except BaseException:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
                    raise
                wait_for_sessions(company)
                no_file_is_half(company)
            complete(company, step)
            killed += of_step
        assert killed >= KILLS
        disturbed = company.files(), company.files("share"), recorded(company), sorted(server.ids)
        for before, after in zip(calm, disturbed, strict=True):
            assert after == before


def test_a_message_is_not_lost_when_its_server_is_down(company: SmallCompany) -> None:
    sell_all(company)
    with mail_server() as server:
        port = server.port
    company.environ = {
        "BRANCHLINE_NOTIFY_DIRECTORS": f"mailto://127.0.0.1:{port}?from=a@test.example&to=b@test.example"
    }
    report = company.publish(on=FIRST)
    assert report.succeeded
    assert (report.delivery.sent, report.delivery.delayed) == (0, 1)
    assert company.ask("select state, attempts from operations.outbox") == [("waiting", 1)]
