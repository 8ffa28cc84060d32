"""Messages: to each recipient once, over a real mail server and webhook, with no secret told."""

from __future__ import annotations

import base64
import contextlib
import logging
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import apprise
import psutil
import psycopg2
import pytest
import throwaway
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram
from certificates import authority, server_certificate
from message_servers import MailServer, Webhook, mail_server
from psycopg2.extensions import connection as Link
from servers import closed_port, silent_server

from base.link import open_link, rows
from publish.messages import (
    Delivery,
    Message,
    Waiting,
    deliver,
    mail,
    outbox,
    outbox_state,
    plan,
    targets,
)
from publish.messages.mail import MOST_HTML_BYTES
from publish.messages.silence import silenced

PASSWORD, TOKEN = "Pa55word-c4n4ry", "T0ken-c4n4ry"
ANNA, BO, CY = "anna@example.org", "bo@example.org", "cy@example.org"
PDF = b"%PDF-1.7 \x00\xff\r\n%%EOF"
MESSAGE = Message(
    subject="Daily sales: \u2068תל אביב\u2069,\r\nBcc: all@example.org",
    headline="Net sales were £1,204.50, 12.5 % up on last week.",
    text="Net sales were £1,204.50.\n\n.\nתל אביב\n",
    html="<table><tr><td>Net sales were £1,204.50: תל אביב</td></tr></table>\n",
    link="https://files.example.com/2024-03-05/daily_sales/index.html",
    pdf=PDF,
    pdf_name="daily sales תל אביב.pdf",
)


@dataclass(frozen=True)
class Edition:
    publication: str = "daily_sales"
    part: str = "leeds"
    business_date: date = date(2024, 3, 5)
    version: int = 1
    completes: bool = False


@dataclass
class Office:
    """An outbox whose messages go to the addresses of `notify`."""

    link: Link
    notify: str = ""
    message: Message = MESSAGE

    @property
    def environ(self) -> dict[str, str]:
        return {"BRANCHLINE_NOTIFY_BOARD": self.notify}

    def plan(self, edition: Edition | None = None, names: Sequence[str] = ()) -> int:
        to = targets(self.environ, "board", names)
        return plan(self.link, edition or Edition(), "board", names, to)

    def deliver(self) -> Delivery:
        return deliver(self.link, self.environ, lambda row: self.message)

    def let_pass(self, interval: str) -> None:
        """Let time pass for everything in the outbox."""
        with self.link.cursor() as cursor:
            cursor.execute(
                "update operations.outbox set planned_at = planned_at - %s::interval,"
                " next_try_at = next_try_at - %s::interval",
                (interval, interval),
            )

    def all(self, columns: str) -> list[tuple[Any, ...]]:
        return sorted(rows(self.link, f"select {columns} from operations.outbox"))


@pytest.fixture(scope="module")
def smtp() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def server(smtp: MailServer) -> MailServer:
    """The mail server as new."""
    smtp.forget()
    return smtp


@pytest.fixture(scope="module")
def outbox_url(postgres_server: Any) -> Iterator[str]:
    with throwaway.database(postgres_server) as url, open_link(url) as link:
        with link.cursor() as cursor:
            cursor.execute("create schema operations;" + outbox.TABLES)
        yield url


@pytest.fixture
def office(outbox_url: str) -> Iterator[Office]:
    with open_link(outbox_url) as link:
        with link.cursor() as cursor:
            cursor.execute("truncate operations.outbox")
        yield Office(link)


def mail_url(port: int, *recipients: str, more: str = "", login: str = "") -> str:
    return (
        (
            f"mailto://{login}127.0.0.1:{port}/{'/'.join(recipients)}"
            f"?from=Reports<reports@example.com>{more}"
        )
        .replace("<", "%3C")
        .replace(">", "%3E")
    )


def test_a_mail_has_text_html_and_pdf_and_one_recipient(office: Office, server: MailServer) -> None:
    office.notify = mail_url(server.port, ANNA, BO)
    assert office.plan() == 2
    assert office.deliver() == Delivery(sent=2)
    assert sorted(map(tuple, server.recipients)) == [(ANNA,), (BO,)]
    got = server.to(ANNA)
    assert (got["To"], got["From"]) == (ANNA, "Reports <reports@example.com>")
    # A line break in a branch's name begins no header.
    assert got["Subject"] == "Daily sales: \u2068תל אביב\u2069, Bcc: all@example.org"
    assert got["Bcc"] is None
    assert got["Auto-Submitted"] == "auto-generated"
    text, html = got.get_body(("plain",)), got.get_body(("html",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert html is not None
    assert html.get_content().replace("\r\n", "\n") == MESSAGE.html
    (pdf,) = got.iter_attachments()
    assert (pdf.get_content_type(), pdf.get_filename()) == ("application/pdf", MESSAGE.pdf_name)
    assert pdf.get_content() == PDF
    # One session for both; each with an id of its own.
    assert server.sessions == 1
    assert len(set(server.ids)) == 2
    assert office.deliver() == Delivery()


def test_html_that_would_be_cut_off_is_left_out(office: Office, server: MailServer) -> None:
    office.notify = mail_url(server.port, ANNA)
    for number, size in enumerate((MOST_HTML_BYTES, MOST_HTML_BYTES + 1)):
        office.message = replace(MESSAGE, html="x" * (size - 1) + "\n")
        office.plan(Edition(version=1, part=str(number)))
        assert office.deliver().sent == 1
    bodies = [got.get_body(("html",)) is not None for got in server.mails]
    assert bodies == [True, False]


def test_a_planned_message_is_sent_once_whatever_is_planned_again(
    office: Office, server: MailServer
) -> None:
    office.notify = mail_url(server.port, ANNA)
    assert office.plan() == 1
    # Planned again by a run that was killed; a correction; another address for the same person.
    assert office.plan() == 0
    office.notify = mail_url(server.port, "Anna@Example.org", login=f"me:{PASSWORD}@")
    assert office.plan(Edition(version=2)) == 0
    assert office.deliver() == Delivery(sent=1)
    assert office.plan(Edition(version=3)) == 0
    assert office.deliver() == Delivery()
    assert len(server.mails) == 1


def test_a_page_that_has_become_complete_is_sent_again_once(
    office: Office, server: MailServer
) -> None:
    office.notify = mail_url(server.port, ANNA, BO)
    server.refuse = lambda address: "450 4.2.0 busy" if address == BO else None
    office.plan()
    assert office.deliver().sent == 1
    # Bo's first message still waits: it will have the complete page.
    assert office.plan(Edition(version=2, completes=True)) == 1
    assert office.plan(Edition(version=3, completes=True)) == 0
    server.refuse = lambda address: None
    office.let_pass("1 hour")
    assert office.deliver().sent == 2
    assert sorted(server.recipients) == [[ANNA], [ANNA], [BO]]
    # Who got no first message gets no second one.
    assert office.plan(Edition(part="york", version=2, completes=True)) == 0
    assert len(set(server.ids)) == 3
    assert sorted(office.all("occasion, version, state")) == [
        ("complete", 2, "sent"),
        ("first", 1, "sent"),
        ("first", 3, "sent"),
    ]


def test_one_bad_address_keeps_no_other_from_its_message(
    office: Office, server: MailServer
) -> None:
    office.notify = mail_url(server.port, BO, ANNA, CY) + f" nonsense://{TOKEN}"
    server.refuse = lambda address: f"550 5.1.1 {TOKEN} unknown" if address == BO else None
    office.plan()
    got = office.deliver()
    assert (got.sent, got.delayed) == (2, 1)
    assert sorted(server.recipients) == [[ANNA], [CY]]
    (reason,) = got.reasons
    assert reason.startswith("b***@example.org (")
    assert reason.endswith(
        f": the mail server 127.0.0.1:{server.port} refused the recipient (550 5.1.1)."
    )


def test_a_dead_mail_server_delays_messages_and_is_asked_once(
    office: Office, server: MailServer
) -> None:
    office.notify = mail_url(closed_port(), ANNA, BO, CY)
    office.plan()
    got = office.deliver()
    assert (got.sent, got.delayed, got.given_up) == (0, 3, 0)
    assert sorted(office.all("attempts, state")) == [(0, "waiting")] * 2 + [(1, "waiting")]
    assert outbox_state(office.link).waiting == 3
    # Not yet.
    assert office.deliver() == Delivery()
    # It is back, elsewhere: the recipients are the same.
    office.notify = mail_url(server.port, ANNA, BO, CY)
    assert office.plan() == 0
    office.let_pass("61 seconds")
    assert office.deliver() == Delivery(sent=3)
    assert sorted(server.recipients) == [[ANNA], [BO], [CY]]
    assert outbox_state(office.link).waiting == 0


def test_waits_grow_and_end_after_three_days(office: Office, server: MailServer) -> None:
    office.notify = mail_url(server.port, ANNA)
    server.refuse = lambda address: "550 5.1.1 unknown"
    office.plan()
    waits = []
    for _ in range(6):
        office.let_pass("4 hours")
        assert office.deliver().delayed == 1
        ((wait,),) = office.all("round(extract(epoch from next_try_at - clock_timestamp()) / 60)")
        waits.append(int(wait))
    assert waits == [1, 5, 15, 60, 240, 240]
    office.let_pass("47 hours")
    assert office.deliver().delayed == 1
    office.let_pass("4 hours")
    assert office.deliver().given_up == 1
    office.let_pass("1 day")
    assert office.deliver() == Delivery()
    state = outbox_state(office.link)
    assert (state.waiting, state.oldest) == (0, None)
    (lost,) = state.given_up
    assert (lost.publication, lost.business_date) == ("daily_sales", date(2024, 3, 5))
    assert "refused the recipient (550 5.1.1)" in lost.reason


def test_a_message_is_not_given_up_before_it_was_tried_several_times(
    office: Office, server: MailServer
) -> None:
    office.notify = mail_url(closed_port(), ANNA, BO)
    office.plan()
    for _ in range(4):
        office.let_pass("2 days")
        assert office.deliver().delayed == 2
    office.let_pass("2 days")
    # One of both was asked for only, each time.
    assert office.deliver().given_up == 2
    assert sum(attempts for (attempts,) in office.all("attempts")) == 5
    assert len(outbox_state(office.link).given_up) == 2
    office.let_pass("8 days")
    assert outbox_state(office.link).given_up == ()


def test_a_message_whose_address_is_gone_waits_for_it(office: Office, server: MailServer) -> None:
    office.notify = mail_url(server.port, ANNA)
    office.plan()
    known, office.notify = office.notify, mail_url(server.port, BO)
    assert (
        office.deliver().reasons[0].endswith(": it is not among the addresses of board any more.")
    )
    office.notify = known
    office.let_pass("2 days")
    assert office.deliver() == Delivery(sent=1)
    assert server.recipients == [[ANNA]]


def test_a_message_at_which_the_server_hangs_up_does_not_hold_up_the_others(
    office: Office, server: MailServer
) -> None:
    office.notify = mail_url(server.port, ANNA)
    for part in "abc":
        office.plan(Edition(part=part))
    answers = iter(["421 4.7.0 too much", None, None])
    server.on_data = lambda: next(answers)
    assert (got := office.deliver()).sent == 0
    assert got.delayed == 3
    # The two that were not tried come first.
    office.let_pass("1 hour")
    server.on_data = lambda: None if len(server.mails) < 2 else "421 4.7.0 too much"
    assert office.deliver().sent == 2
    assert office.all("part, state, attempts") == [
        ("a", "waiting", 2),
        ("b", "sent", 1),
        ("c", "sent", 1),
    ]


def test_a_process_that_is_killed_after_sending_repeats_the_message_with_its_id(
    office: Office, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.notify = mail_url(server.port, ANNA, BO)
    office.plan()
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "_note_success", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            office.deliver()
    assert len(server.mails) == 1
    assert office.deliver() == Delivery(sent=2)
    assert len(server.mails) == 3
    assert len(set(server.ids)) == 2
    (first, again) = (got for got in server.mails if got["To"] == server.mails[0]["To"])
    assert first["Date"] == again["Date"]


def test_two_processes_do_not_send_the_same_message(
    office: Office, server: MailServer, outbox_url: str
) -> None:
    office.notify = mail_url(server.port, ANNA, BO)
    office.plan()
    others: list[Delivery] = []

    def meanwhile() -> None:
        server.on_data = lambda: None
        with open_link(outbox_url) as link:
            others.append(Office(link, office.notify).deliver())

    def on_data() -> None:
        # While the first mail is being accepted, another process delivers.
        thread = threading.Thread(target=meanwhile)
        thread.start()
        threads.append(thread)

    threads: list[threading.Thread] = []
    server.on_data = on_data
    mine = office.deliver()
    for thread in threads:
        thread.join()
    assert mine.sent + sum(other.sent for other in others) == 2
    assert len(threads) == 1
    assert sorted(server.recipients) == [[ANNA], [BO]]


def test_a_webhook_gets_headline_and_link_and_the_messages_id(
    office: Office, server: MailServer
) -> None:
    with Webhook().running() as hook:
        office.notify = f"json://127.0.0.1:{hook.port}/{TOKEN} {mail_url(server.port, ANNA)}"
        office.plan()
        hook.status = 503
        got = office.deliver()
        assert (got.sent, got.delayed) == (1, 1)
        assert got.reasons[0].endswith(": the service answered HTTP 503.")
        hook.status = 200
        office.let_pass("1 hour")
        assert office.deliver() == Delivery(sent=1)
    assert hook.paths == [f"/{TOKEN}"] * 2
    assert hook.bodies[0] == hook.bodies[1]
    assert hook.bodies[0]["message"] == f"{MESSAGE.headline}\n{MESSAGE.link}"
    assert hook.bodies[0]["title"].startswith("Daily sales: \u2068תל אביב\u2069,")
    (key,) = {headers["Idempotency-Key"] for headers in hook.headers}
    assert (key, 2) in office.all("message_id, attempts")


def test_without_a_link_the_pdf_goes_to_services_that_take_files(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Webhook().running() as hook:
        monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{hook.port}")
        hook.answer = lambda path: b"ok"
        office.notify = (
            f"json://127.0.0.1:{hook.port}/{TOKEN}"
            " slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#sales"
        )
        for part, link in (("with", MESSAGE.link), ("without", "")):
            office.message = replace(MESSAGE, link=link)
            office.plan(Edition(part=part))
            assert office.deliver() == Delivery(sent=2)
    linked, alone = (body for body in hook.bodies if "message" in body)
    assert linked["attachments"] == []
    assert alone["message"] == MESSAGE.headline
    (file,) = alone["attachments"]
    assert (file["filename"], file["mimetype"]) == (MESSAGE.pdf_name, "application/pdf")
    assert base64.b64decode(file["base64"]) == PDF


def test_slack_and_telegram_show_a_name_and_obey_no_command_in_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.message = replace(MESSAGE, headline="<!channel> & *Bold* <script> was 5 % up.")
    office.notify = (
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#sales"
        " tgram://123456789:abcdefghijklmnopqrstuvwxyz123456789/12315544"
    )
    office.plan()
    with Webhook().running() as hook:
        here = f"http://127.0.0.1:{hook.port}"
        # What Slack answers; Telegram's answer is JSON.
        hook.answer = lambda path: b'{"ok": true}' if path.startswith("/bot") else b"ok"
        monkeypatch.setattr(NotifySlack, "webhook_url", here)
        monkeypatch.setattr(NotifyTelegram, "notify_url", here + "/bot")
        got = office.deliver()
    assert (got.sent, len(hook.bodies)) == (2, 2), got
    shown = "\n".join(map(str, hook.bodies))
    assert "&lt;!channel&gt; &amp;" in shown
    assert "<!channel>" not in shown
    assert "<script>" not in shown
    assert "github.com" not in shown


@contextlib.contextmanager
def encrypting_server(folder: Path, kind: str) -> Iterator[MailServer]:
    """A mail server with STARTTLS or with TLS from the start, whose certificate nobody knows."""
    file = folder / "certificate.pem"
    file.write_bytes(server_certificate(*authority("tests")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with mail_server(**{kind: context}) as found:
        yield found


def test_a_password_is_sent_over_trusted_encryption_only(
    office: Office, server: MailServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # As if the server were on another machine.
    monkeypatch.setattr(mail, "_is_on_this_machine", lambda host: False)
    login = f"me:{PASSWORD}@"
    office.notify = mail_url(server.port, ANNA, login=login)
    office.plan()
    assert office.deliver().reasons[0].endswith("offers no encryption, or no known way to log in.")
    assert server.logins == []
    for number, (kind, scheme, mode) in enumerate(
        [
            ("tls_context", "mailto", ""),
            ("tls_context", "mailtos", ""),
            ("ssl_context", "mailtos", "&mode=ssl"),
        ]
    ):
        office.plan(Edition(part=str(number)))
        with encrypting_server(tmp_path, kind) as other:
            url = mail_url(other.port, ANNA, login=login, more=mode)
            office.notify = url.replace("mailto", scheme, 1)
            office.let_pass("1 hour")
            got = office.deliver()
            assert got.reasons[0].endswith("has a certificate that is not trusted.")
            assert other.logins == []
            office.notify += "&verify=no"
            office.let_pass("1 hour")
            assert office.deliver() == Delivery(sent=got.delayed)
            assert set(other.logins) == {PASSWORD}


def test_no_secret_is_in_a_log_an_error_or_the_outbox(
    office: Office,
    server: MailServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(0)
    said: list[object] = []
    login = f"me:{PASSWORD}@"
    with Webhook().running() as hook, silent_server() as silent:
        office.notify = " ".join(
            [
                mail_url(server.port, ANNA, login=login),
                mail_url(silent, BO, login=login, more="&cto=0.2"),
                f"json://me:{PASSWORD}@127.0.0.1:{hook.port}/{TOKEN}?+X-Key={TOKEN}",
                f"xml://127.0.0.1:{closed_port()}/{TOKEN}",
                f"form://127.0.0.1:{silent}/{TOKEN}?rto=0.2&cto=0.2",
                f"slak://{TOKEN}",
            ]
        )
        assert office.plan() == 5
        for accepts_login, status in ((False, 401), (False, 500), (True, 200)):
            server.accepts_login = accepts_login
            hook.status = status
            office.let_pass("1 hour")
            said.append(got := office.deliver())
    assert (got.sent, got.delayed) == (2, 3)
    assert set(server.logins) == {PASSWORD}
    assert hook.paths == [f"/{TOKEN}"] * 3
    office.let_pass("4 days")
    assert office.deliver().delayed == 3
    office.let_pass("5 hours")
    assert office.deliver().given_up == 3
    said += [outbox_state(office.link), office.all("*"), targets(office.environ, "board")]
    me = psutil.Process()
    said += [me.cmdline(), [child.cmdline() for child in me.children(recursive=True)]]
    said += [caplog.text, *capfd.readouterr()]
    for text in map(repr, said):
        assert [secret for secret in (PASSWORD, TOKEN) if secret in text] == [], text


def test_what_others_log_meanwhile_reaches_no_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    names = ("apprise", "urllib3", "urllib3.connectionpool", "requests.sessions")
    direct = logging.StreamHandler()
    logging.getLogger("urllib3.connectionpool").addHandler(direct)
    try:
        with silenced() as said:
            for name in names:
                logging.getLogger(name).warning("POST /%s", TOKEN)
        assert said == [f"POST /{TOKEN}"]
        assert (caplog.text, *capfd.readouterr()) == ("", "", "")
        for name in names:
            logging.getLogger(name).warning("heard again")
        assert caplog.text.count("heard again") == len(names)
        assert "heard again" in capfd.readouterr().err
    finally:
        logging.getLogger("urllib3.connectionpool").removeHandler(direct)


def test_files_that_cannot_be_read_delay_one_message(office: Office, server: MailServer) -> None:
    office.notify = mail_url(server.port, ANNA)
    office.plan(Edition(part="gone"))
    office.plan(Edition(part="there"))

    def load(row: Waiting) -> Message:
        if row.part == "gone":
            raise FileNotFoundError(f"no {TOKEN}")
        return MESSAGE

    got = deliver(office.link, office.environ, load)
    assert (got.sent, got.delayed) == (1, 1)
    assert got.reasons[0].endswith(": its files cannot be read (FileNotFoundError).")


def test_a_database_that_fails_is_not_passed_over(office: Office, server: MailServer) -> None:
    office.notify = mail_url(server.port, ANNA)
    office.plan()

    def load(row: Waiting) -> Message:
        raise psycopg2.OperationalError("gone")

    with pytest.raises(psycopg2.OperationalError):
        deliver(office.link, office.environ, load)
    assert office.deliver() == Delivery(sent=1)


def test_nothing_waits_in_a_warehouse_without_an_outbox(database_url: str) -> None:
    with open_link(database_url) as link:
        assert outbox_state(link).waiting == 0


def test_apprise_still_cannot_keep_the_id_of_a_mail() -> None:
    """If this fails, publish/messages/mail.py may no longer be needed."""
    found = apprise.Apprise.instantiate(
        "mailto://me:secret@example.com?%2BMessage-ID=%3Cours@example.com%3E"
    )
    ((made,),) = [
        list(
            found.prepare_emails(
                subject="",
                body="x",
                from_addr=(False, "a@b.org"),
                to=[(False, "c@d.org")],
                headers={"Message-ID": "<ours@example.com>"},
            )
        )
    ]
    assert made.body.lower().count("message-id:") == 2
