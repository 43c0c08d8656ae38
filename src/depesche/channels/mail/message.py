"""Building the mail of a delivery (RFC 5322, RFC 2045)."""

import base64
import mimetypes
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from depesche.channels.base import Delivery, Document
from depesche.model.subject import split_subject

_HTML_BEGINS = ("<!doctype html", "<html")


_PIECE = 57 << 12
"""Octets of an attachment in memory; a multiple of a line of base64, 57 octets (RFC 2045 §6.8)."""


def build(delivery: Delivery, documents: Sequence[Document], now: datetime) -> Iterator[bytes]:
    """The mail as it leaves, piece by piece: attachments are read while it is written, three may have 128 MB each."""
    message = _letter(delivery, now)
    if not documents:
        yield message.as_bytes()
        return
    boundary = f"=_{secrets.token_hex(16)}"  # no line of quoted-printable or base64 can look like it (RFC 2045 §6.7)
    message.make_mixed(boundary)
    opening, end, rest = message.as_bytes().rpartition(f"--{boundary}--".encode())
    yield opening
    for document in documents:
        yield f"--{boundary}\n".encode()
        yield from _attachment(document)
    yield end + rest


def _letter(delivery: Delivery, now: datetime) -> EmailMessage:
    """Subject from the text's first line or the account, body plain or HTML."""
    subject, body = split_subject(delivery.text, delivery.subject)
    message = EmailMessage()
    message["From"] = delivery.sender or "depesche@localhost"
    message["To"] = delivery.address
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{delivery.job_id}.{delivery.id}.{delivery.attempt}@depesche.invalid>"
    is_html = body.lstrip().lower().startswith(_HTML_BEGINS)
    message.set_content(body, subtype="html" if is_html else "plain")
    return message


def _attachment(document: Document) -> Iterator[bytes]:
    """The file unchanged, as base64 in lines."""
    part = EmailMessage()
    main, sub = _media_type(document.filename)
    part.set_content(b"", maintype=main, subtype=sub, disposition="attachment", filename=_name(document.filename))
    del part["MIME-Version"]
    yield part.as_bytes()
    with document.path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield base64.encodebytes(piece)


def _media_type(filename: str) -> tuple[str, str]:
    """As the name says; a packed file is not what is in it, and message/rfc822 takes no base64 (RFC 2046 §5.2.1)."""
    kind, packing = mimetypes.guess_type(filename)
    main, _, sub = (kind or "").partition("/")
    if packing or main not in ("application", "audio", "font", "image", "text", "video"):
        return "application", "octet-stream"
    return main, sub


def _name(filename: str) -> str:
    """No folder and no line break: those would be the receiver's trouble, and a header's end (RFC 5322 §2.2)."""
    return "".join(character if character.isprintable() else " " for character in filename.replace("/", "_"))
