"""What each type of job needs, counts and ignores; times, logins and states that take more than one call."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.conftest import Send
from contract.farend import FarEnd
from contract.sendjob import FAX, FILE, LETTER, MAIL, PDF, QSIGN, anew
from contract.web import Called
from depesche.usecases.jobs import JobRecord
from documents import address, pdf, words
from serving import Serving
from soapcall import call

Final = Callable[[str], dict[str, str]]
Record = Callable[[str], JobRecord]

LOGIN = {"Account": "10001", "Password": "demo"}


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ł" * 70, 1),
        ("ł" * 71, 2),
        ("ł" * 134, 2),
        ("ł" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("ÄÖÜäöüß" * 22, 1),
    ],
)
def test_messages_are_counted_and_stand_in_the_outbox_part_by_part(
    send: Send, final: Final, far_end: FarEnd, text: str, messages: int
) -> None:
    answer = send(SendText=text)
    assert (answer["return"], answer["PageCount"]) == ("0", str(messages))
    final(answer["JobId"])
    (sms,) = far_end.messages(answer["JobId"])
    assert (len(sms["parts"]), "".join(sms["parts"])) == (messages, text)


def test_files_of_an_sms_and_the_text_of_a_letter_are_ignored_and_the_record_says_so(
    send: Send, record: Record
) -> None:
    sms = send(SendText="mit Datei", **FILE)
    assert "files were ignored: an SMS has none" in record(sms["JobId"]).head.warnings
    letter = send(**LETTER | {"SendText": "ohne Bedeutung", "Recipient": "Max Muster, Hamburg[r-9]"})
    assert (letter["return"], letter["RecipientsCount"], letter["PageCount"]) == ("0", "1", "1")
    kept = record(letter["JobId"])
    assert any(warning.startswith("SendText was ignored") for warning in kept.head.warnings)
    assert [(fate.address, fate.reference) for fate in kept.fates] == [("Max Muster, Hamburg", "r-9")]


NO_ADDRESS = "the window of the envelope would show no address"


@pytest.mark.parametrize("job_type", [3, 4])
@pytest.mark.parametrize(
    ("content", "warnings"),
    [
        (address(27), ()),
        (address(45), ()),
        (words("Sehr geehrte Damen und Herren"), (NO_ADDRESS,)),
        (address(45, left=120), (NO_ADDRESS,)),
        (address(45, left=14), ("text runs over the edge of the window of the envelope",)),
    ],
    ids=["form A", "form B", "no address", "beside the window", "cut"],
)
def test_a_letter_whose_address_is_not_in_the_window_is_accepted_with_a_warning(
    send: Send, record: Record, job_type: int, content: bytes, warnings: tuple[str, ...]
) -> None:
    order = LETTER | {"JobType": job_type, "SendFile1": pdf(content), "Recipient": anew()}
    answer = send(**order)
    assert answer["return"] == "0"
    assert tuple(said.partition(":")[0] for said in record(answer["JobId"]).head.warnings) == warnings
    assert send(**order | {"Account": "10012"})["return"] == ("-7" if warnings else "0")


def test_the_window_is_on_the_first_page_and_of_no_concern_to_an_invoice(send: Send, record: Record) -> None:
    answer = send(**LETTER | {"SendFile1": pdf(words("Rechnung"), address(45)), "Recipient": anew()})
    (warning,) = record(answer["JobId"]).head.warnings
    assert warning.startswith(NO_ADDRESS)
    assert send(**QSIGN | {"Account": "10012", "SendFile1": PDF, "SendText": anew()})["return"] == "0"


@pytest.mark.parametrize(
    ("text", "subject", "kind", "body"),
    [
        ("Guten Tag", "Nachricht von Muster GmbH", "text/plain", "Guten Tag\n"),
        ("Betreff: Rechnung Köln\nGuten Tag", "Rechnung Köln", "text/plain", "Guten Tag\n"),
        ("Subject: Invoice\r\n\r\nHello", "Invoice", "text/plain", "Hello\n"),
        (
            "<html><body>Grüße</body></html>",
            "Nachricht von Muster GmbH",
            "text/html",
            "<html><body>Grüße</body></html>\n",
        ),
        ("<!DOCTYPE html><p>x", "Nachricht von Muster GmbH", "text/html", "<!DOCTYPE html><p>x\n"),
    ],
)
def test_a_mail_has_its_subject_its_body_and_its_files_unchanged(
    send: Send, final: Final, far_end: FarEnd, text: str, subject: str, kind: str, body: str
) -> None:
    answer = send(**MAIL | {"SendText": text, "SendFilename1": "Größe.pdf", "SendFile1": PDF})
    assert (answer["return"], answer["PageCount"]) == ("0", "1")
    final(answer["JobId"])
    (mail,) = far_end.mails(answer["JobId"])
    written = mail.get_body(("html", "plain"))
    assert written is not None
    assert (mail["Subject"], written.get_content_type(), written.get_content()) == (subject, kind, body)
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_payload(decode=True)) == ("Größe.pdf", PDF)


TOMORROW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
DAY = f"{TOMORROW:%Y-%m-%d}"


@pytest.mark.parametrize(
    ("given", "at"),
    [
        (f"{DAY}T12:00:00Z", TOMORROW),
        (f"{DAY}T12:00:00", TOMORROW),
        (f"{DAY} 12:00:00", TOMORROW),
        (f"{DAY}T13:00:00+01:00", TOMORROW),
        (f"{DAY}T12:00:00.000Z", TOMORROW),
        ("0001-01-01T00:00:00", None),
        ("2020-01-01T00:00:00Z", None),
        ("", None),
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise_and_past_or_missing_is_now(
    send: Send, record: Record, given: str, at: datetime | None
) -> None:
    answer = send(SendText=f"um {given}", SendDateTime=given)
    head = record(answer["JobId"]).head
    if at is None:
        assert abs(head.send_at - head.created_at) < timedelta(seconds=5)
    else:
        assert head.send_at == at


def test_after_many_wrong_passwords_the_right_one_waits_and_every_operation_says_so(server: Serving) -> None:
    for _ in range(12):
        call(server.base_url, "JobStatus", Account="30006", Password="falsch", JobId=1)
    right = {"Account": "30006", "Password": "demo"}
    assert call(server.base_url, "JobStatus", **right, JobId=1)["return"] == "2"
    assert call(server.base_url, "CancelJob", **right, JobId=1)["return"] == "-1"
    order = {"JobType": 1, "Recipient": "+491713920000", "SendText": "x"}
    assert call(server.base_url, "SendJob", **right, **order)["return"] == "-1"


def test_a_call_on_the_line_can_be_cancelled_and_its_result_is_what_happened(
    server: Serving, send: Send, final: Final, record: Record
) -> None:
    """A retry every tenth of a second or so: whichever moment the cancellation meets, nothing is dialled after it."""
    job = send(**FAX | {"Recipient": "+493023125001", "SendText": "besetzt", "Options": "FAXRETRY=10"})["JobId"]
    assert call(server.base_url, "CancelJob", **LOGIN, JobId=job)["return"] == "0"
    assert final(job)["SendResult"] in ("Canceled", "busy")
    attempts = len(record(job).attempts)
    assert attempts < 11
    assert call(server.base_url, "CancelJob", **LOGIN, JobId=job)["return"] == "1"


def test_a_job_of_which_nobody_knows_the_end_is_in_work(server: Serving, send: Send, record: Record) -> None:
    job = send(**FAX | {"Recipient": "+493023125009", "SendText": "ungewiss"})["JobId"]
    assert call(server.base_url, "JobStatus", **LOGIN, JobId=job)["return"] == "6"
    assert record(job).head.final_at is None


@pytest.fixture
def each(tmp_path: Path) -> Iterator[Serving]:
    """A server that tells of each recipient as it is final."""
    serving = Serving(tmp_path / "data", DEPESCHE_CALLBACKS__WHEN="recipient").start()
    yield serving
    assert serving.stop() == 0


def test_where_the_operator_wants_it_each_recipient_is_told_as_it_is_final(each: Serving, web: Called) -> None:
    order = {
        "JobType": 1,
        "Recipient": "+491713920000[a],niemand[b],+491713920000[c],+493023125010[d]",
        "SendText": "an viele",
        "Options": f"STATURL=http://{web.address}/?c=$CID&s=$STAT",
    }
    assert call(each.base_url, "SendJob", **LOGIN, **order)["RecipientsCount"] == "1"
    told = [web.next() for _ in range(4)]
    assert sorted(told[:2]) == ["/?c=b&s=BLACKLIST", "/?c=d&s=BLACKLIST"]
    assert sorted(told[2:]) == ["/?c=a&s=OK", "/?c=c&s=OK"]
