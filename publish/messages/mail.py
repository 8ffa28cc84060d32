"""Mails: how they are built, and sent with the standard library's SMTP client.

Their addresses are Apprise's. Apprise 2.3 itself cannot send them as we need it: it gives every
mail a new Message-ID, writes the text from the HTML, and only says whether all went well.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from types import TracebackType
from typing import TYPE_CHECKING

from base.printing import printable
from publish.messages.content import Message
from publish.messages.failure import NotSent

if TYPE_CHECKING:
    from apprise.plugins.email.base import NotifyEmail

MOST_HTML_BYTES = 100_000
"""Mail programs cut off a longer body (Gmail at 102 kB)."""

# 7-bit, because not every server on the way takes 8-bit bodies.
POLICY = SMTP.clone(cte_type="7bit")
OWN_HEADERS = ("from", "to", "subject", "date", "message-id", "auto-submitted", "reply-to")
ISOLATES = "\u2066\u2067\u2068\u2069"
"""What surrounds a name that may be written from right to left."""
STATUS = re.compile(rb"\d\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed in. `security`: Apprise's mode `ssl`, `starttls` or `insecure`."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)
    is_verified: bool
    timeout: float

    @property
    def name(self) -> str:
        """Its host and port, for people."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Mailbox:
    """One recipient, and how a mail gets there."""

    server: MailServer
    sender: Address
    recipient: Address
    reply_to: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def mailboxes(address: NotifyEmail) -> list[Mailbox]:
    """The recipients of an address in Apprise's form, each once; copies are recipients, too.

    Raises the errors of `email`, whose texts hold an address that it does not accept.
    """
    server = MailServer(
        host=address.smtp_host,
        port=int(address.port or 0),
        security=str(address.secure_mode),
        user=address.user or "",
        password=address.password or "",
        is_verified=bool(address.verify_certificate),
        timeout=float(address.socket_connect_timeout),
    )
    named = [(str(name or ""), str(recipient)) for name, recipient in address.targets]
    for copied in sorted({str(recipient) for recipient in (*address.cc, *address.bcc)}):
        named.append((str(address.names.get(copied) or ""), copied))
    recipients: dict[str, Address] = {}
    for name, recipient in named:
        recipients.setdefault(recipient.lower(), _address(name, recipient))
    sender_name, sender = address.from_addr
    return [
        Mailbox(
            server,
            _address(str(sender_name or ""), str(sender)),
            recipient,
            tuple(sorted(address.reply_to)),
            tuple(sorted((str(key), str(value)) for key, value in address.headers.items())),
        )
        for recipient in recipients.values()
    ]


def _address(name: str, address: str) -> Address:
    return Address(display_name=_one_line(name), addr_spec=address)


def compose(
    mailbox: Mailbox, message: Message, message_id: str, written_at: datetime
) -> EmailMessage:
    """The mail to one recipient: text, HTML and PDF.

    The same arguments give the same Message-ID and date, so that a mail that is sent twice can be
    recognised. HTML that mail programs would cut off is left out.
    """
    mail = EmailMessage(policy=POLICY)
    mail["From"] = mailbox.sender
    mail["To"] = mailbox.recipient
    mail["Subject"] = _one_line(message.subject)
    mail["Date"] = written_at
    mail["Message-ID"] = f"<{message_id}@{mailbox.sender.domain}>"
    # No out-of-office reply to this.
    mail["Auto-Submitted"] = "auto-generated"
    if mailbox.reply_to:
        mail["Reply-To"] = ", ".join(mailbox.reply_to)
    for name, value in mailbox.headers:
        if name.lower() not in OWN_HEADERS:
            mail[name] = _one_line(value)
    mail.set_content(message.text)
    if message.html and len(message.html.encode()) <= MOST_HTML_BYTES:
        mail.add_alternative(message.html, subtype="html")
    if message.pdf:
        mail.add_attachment(
            message.pdf, maintype="application", subtype="pdf", filename=message.pdf_name
        )
    return mail


def _one_line(text: str) -> str:
    """A text that is one header, whatever the name of a branch holds."""
    return printable(" ".join(text.split()), kept=ISOLATES)


class Post:
    """Sends mails; keeps the connection to each server until the end."""

    def __init__(self) -> None:
        self._open: dict[MailServer, smtplib.SMTP] = {}

    def __enter__(self) -> Post:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in list(self._open):
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._open.pop(server).quit()

    def send(self, mailbox: Mailbox, mail: EmailMessage) -> None:
        """Hand a mail to its server; it was accepted when this returns.

        Raises NotSent.
        """
        server = mailbox.server
        try:
            connection = self._connection(server)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            # UnicodeError: a host that cannot be a host.
            raise _not_connected(server, error) from None
        try:
            connection.send_message(mail, mailbox.sender.addr_spec, [mailbox.recipient.addr_spec])
        except (OSError, smtplib.SMTPException, UnicodeError, ValueError) as error:
            self._open.pop(server).close()
            raise _not_accepted(server, error) from None

    def _connection(self, server: MailServer) -> smtplib.SMTP:
        """A connection that answers."""
        known = self._open.pop(server, None)
        if known is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if known.noop()[0] == 250:
                    self._open[server] = known
                    return known
            known.close()
        made = _connect(server)
        self._open[server] = made
        return made


def _connect(server: MailServer) -> smtplib.SMTP:
    """A connection, encrypted and logged in as the address says."""
    # Else the client asks the DNS for its own name, without any time limit.
    own_name = socket.gethostname()
    if server.security == "ssl":
        made: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, own_name, timeout=server.timeout, context=_context(server)
        )
    else:
        made = smtplib.SMTP(server.host, server.port, own_name, timeout=server.timeout)
    try:
        is_secret_told = bool(server.password) and not _is_on_this_machine(server.host)
        if server.security == "starttls" or (server.security == "insecure" and is_secret_told):
            made.starttls(context=_context(server))
        if server.user and server.password:
            made.login(server.user, server.password)
    except BaseException:
        made.close()
        raise
    return made


def _context(server: MailServer) -> ssl.SSLContext:
    """What certificates count; reading the authorities takes a while."""
    context = ssl.create_default_context()
    if not server.is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _is_on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _not_connected(server: MailServer, error: Exception) -> NotSent:
    """Why there is no connection, from the kind of the error and the server's code."""
    name = f"the mail server {printable(server.name)}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        reason = f"{name} offers no encryption, or no known way to log in"
    elif isinstance(error, smtplib.SMTPAuthenticationError):
        reason = f"{name} refused the log-in ({error.smtp_code})"
    elif isinstance(error, smtplib.SMTPResponseException):
        reason = f"{name} refused the connection ({error.smtp_code})"
    elif isinstance(error, ssl.SSLCertVerificationError):
        reason = f"{name} has a certificate that is not trusted"
    elif isinstance(error, TimeoutError):
        reason = f"{name} did not answer in {server.timeout:g} s"
    else:
        reason = f"{name} cannot be reached, or hung up"
    return NotSent(reason, is_server_down=True)


def _not_accepted(server: MailServer, error: Exception) -> NotSent:
    """Why a mail was not accepted, from the kind of the error and the server's code."""
    name = f"the mail server {printable(server.name)}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return _refused(name, "the recipient", code, answer)
    if isinstance(error, smtplib.SMTPSenderRefused):
        return _refused(name, "the sender", error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPResponseException):
        return _refused(name, "the mail", error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NotSent(f"{name} cannot take an address with such letters")
    if isinstance(error, TimeoutError):
        return NotSent(f"{name} did not answer in {server.timeout:g} s", is_server_down=True)
    if isinstance(error, OSError):
        # A connection that the server closed is an SMTPException, and so an OSError.
        return NotSent(f"{name} hung up", is_server_down=True)
    return NotSent("the mail cannot be written: an address or a header is not valid")


def _refused(name: str, what: str, code: int, answer: bytes | str) -> NotSent:
    given = answer.encode() if isinstance(answer, str) else answer
    detail = STATUS.match(given)
    shown = f"{code} {detail[0].decode()}" if detail else str(code)
    return NotSent(f"{name} refused {what} ({shown})", is_server_down=code == 421)
