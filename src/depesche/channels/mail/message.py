"""Building the mail of a delivery (RFC 5322, RFC 2045)."""

import mimetypes
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from depesche.channels.base import Delivery, Document

_SUBJECT_WORDS = ("betreff:", "subject:")
_HTML_BEGINS = ("<!doctype html", "<html")


def build(delivery: Delivery, documents: Sequence[Document], now: datetime) -> EmailMessage:
    """The mail as it leaves: subject from the text's first line or the account, body plain or HTML, files unchanged."""
    subject, body = split_subject(delivery.text, delivery.subject)
    message = EmailMessage()
    message["From"] = delivery.sender or "depesche@localhost"
    message["To"] = delivery.address
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{delivery.job_id}.{delivery.id}.{delivery.attempt}@depesche.invalid>"
    is_html = body.lstrip().lower().startswith(_HTML_BEGINS)
    message.set_content(body, subtype="html" if is_html else "plain")
    for document in documents:
        kind = mimetypes.guess_type(document.filename)[0] or "application/octet-stream"
        main, _, sub = kind.partition("/")
        message.add_attachment(
            document.path.read_bytes(), maintype=main, subtype=sub, filename=document.filename.replace("/", "_")
        )
    return message


def split_subject(text: str, default: str) -> tuple[str, str]:
    """Subject and body: a first line ``Betreff: …`` or ``Subject: …`` is the subject, else the account's default is."""
    first, _, rest = text.partition("\n")
    word, colon, subject = first.partition(":")
    if f"{word}{colon}".strip().lower() in _SUBJECT_WORDS:
        return subject.strip() or default, rest.lstrip("\r\n")
    return default, text
