"""Messages to Slack, Teams, Telegram, webhooks and whatever else Apprise knows, through Apprise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from publish.messages.content import Message
from publish.messages.failure import NotSent
from publish.messages.silence import silenced

if TYPE_CHECKING:
    from apprise import AppriseAsset, NotifyBase

IDEMPOTENCY_HEADER = "Idempotency-Key"
TOO_MANY, SERVER_FAULT = 429, 500
HTTP_CODE = re.compile(r"\berror=(\d{3})\b")


def asset() -> AppriseAsset:
    """How Apprise behaves here: it names us, shows no pictures of its own, and writes no files."""
    from apprise import AppriseAsset

    return AppriseAsset(
        app_id="Branchline",
        app_desc="Branchline",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        interpret_emojis=False,
        interpret_escapes=False,
        # After a redirect, a message is fetched instead of posted, and looks as if it was sent.
        http_redirects=False,
        secure_logging=True,
        storage_mode="memory",
    )


def takes_files(service: NotifyBase) -> bool:
    """Whether a message to the service can have a file. A webhook of Slack takes none."""
    from apprise.plugins.slack import NotifySlack, SlackMode

    if isinstance(service, NotifySlack) and service.mode != SlackMode.BOT:
        return False
    return bool(service.attachment_support)


def send(service: NotifyBase, message: Message, message_id: str) -> None:
    """Send the headline and the link; the service accepted them when this returns.

    Where there is no link, services that take files get the PDF.

    Where the service takes headers (a webhook), the message's id is one of them.
    Raises NotSent.
    """
    from apprise import Apprise, NotifyFormat
    from apprise.attachment.memory import AttachMemory

    headers = getattr(service, "headers", None)
    if isinstance(headers, dict):
        headers[IDEMPOTENCY_HEADER] = message_id
    # One attempt, whose failure counts: the outbox repeats it.
    service.retry = 0
    service.optional = False
    body = "\n".join(part for part in (message.headline, message.link) if part)
    file = None
    if message.pdf and not message.link and takes_files(service):
        # Apprise has no types there.
        file = AttachMemory(  # type: ignore[no-untyped-call]
            message.pdf, name=message.pdf_name, mimetype="application/pdf"
        )
    with silenced() as said:
        try:
            is_sent = bool(
                Apprise(service, asset=service.asset).notify(
                    body,
                    title=message.subject,
                    body_format=NotifyFormat.TEXT,
                    attach=file,
                )
            )
        except Exception:
            # A service's code raises what it likes, and the text may hold the address.
            is_sent = False
    if not is_sent:
        raise _not_sent(said)


def _not_sent(said: list[str]) -> NotSent:
    """What went wrong, by the words that Apprise uses for it."""
    codes = [int(code) for line in said for code in HTTP_CODE.findall(line) if code >= "300"]
    if codes:
        is_down = codes[-1] == TOO_MANY or codes[-1] >= SERVER_FAULT
        return NotSent(f"the service answered HTTP {codes[-1]}", is_server_down=is_down)
    if any("connection error" in line.lower() or "did not finish" in line for line in said):
        return NotSent("the service cannot be reached, or did not answer", is_server_down=True)
    return NotSent("the service did not take the message")
