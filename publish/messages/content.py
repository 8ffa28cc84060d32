"""What a message says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """What one edition's messages say.

    `subject`: the report and its part. `headline`: one sentence with the figures. `text` and
    `html`: the body of a mail. `link`: where the page can be read; "" if nowhere. `pdf`: attached
    to mails under `pdf_name`, unless it is empty.
    """

    subject: str
    headline: str
    text: str
    html: str
    link: str = ""
    pdf: bytes = b""
    pdf_name: str = ""
