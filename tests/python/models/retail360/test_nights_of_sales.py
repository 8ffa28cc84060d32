"""Sales of the tills over several nights, in which the tills change what they wrote before.

Each night is compared with what the tables say by then, counted here, and the last with a full
refresh. One store is a database, read in portions so small that they cut documents apart; the other
sends CSV exports.
"""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import psycopg2
import pytest
import throwaway
from nightly import Project, Row

from base.link import Connection
from ingest.origins import database

PENNY, COIN = Decimal("0.01"), Decimal("0.1")
FIRST_DAY = date(2024, 3, 4)
COLUMNS = {
    "documents": "document_id,documenttype,recordingdate,printtime,generaltotalincludevat,"
    "s__sequence",
    "documentlines": "document_id,line_id,datesetting,item_id,details,itemsqty,totalperline_incvat,"
    "s__sequence",
    "receiptlines": "receipt_id,paymenttype,creditcardtype,accountnumber_moreinfo,"
    "systemcurrencyamount,s__sequence",
}
RECEIPTS = """
    select
        receipts.branch_name, receipts.receipt_number::int, receipts.business_date,
        receipts.payment_method, receipts.net_amount,
        array_agg(
            array[sales.product_id, sales.quantity::text, sales.net_amount::text]
            order by sales.line_number
        )
    from marts.fct_transactions as receipts
    inner join marts.fct_sales as sales using (transaction_id)
    group by 1, 2, 3, 4, 5
"""
PAYMENTS = """
    select branch_name, receipt_number::int, payment_number, payment_method, amount
    from marts.fct_payments
"""
REJECTED = """
    select
        coalesce(file_branch, 'Main store'), feed, split_part(line_text, ' | ', 1)::int,
        reject_reasons, claimed_amount
    from marts.rejected_rows where feed like 'retail360_document%'
"""
MARTS = (
    "fct_transactions", "fct_sales", "fct_payments", "rpt_daily_sales", "rpt_payment_mix",
    "rejected_rows",
)  # fmt: skip
BUILD = ("build", "--exclude-resource-type", "unit_test", "--indirect-selection", "empty")
TESTS = (
    "assert_raw_rows_and_money_are_sold_or_rejected",
    "assert_items_match_their_receipt",
    "assert_payment_mix_adds_up_to_daily_sales",
    "assert_a_document_is_what_it_states",
)


@dataclass(frozen=True)
class Header:
    day: date
    total: Decimal
    sequence: int
    kind: int = 1


@dataclass(frozen=True)
class Line:
    document: int
    place: int
    item: str
    units: int
    amount: Decimal


@dataclass(frozen=True)
class Payment:
    document: int
    kind: int
    note: str | None
    amount: Decimal


@dataclass
class Till:
    """The tables of a store; lines and payments by the order of writing."""

    store: str
    chance: random.Random
    headers: dict[int, Header] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    payments: dict[int, Payment] = field(default_factory=dict)
    written: int = 0
    sold: int = 0

    def sell(self, day: date, documents: int) -> None:
        """Write new documents, a fifth of them returns, with rounded totals where paid in cash."""
        chance = self.chance
        for _ in range(documents):
            self.sold += chance.randint(1, 2)
            number = self.sold
            sign = chance.choice((1, 1, 1, 1, -1))
            total = Decimal(0)
            for place in range(1, chance.randint(2, 5)):
                line = self.line(number, place, sign)
                self.lines[self.write()] = line
                total += line.amount
            if chance.random() < 0.3:
                # A discount as a line of its own, before the items.
                line = Line(number, 0, "1", 0, -sign * Decimal(chance.randint(5, 95)) / 100)
                self.lines[self.write()] = line
                total += line.amount
            kind = chance.choice((1, 1, 3))
            if kind == 1:
                total = (total / COIN).quantize(Decimal(1), ROUND_HALF_UP) * COIN
            self.headers[number] = Header(day, total.quantize(PENNY), self.write())
            part = (total / 3).quantize(PENNY) if chance.random() < 0.4 else Decimal(0)
            self.payments[self.write()] = Payment(number, kind, "1", total - part)
            if part:
                self.payments[self.write()] = Payment(number, chance.choice((1, 2, 3)), None, part)

    def line(self, number: int, place: int, sign: int) -> Line:
        units, price = self.chance.randint(1, 3), Decimal(self.chance.randint(99, 2999)) / 100
        return Line(
            number, place, f"{self.chance.randint(1, 9)}", sign * units, sign * units * price
        )

    def write(self) -> int:
        self.written += 1
        return self.written

    def change(self) -> None:
        """Change one thing that was written before: anything."""
        chance = self.chance
        number = chance.choice(list(self.headers))
        header = self.headers[number]
        where = chance.choice(list(self.lines))
        line = self.lines[where]
        paid = chance.choice(list(self.payments))
        payment = self.payments[paid]
        what = chance.randrange(10)
        if what == 0:
            self.headers[number] = replace(header, total=header.total + Decimal("1.50"))
        elif what == 1:
            self.headers[number] = replace(
                header, day=header.day + timedelta(chance.choice((-1, 1)))
            )
        elif what == 2:
            self.headers[number] = replace(header, kind=10 - header.kind)
        elif what == 3:
            del self.headers[number]
        elif what == 4:
            self.payments[paid] = replace(payment, note="1" if payment.note == "2" else "2")
        elif what == 5:
            self.payments[paid] = replace(payment, amount=payment.amount + 1)
        elif what == 6:
            del self.payments[paid]
        elif what == 7:
            self.lines[where] = replace(line, amount=line.amount + Decimal("0.02"))
        elif what == 8:
            # Written again, and so in another portion.
            self.lines[self.write()] = self.lines.pop(where)
        else:
            for at in [at for at, other in self.lines.items() if other.document == line.document]:
                del self.lines[at]

    def tables(self) -> dict[str, list[list[object]]]:
        """The rows of the tables, in the order of writing."""
        return {
            "documents": [
                [number, it.kind, f"{it.day:%Y%m%d}", 36000, it.total, it.sequence]
                for number, it in self.headers.items()
            ],
            "documentlines": [
                [
                    *(it.document, it.place, f"{FIRST_DAY:%Y%m%d}"),
                    *(it.item, f"item {it.item}", it.units, it.amount, at),
                ]
                for at, it in sorted(self.lines.items())
            ],
            "receiptlines": [
                [it.document, it.kind, "4", it.note, it.amount, at]
                for at, it in sorted(self.payments.items())
            ],
        }

    # What they mean

    def lines_of(self, number: int) -> list[Line]:
        found = [line for line in self.lines.values() if line.document == number]
        return sorted(found, key=lambda line: line.place)

    def settlements(self, number: int) -> list[Payment]:
        found = sorted(self.payments.items())
        return [it for _, it in found if it.document == number and it.note != "2"]

    def reason(self, number: int) -> str | None:
        """Why the lines of a document do not count."""
        if number not in self.headers:
            return "document_missing"
        if self.headers[number].kind != 1:
            return "document_type_not_sale"
        return None if self.settlements(number) else "document_unsettled"

    def method(self, number: int) -> str:
        kinds = [payment.kind for payment in self.settlements(number)]
        return "CARD" if 3 in kinds else "CASH" if min(kinds) == 1 else "OTHER"

    def receipts(self) -> Iterator[Row]:
        for number, header in self.headers.items():
            lines = self.lines_of(number)
            if lines and self.reason(number) is None:
                method = self.method(number)
                sold = [line for line in lines if line.units]
                amounts = shared(header.total, [line.amount for line in sold], method == "CASH")
                items = [
                    [line.item, str(line.units), f"{amount:.2f}"]
                    for line, amount in zip(sold, amounts, strict=True)
                ]
                yield self.store, number, header.day, method, header.total, str(items)

    def rejected(self) -> Iterator[Row]:
        for line in self.lines.values():
            if reason := self.reason(line.document):
                if not line.units:
                    reason = f"quantity_unreadable, unit_price_unreadable, {reason}"
                yield self.store, "retail360_documentlines", line.document, reason, line.amount
        for number, header in self.headers.items():
            if not self.lines_of(number):
                reason = "document_without_lines"
                if header.kind != 1:
                    reason = f"document_type_not_sale, {reason}"
                yield self.store, "retail360_documents", number, reason, header.total

    def paid(self) -> Iterator[Row]:
        for _, number, *_ in self.receipts():
            for place, it in enumerate(self.settlements(number), 1):
                method = {1: "CASH", 3: "CARD"}.get(it.kind, "OTHER")
                yield self.store, number, place, method, it.amount


def shared(total: Decimal, amounts: list[Decimal], is_cash: bool) -> list[Decimal]:
    """The amounts of items, with what the document comes to beside them."""
    due = sum(amounts, Decimal(0))
    difference = total - due
    is_rounded = is_cash and total % COIN == 0 and abs(difference) * 2 <= COIN
    if is_rounded or due == 0:
        return [amounts[0] + difference, *amounts[1:]]
    found, so_far = [], Decimal(0)
    for amount in amounts:
        ends = (difference * part / due for part in (so_far, so_far + amount))
        before, after = (end.quantize(PENNY, ROUND_HALF_UP) for end in ends)
        found.append(amount + after - before)
        so_far += amount
    return found


def restore(url: str, till: Till) -> None:
    """Put the tables of a till into its database, in place of yesterday's."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        for table, rows in till.tables().items():
            cursor.execute(f"drop table if exists {table}")
            columns = [
                f"{name} {'int' if name.endswith(('_id', 'type', 'time', 'sequence')) else 'text'}"
                for name in COLUMNS[table].split(",")
            ]
            cursor.execute(f"create table {table} ({', '.join(columns)})")
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"insert into {table} values ({places})", rows)


def export(project: Project, till: Till) -> None:
    """Put the tables of a till into the inbox, in any order of their lines."""
    for table, rows in till.tables().items():
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS[table].split(","))
        writer.writerows(till.chance.sample(rows, len(rows)))
        project.deliver(f"retail360/{table}.csv", text.getvalue())


def build(project: Project, *words: str) -> None:
    selected = ("--select", *(f"+{mart}" for mart in MARTS), "+int_raw_claims__unioned")
    project.dbt(*words, *selected, *(TESTS if "build" in words else ()))


def expect(project: Project, tills: list[Till]) -> None:
    receipts = [(*row[:5], str(row[5])) for row in project.rows(RECEIPTS)]
    assert Counter(receipts) == Counter(row for till in tills for row in till.receipts())
    assert Counter(project.rows(PAYMENTS)) == Counter(row for till in tills for row in till.paid())
    found = Counter(project.rows(REJECTED))
    assert found == Counter(row for till in tills for row in till.rejected())


def test_nights_are_what_the_tables_say(
    project: Project, postgres_server: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "ROWS_OF_A_PORTION", 7)
    tills = [Till("haifa", random.Random(1)), Till("Main store", random.Random(2))]
    with throwaway.database(postgres_server) as url:
        monkeypatch.setenv("BRANCHLINE_SOURCE_RETAIL360_BRANCHES", "haifa")
        monkeypatch.setenv("BRANCHLINE_SOURCE_RETAIL360_URL_HAIFA", url)
        for night in range(2):
            for till in tills:
                till.sell(FIRST_DAY + timedelta(night), 12)
                for _ in range(25 * night):
                    till.change()
            restore(url, tills[0])
            export(project, tills[1])
            project.load()
            # The seeds are in the first build.
            build(project, *(BUILD if night == 0 else ("run",)))
            expect(project, tills)
    kept = {mart: project.contents(mart) for mart in MARTS}
    build(project, *BUILD, "--full-refresh")
    assert {mart: project.contents(mart) for mart in MARTS} == kept
