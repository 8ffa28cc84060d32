"""No full card number anywhere after a load: database, state folder, report, messages."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ingest_helpers import Inbox, dump, till_lines

from ingest.report import LoadEvent, LoadReport

# None of these has a right check digit, like the numbers in the tills' real files.
CARDS = [f"{4_929_000_000_100_000 + place * 104_729}" for place in range(12)]


# With a right check digit: found anywhere, in any context.
VALID = "4111111111111111"
DRESSED = [
    f"{VALID}1225",
    f"0000{VALID}",
    f"Flat 4 {VALID}",
    "4,111,111,111,111,111",
    "41111111  11111111",
    f"1.{VALID}",
    "4.111111111111111E+15",
    f"CARD {VALID} 12/25",
    f"{VALID} 123",
    f";{VALID}=25121010000012345678?",
    "\N{ZERO WIDTH SPACE}".join(VALID),
    "4111x1111x1111x1111",
    "4111&nbsp;1111&nbsp;1111&nbsp;1111",
    "4111<br>1111<br>1111<br>1111",
    "4111%201111%201111%201111",
    "4111 --- 1111 --- 1111 --- 1111",
    "4111\\n1111\\n1111\\n1111",
    "".join(chr(0xFF10 + int(digit)) for digit in VALID),
]


def spaced(card: str, gap: str) -> str:
    return gap.join(card[place : place + 4] for place in range(0, 16, 4))


def test_no_card_number_is_left_anywhere(
    inbox: Inbox,
    run_load: Callable[..., LoadReport],
    database_url: str,
    state_dir: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    lines = till_lines(40)
    lines[1] = f"26/08/2021 09:00,Leeds,Ann,Tea - 1,1,CARD,{CARDS[0]}"
    lines[2] = f"26/08/2021 09:00,Leeds,Ann {CARDS[1]},Tea - 1,1,{spaced(CARDS[2], ' ')},"
    lines[3] = f"26/08/2021 09:00,Leeds,Ann,{spaced(CARDS[3], '-')} - 1,1,CARD,?{CARDS[0]}"
    lines[4] = f"26/08/2021 09:00,Leeds,Ann,Tea - 1,1,CARD,{CARDS[4]},{CARDS[5]}"
    lines[5] = f'26/08/2021 09:00,Leeds,"Ann,Tea - 1,1,CARD,{CARDS[6]}'
    lines[6] = f"{spaced(CARDS[7], ' ')}"
    lines[7] = f"26/08/2021 09:00,Leeds,Ann,Tea - 1,1,CARD,{CARDS[0]} and {CARDS[8]}"
    lines[8] = "y" * 990 + CARDS[9]
    # Two lines that are rejected, and one number.
    lines[9:11] = [f"{VALID[:4]} {VALID[4:8]}", f"{VALID[8:12]} {VALID[12:]}"]
    till = [f"timestamp,branch,customer,basket,total,payment,card,memo {VALID}1225"]
    till += [
        f'26/08/2021 09:00,"Ely {text}","{text}","Tea {text} - 1",1,"{text}","{text}","{text}"'
        for text in DRESSED
    ]
    inbox.drop("ely_26-08-2021_09-00-00.csv", "\n".join(till) + "\n")
    desk = [
        "customer_id,first_name,last_name,address,pincode,phone_number,customer_joining_date",
        *(f'C1,Ann,Lee,"{text}",LS1,"{text}",2020-01-01' for text in DRESSED),
    ]
    inbox.drop("sales_desk/customer.csv", "\n".join(desk) + "\n")
    inbox.drop("sales_desk/sales/x 41111111 11111111.csv", f"{VALID}1225\n")
    inbox.drop("leeds_26-08-2021_09-00-00.csv", "\n".join(lines) + "\n")
    inbox.drop("york_26-08-2021_09-00-00.csv", f"date,store,items,{CARDS[10]},price\n1,2,3,4,5\n")
    inbox.drop(f"{CARDS[11]}.csv", "x\n")
    inbox.drop(f"elsewhere/{CARDS[11]}.csv", "x\n")
    inbox.drop(f"bath {CARDS[11]}_26-08-2021_09-00-00.csv", "\n".join(till_lines(3)) + "\n")
    events: list[LoadEvent] = []
    report = run_load(progress=events.append)
    assert (report.counts()["loaded"], report.rejected) == (4, 6)

    state = b"".join(path.read_bytes() for path in state_dir.rglob("*") if path.is_file())
    assert state
    output = capfd.readouterr()
    everything = "\n".join(
        [
            dump(database_url),
            state.decode("utf-8", "replace"),
            repr(report),
            repr(events),
            caplog.text,
            output.out,
            output.err,
        ]
    )
    assert "****" in everything
    assert CARDS[0][-4:] in everything
    squeezed = re.sub(r"[^0-9]", "", everything)
    assert VALID not in squeezed
    for card in [*CARDS, *(line.rpartition(",")[2] for line in till_lines(40)[9::2])]:
        assert card[:12] not in squeezed
