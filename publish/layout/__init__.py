"""Lay a report's page out: as HTML, as a PDF, and as the body of a mail.

Each result is a function of the page and its frame: equal ones give equal bytes.
"""

from __future__ import annotations

from publish.layout.document import pdf
from publish.layout.frame import Frame, MailBody
from publish.layout.mail import mail
from publish.layout.web import html

__all__ = ["Frame", "MailBody", "html", "mail", "pdf"]
