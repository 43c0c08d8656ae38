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
        main, sub = _media_type(document.filename)
        message.add_attachment(
            document.path.read_bytes(), maintype=main, subtype=sub, filename=_attachment_name(document.filename)
        )
    return message


def _media_type(filename: str) -> tuple[str, str]:
    """As the name says; a packed file is not what is in it, and message/rfc822 takes no base64 (RFC 2046 §5.2.1)."""
    kind, packing = mimetypes.guess_type(filename)
    main, _, sub = (kind or "").partition("/")
    if packing or main not in ("application", "audio", "font", "image", "text", "video"):
        return "application", "octet-stream"
    return main, sub


def _attachment_name(filename: str) -> str:
    """No folder and no line break: those would be the receiver's trouble, and a header's end (RFC 5322 §2.2)."""
    return "".join(character if character.isprintable() else " " for character in filename.replace("/", "_"))


def split_subject(text: str, default: str) -> tuple[str, str]:
    """Subject and body: a first line ``Betreff: …`` or ``Subject: …`` is the subject, else the account's default is."""
    first, _, rest = text.partition("\n")
    word, colon, subject = first.partition(":")
    if f"{word}{colon}".strip().lower() in _SUBJECT_WORDS:
        return subject.strip() or default, rest.lstrip("\r\n")
    return default, text
