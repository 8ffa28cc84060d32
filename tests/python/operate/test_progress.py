"""Progress without a terminal: a line every few seconds, in any case."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from operate.terminal import progress


def printed(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def wait_for(console: Console, text: str) -> None:
    patience = time.monotonic() + 30
    while not any(text in line for line in printed(console)):
        assert time.monotonic() < patience, printed(console)
        time.sleep(0.01)


def test_progress_is_printed_regularly(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY", 0.05)
    with progress.shown("Loading inbox", console) as update:
        update(0, 0, "listing the inbox")
        wait_for(console, "listing the inbox")
        update(1, 3, "leeds.csv")
        for _ in range(3):
            # Nothing is reported, but lines are still printed.
            seen = len(printed(console))
            wait_for(console, "1 of 3  leeds.csv")
            while len(printed(console)) == seen:
                time.sleep(0.01)
        update(7, 0, "\x1b[31mevil")
        wait_for(console, "7 done")
    lines = printed(console)
    assert lines[0] == "Loading inbox ..."
    assert "\x1b" not in "".join(lines)
    time.sleep(0.2)
    assert printed(console) == lines


def test_a_quick_step_prints_one_line(console: Console) -> None:
    with progress.shown("Loading inbox", console) as update:
        update(3, 3, "")
    assert printed(console) == ["Loading inbox ..."]


def test_an_error_ends_the_progress(console: Console) -> None:
    with pytest.raises(ValueError, match="no"), progress.shown("Loading inbox", console):
        raise ValueError("no")
    assert printed(console) == ["Loading inbox ..."]
