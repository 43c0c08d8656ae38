"""The mail as it leaves."""

import email
import email.policy
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.channels.base import Delivery, Document
from depesche.channels.mail.message import build
from depesche.model.codes import SendJobCode
from depesche.model.jobtype import JobType
from depesche.model.numbers import judge_mail
from depesche.model.subject import split_subject

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

PLAIN = Delivery(
    id=5, job_id=3, attempt=2, account="10001", job_type=JobType.MAIL, address="kunde@firma.de", text="Guten Tag"
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


def read(pieces: Iterable[bytes]) -> EmailMessage:
    """As the receiver reads it."""
    return email.message_from_bytes(b"".join(pieces), policy=email.policy.default)


def body_of(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    assert body is not None
    return str(body.get_content())


def test_the_header_says_who_to_whom_when_and_which(delivery: Callable[..., Delivery]) -> None:
    order = delivery(address="kunde@firma.de", sender="info@muster.de", subject="Müller & Söhne grüßen")
    message = read(build(order, [], NOW))
    assert message["From"] == "info@muster.de"
    assert message["To"] == "kunde@firma.de"
    assert message["Subject"] == "Müller & Söhne grüßen"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<3.5.2@depesche.invalid>"
    assert message["MIME-Version"] == "1.0"
    assert body_of(message) == "Grüße aus Hamburg\n"


@pytest.mark.parametrize(
    ("text", "subject", "body"),
    [
        ("Guten Tag", "Nachricht", "Guten Tag"),
        ("Betreff: Rechnung 5\nGuten Tag", "Rechnung 5", "Guten Tag"),
        ("Subject: Invoice\r\n\r\nHello\r\n", "Invoice", "Hello\r\n"),
        ("BETREFF:Rechnung\nx", "Rechnung", "x"),
        ("Betreff:\nx", "Nachricht", "x"),
        ("Betreff: nur das", "nur das", ""),
        ("Hallo\nBetreff: zu spät", "Nachricht", "Hallo\nBetreff: zu spät"),
        ("Betreffend: nichts\nx", "Nachricht", "Betreffend: nichts\nx"),
        ("Betreff 5: nichts\nx", "Nachricht", "Betreff 5: nichts\nx"),
        ("", "Nachricht", ""),
    ],
)
def test_a_first_line_may_be_the_subject(text: str, subject: str, body: str) -> None:
    assert split_subject(text, "Nachricht") == (subject, body)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Guten Tag", "text/plain"),
        ("<html><body>x</body></html>", "text/html"),
        ("<!DOCTYPE html><p>x", "text/html"),
        ("\n  <HTML>x", "text/html"),
        ("Betreff: x\n\n<html>x</html>", "text/html"),
        ("Man schreibt <html> so", "text/plain"),
        ("<p>x</p>", "text/plain"),
    ],
)
def test_a_body_that_begins_like_html_is_html(delivery: Callable[..., Delivery], text: str, kind: str) -> None:
    body = read(build(delivery(text=text), [], NOW)).get_body()
    assert body is not None
    assert body.get_content_type() == kind


@pytest.mark.parametrize(
    ("filename", "kind"),
    [
        ("Rechnung.pdf", "application/pdf"),
        ("scan.png", "image/png"),
        ("liste.csv", "text/csv"),
        ("seite.html", "text/html"),
        ("alt.eml", "application/octet-stream"),
        ("archiv.tar.gz", "application/octet-stream"),
        ("ohne-endung", "application/octet-stream"),
        ("was.dasist", "application/octet-stream"),
    ],
)
def test_an_attachment_arrives_to_the_byte_with_its_name_and_type(
    delivery: Callable[..., Delivery], tmp_path: Path, filename: str, kind: str
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(os.urandom(5000) + b"\r\n.\r\nFrom x\n\x00")
    message = read(build(delivery(), [Document(path, filename, 0)], NOW))
    (attachment,) = message.iter_attachments()
    assert attachment.get_content_type() == kind
    assert attachment.get_filename() == filename
    assert attachment.get_payload(decode=True) == path.read_bytes()
    assert attachment["Content-Transfer-Encoding"] == "base64"


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("Übersicht 2026.pdf", "Übersicht 2026.pdf"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("a\r\nBcc: x@y.de\r\n.pdf", "a  Bcc: x@y.de  .pdf"),
        ('said "yes".pdf', 'said "yes".pdf'),
    ],
)
def test_an_attachments_name_cannot_leave_its_header(
    delivery: Callable[..., Delivery], tmp_path: Path, filename: str, name: str
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(b"x")
    message = read(build(delivery(), [Document(path, filename, 0)], NOW))
    assert [attachment.get_filename() for attachment in message.iter_attachments()] == [name]
    assert message["Bcc"] is None


def test_attachments_keep_their_order(delivery: Callable[..., Delivery], tmp_path: Path) -> None:
    documents = []
    for number in range(3):
        path = tmp_path / str(number)
        path.write_bytes(bytes([number]))
        documents.append(Document(path, f"{number}.bin", 0))
    message = read(build(delivery(), documents, NOW))
    assert not message.defects
    assert body_of(message) == "Grüße aus Hamburg\n"
    assert [part.get_payload(decode=True) for part in message.iter_attachments()] == [b"\0", b"\1", b"\2"]


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 57 << 12, (57 << 12) + 1, 1_000_000])
def test_an_attachment_of_any_size_arrives_and_is_never_whole_in_memory(
    delivery: Callable[..., Delivery], tmp_path: Path, size: int
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(os.urandom(size))
    pieces = list(build(delivery(), [Document(path, "a.bin", 0)], NOW))
    assert max(map(len, pieces)) < 400_000
    assert max(map(len, b"".join(pieces).splitlines())) <= 998  # RFC 5322 §2.1.1
    (attachment,) = read(pieces).iter_attachments()
    assert attachment.get_payload(decode=True) == path.read_bytes()


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_breaks_the_header(first: str, second: str, subject: str) -> None:
    order = replace(PLAIN, text=f"{first}\n{second}", subject=subject)
    message = read(build(order, [], NOW))
    assert set(message.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    }


@given(st.emails())
def test_an_address_that_was_judged_good_arrives_as_it_was_given(address: str) -> None:
    judged, code = judge_mail(address)
    if code is SendJobCode.ACCEPTED:
        message = build(replace(PLAIN, address=judged), [], NOW)
        assert read(message)["To"].addresses[0].addr_spec == address


@given(TEXTS)
def test_the_body_arrives_as_it_was_written_but_for_its_line_ends(text: str) -> None:
    body = body_of(read(build(replace(PLAIN, text=f"x{text}"), [], NOW)))
    assert body.split() == f"x{text}".split()
