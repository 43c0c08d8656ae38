"""Every switch of Options, its limits, and what became of it at the far end."""

import asyncio
import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from queue import Empty
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image

from contract.conftest import Final, Record, Send, house_beside, sender, waiter
from contract.farend import INBOX, FarEnd
from contract.sendjob import PDF, anew, later
from contract.web import Called
from depesche.channels.fax.header import HeaderLine, stamp
from depesche.model.resolution import Resolution
from depesche.usecases import jobs
from depesche.usecases.jobs import JobRecord
from documents import address, pdf, tiff_pages, words
from serving import Serving
from soapcall import call

FAX = {"Account": "30004", "JobType": 0, "Recipient": INBOX}
SMS = {"Account": "30004", "JobType": 1, "Recipient": "+491713920000"}
MAIL = {"Account": "30004", "JobType": 2, "Recipient": "ok@sandbox.invalid"}
LETTER = {
    "Account": "30004", "JobType": 3, "SendFilename1": "brief.pdf", "SendFile1": pdf(address(45)), "Recipient": ""
}  # fmt: skip
QSIGN = {
    "Account": "30004",
    "JobType": 8,
    "Recipient": "ok@sandbox.invalid",
    "SendFilename1": "rechnung.pdf",
    "SendFile1": PDF,
}


@dataclass(frozen=True)
class Case:
    """Options, what they lead to, and the beginnings of the warnings in the job's record."""

    options: str
    shown: str | bool | int
    warnings: tuple[str, ...] = field(default=())


def ids(case: Case) -> str:
    return case.options[:40] or "nothing"


def warned(record: JobRecord, case: Case) -> bool:
    """Exactly these warnings are on the record."""
    found = record.head.warnings
    return len(found) == len(case.warnings) and all(map(str.startswith, found, case.warnings))


# STATIONID: station id (T.30 TSI and header), 20 characters; default: the customer's name

STATIONS = (
    Case("", "Zwei Nummern GmbH"),
    Case("STATIONID=", "Zwei Nummern GmbH"),
    Case("STATIONID=Praxis Dr. Klein", "Praxis Dr. Klein"),
    Case("STATIONID=Abcdefghijklmnopqrst", "Abcdefghijklmnopqrst"),
    Case("STATIONID=Abcdefghijklmnopqrstu", "Abcdefghijklmnopqrst", ("STATIONID was changed to Abcdefghijklmnopqrst",)),
    Case("STATIONID=Grüße Ä Ö Ü", "Gruesse Ae Oe Ue", ("STATIONID was changed to Gruesse Ae Oe Ue",)),
    Case("STATIONID=Café €", "Cafe EUR", ("STATIONID was changed to Cafe EUR",)),
    Case("STATIONID=+49 30 23125101", "+49 30 23125101"),
)


@pytest.mark.parametrize("case", STATIONS, ids=ids)
def test_the_receiving_machine_reads_the_station_id(
    send: Send, final: Final, record: Record, far_end: FarEnd, case: Case
) -> None:
    job = send(**FAX, SendText=anew(), Options=case.options)["JobId"]
    assert final(job, "30004")["SendResult"] == "OK"
    assert far_end.fax().outs["RemoteId"] == case.shown
    assert warned(record(job), case)


# FAXHEADER: free header, 30 characters; default: the customer's fax number

HEADERS = (
    Case("", "+493023125101"),
    Case("FAXHEADER=", "+493023125101"),
    Case("FAXHEADER=Buchhaltung Müller", "Buchhaltung Müller"),
    Case("FAXHEADER=" + "Abteilung 123456789 123456789 ", "Abteilung 123456789 123456789"),
    Case("FAXHEADER=" + "x" * 30, "x" * 30),
    Case("FAXHEADER=" + "x" * 31, "x" * 30, ("FAXHEADER was cut to " + "x" * 30,)),
)


@pytest.mark.parametrize("case", HEADERS, ids=ids)
def test_the_top_rows_of_the_received_page_are_the_header_line(
    send: Send, final: Final, record: Record, far_end: FarEnd, tmp_path: Path, case: Case
) -> None:
    options = f"STATIONID=Kennung;{case.options}"
    job = send(**FAX, SendText=anew(), SendFilename1="a.pdf", SendFile1=PDF, Options=options)["JobId"]
    assert final(job, "30004")["SendResult"] == "OK"
    begun = record(job).attempts[0].sending_at.astimezone(ZoneInfo("Europe/Berlin"))
    pages = far_end.fax().pages
    assert len(pages) == 2
    expected = [header(tmp_path, begun + timedelta(minutes=later), str(case.shown), pages=2) for later in (0, 1)]
    tops = np.stack([page[: Resolution.FINE.header_rows] for page in pages])
    assert any(np.array_equal(tops, line) for line in expected)
    assert not np.array_equal(tops, header(tmp_path, begun, "another", pages=2))
    assert warned(record(job), case)


def header(folder: Path, at: datetime, note: str, pages: int) -> np.ndarray:
    """The header line on so many pages."""
    white = [Image.new("1", (1728, 100), 1) for _ in range(pages)]
    source, target = folder / "white.tif", folder / "stamped.tif"
    white[0].save(source, "TIFF", save_all=True, append_images=white[1:], compression="group4", dpi=(204, 196))
    stamp(source, target, HeaderLine(at=at, sender="Kennung", note=note, recipient=INBOX))
    return np.stack([page[: Resolution.FINE.header_rows] for page in tiff_pages(target.read_bytes())])


# RESOLUTION: of a fax; default the account's; ours, and not the interface's

EDGES = pdf(words("von oben bis unten") + b" 0 g 100 0 20 20 re 100 822 20 20 re f")
RESOLUTIONS = (
    Case("", 196),
    Case("RESOLUTION=STANDARD", 98),
    Case("RESOLUTION=fine", 196),
    Case("RESOLUTION=SUPERFINE", 391),
    Case("RESOLUTION=4711", 196, ("RESOLUTION=4711 is none of STANDARD, FINE, SUPERFINE: FINE is used",)),
)


@pytest.mark.parametrize("case", RESOLUTIONS, ids=ids)
def test_the_received_pages_have_the_resolution_of_the_order(
    send: Send, final: Final, record: Record, far_end: FarEnd, case: Case
) -> None:
    text, file = anew(), {"SendFilename1": "a.pdf", "SendFile1": EDGES}
    job = send(**FAX, SendText=text, **file, Options=f"STATIONID=Kennung;{case.options}")["JobId"]
    assert final(job, "30004")["SendResult"] == "OK"
    fax = far_end.fax()
    with Image.open(io.BytesIO(base64.b64decode(fax.outs["FaxImage"]))) as received:
        assert received.info["dpi"] == (204, case.shown)
    header = round(5.2 / 25.4 * int(case.shown))
    assert [len(page) for page in fax.pages] == [round(297 / 25.4 * int(case.shown))] * 2
    first, second = fax.pages
    assert first[header:].any()
    assert np.array_equal(first[:header, :1000], second[:header, :1000])
    square = pytest.approx((20 / 72) ** 2 * 204 * int(case.shown), rel=0.1)
    assert second[header : 3 * header, 250:400].sum() == square
    assert second[-2 * header :, 250:400].sum() == square
    assert warned(record(job), case)


# ISDNABS, CALLERID: caller number shown to the receiver; must be one of the account's numbers, else the account's own

CALLERS = (
    Case("", "+493023125101"),
    Case("CALLERID=+493023125102", "+493023125102"),
    Case("ISDNABS=+493023125102", "+493023125102"),
    Case("CALLERID=030 / 23125-102", "+493023125102"),
    Case("CALLERID=+493023125102;ISDNABS=+493023125101", "+493023125102", ("option ISDNABS was ignored",)),
    Case("ISDNABS=+493023125102;CALLERID=+493023125101", "+493023125101", ("option ISDNABS was ignored",)),
    Case("CALLERID=+493023125105", "+493023125101", ("CALLERID +493023125105 is none of the account's numbers",)),
    Case("ISDNABS=+4940123456", "+493023125101", ("CALLERID +4940123456 is none of the account's numbers",)),
    Case("CALLERID=geheim", "+493023125101", ("CALLERID geheim is none of the account's numbers",)),
)


@pytest.mark.parametrize("case", CALLERS, ids=ids)
def test_the_receiver_is_shown_a_number_of_the_account(
    send: Send, final: Final, record: Record, far_end: FarEnd, case: Case
) -> None:
    job = send(**FAX, SendText=anew(), Options=case.options)["JobId"]
    assert final(job, "30004")["SendResult"] == "OK"
    assert far_end.fax().outs["Originator"] == case.shown
    assert warned(record(job), case)


# FAXRETRY: number of repeats after the first dial; default 3, 0 = none, at most 10; not a number: default; above: 10

ATTEMPTS = (
    Case("", 4),
    Case("FAXRETRY=0", 1),
    Case("FAXRETRY=2", 3),
    Case("FAXRETRY=10", 11),
    Case("FAXRETRY=11", 11, ("FAXRETRY=11 is too many: 10 is used",)),
    Case("FAXRETRY=oft", 4, ("FAXRETRY=oft is no number: 3 is used",)),
    Case("FAXRETRY=-1", 4, ("FAXRETRY=-1 is no number: 3 is used",)),
)


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server whose ten minutes take a tenth of a second."""
    serving = Serving(
        tmp_path_factory.mktemp("impatient") / "data",
        DEPESCHE_DISPATCH__SANDBOX_SPEED="6000",
        DEPESCHE_DISPATCH__POLL_SECONDS="0.01",
    ).start()
    yield serving
    assert serving.stop() == 0


@pytest.mark.parametrize("case", ATTEMPTS, ids=ids)
def test_a_busy_number_is_dialled_so_many_times(impatient: Serving, case: Case) -> None:
    job = sender(impatient)(JobType=0, Recipient="+493023125001", SendText=anew(), Options=case.options)["JobId"]
    assert waiter(impatient)(job)["SendResult"] == "busy"
    with house_beside(impatient) as house:
        found = asyncio.run(jobs.show(house, int(job)))
    assert [attempt.number for attempt in found.attempts] == list(range(1, int(case.shown) + 1))
    assert warned(found, case)


# FLASHSMS: class 0 SMS

NO_VALUE = "option FLASHSMS takes no value"
FLASHES = (
    Case("", False),
    Case("FLASHSMS", True),
    Case("FlashSms", True),
    Case("FLASHSMS=1", True, (NO_VALUE,)),
    Case("FLASHSMS=0", False, (NO_VALUE,)),
)


@pytest.mark.parametrize("case", FLASHES, ids=ids)
def test_a_flash_sms_is_of_class_0(send: Send, final: Final, record: Record, far_end: FarEnd, case: Case) -> None:
    job = send(**SMS, SendText=anew(), Options=case.options)["JobId"]
    final(job, "30004")
    [message] = far_end.messages(job)
    assert message["flash"] is case.shown
    assert warned(record(job), case)


# SMSFROM: sender id, up to 16 digits, or 11 alphanumeric; out of range: account's default

SENDERS = (
    Case("", "Zwei"),
    Case("SMSFROM=1234567890123456", "1234567890123456"),
    Case("SMSFROM=12345678901234567", "Zwei", ("SMSFROM 12345678901234567 is no sender id",)),
    Case("SMSFROM=+491713920003", "+491713920003"),
    Case("SMSFROM=Muster12345", "Muster12345"),
    Case("SMSFROM=Muster123456", "Zwei", ("SMSFROM Muster123456 is no sender id",)),
    Case("SMSFROM=Müller", "Zwei", ("SMSFROM Müller is no sender id",)),
)


@pytest.mark.parametrize("case", SENDERS, ids=ids)
def test_an_sms_has_this_sender(send: Send, final: Final, record: Record, far_end: FarEnd, case: Case) -> None:
    job = send(**SMS, SendText=anew(), Options=case.options)["JobId"]
    final(job, "30004")
    [message] = far_end.messages(job)
    assert message["sender"] == case.shown
    assert warned(record(job), case)


# MAILFROM: sender address for eMail and QSign; default the account's; an address not allowed to it: see row 16

MAIL_SENDERS = (
    Case("", "info@zwei.example"),
    Case("MAILFROM=rechnung@zwei.example", "rechnung@zwei.example"),
    Case("MAILFROM=Info@Zwei.Example", "Info@Zwei.Example"),
    Case("MAILFROM=", "info@zwei.example"),
)


@pytest.mark.parametrize("order", [MAIL, QSIGN], ids=["eMail", "QSign"])
@pytest.mark.parametrize("case", MAIL_SENDERS, ids=ids)
def test_a_mail_has_this_sender(
    send: Send, final: Final, record: Record, far_end: FarEnd, order: dict[str, object], case: Case
) -> None:
    job = send(**order, SendText=anew(), Options=case.options)["JobId"]
    assert final(job, "30004")["SendResult"] == "OK"
    [mail] = far_end.mails(job)
    assert mail["From"] == case.shown
    assert warned(record(job), case)


@pytest.mark.parametrize("order", [MAIL, QSIGN], ids=["eMail", "QSign"])
@pytest.mark.parametrize("address", ["niemand", "chef@firma.example"])
def test_a_sender_that_is_not_the_accounts_is_refused(send: Send, order: dict[str, object], address: str) -> None:
    assert send(**order, SendText=anew(), Options=f"MAILFROM={address}")["return"] == "1"


# Switches separated by `;`, `NAME=value` or `NAME`, names in any case, blanks around ignored; nothing vanishes silently

READ = (
    Case("flashsms;SMSFROM=1234", True),
    Case("  FLASHSMS  ;  smsfrom  =  1234  ;", True),
    Case(";;SmsFrom=1234;;FlashSMS;;", True),
    Case("SMSFROM=1;FLASHSMS;SMSFROM=1234", True, ("option SMSFROM was given again: the last one is used",)),
    Case("FARBE=rot;FLASHSMS;SMSFROM=1234", True, ("option FARBE was ignored: unknown",)),
    Case("SMSFROM=1234;FLASHSMS;STATIONID", True, ("option STATIONID was ignored: no value",)),
    Case("SMSFROM=1234", False),
)


@pytest.mark.parametrize("case", READ, ids=ids)
def test_switches_are_read_and_what_is_not_is_on_the_record(
    send: Send, final: Final, record: Record, far_end: FarEnd, case: Case
) -> None:
    job = send(**SMS, SendText=anew(), Options=case.options)["JobId"]
    final(job, "30004")
    [message] = far_end.messages(job)
    assert (message["sender"], message["flash"]) == ("1234", case.shown)
    assert warned(record(job), case)


ELSEWHERE = {
    "CALLERID=+493023125102": FAX,
    "ISDNABS=+493023125102": FAX,
    "STATIONID=Kennung": FAX,
    "FAXHEADER=Kopf": FAX,
    "FAXRETRY=2": FAX,
    "RESOLUTION=FINE": FAX,
    "FLASHSMS": SMS,
    "SMSFROM=1234": SMS,
    "MAILFROM=info@zwei.example": MAIL,
}
"""Switches of one type of job, and an order of that type."""


@pytest.mark.parametrize("order", [FAX, SMS, MAIL, LETTER], ids=["fax", "SMS", "eMail", "iLetter"])
@pytest.mark.parametrize("switch", ELSEWHERE)
def test_a_switch_of_another_type_of_job_is_on_the_record_as_ignored(
    send: Send, record: Record, order: dict[str, object], switch: str
) -> None:
    text = "" if order is LETTER else anew()
    answer = send(**order, SendText=text, SendDateTime=later(), Options=switch)
    expected = () if order is ELSEWHERE[switch] else (f"option {switch.partition('=')[0]} was ignored: it is for",)
    assert warned(record(answer["JobId"]), Case(switch, "", expected))


# STATURL: called when the job is finished; not http(s), or longer than 2,048: not called


NAMES = ("JID", "RCV", "STAT", "MSGS", "COST", "RID", "CID", "DATE", "TIME", "SEC", "RET", "COD", "SPD")
"""The placeholders of the document."""


def query(target: str) -> dict[str, str]:
    """The values as they came, still percent-encoded."""
    return dict(part.split("=", 1) for part in target.partition("?")[2].split("&"))


def test_a_call_brings_all_placeholders_percent_encoded(
    send: Send, final: Final, record: Record, web: Called, far_end: FarEnd
) -> None:
    url = f"http://{web.address}/fax?" + "&".join(f"{name}=${name}" for name in NAMES)
    order = FAX | {"Account": "10001", "Recipient": f"{INBOX}[Müller & Söhne #1]"}
    job = send(**order, SendText=anew(), SendFilename1="a.pdf", SendFile1=PDF, Options=f"STATURL={url}")["JobId"]
    final(job)
    far_end.fax()
    target = web.next()
    [attempt] = record(job).attempts
    assert attempt.ended_at is not None
    ended = attempt.ended_at.astimezone(ZoneInfo("Europe/Berlin"))
    values = query(target)
    assert values["CID"] == "M%C3%BCller%20%26%20S%C3%B6hne%20%231"
    assert values["RCV"] == "%2B493023125105"
    assert {name: unquote(value) for name, value in values.items()} == {
        "JID": job,
        "RCV": INBOX,
        "STAT": "OK",
        "MSGS": "2",
        "COST": "0.10",
        "RID": INBOX,
        "CID": "Müller & Söhne #1",
        "DATE": f"{ended:%d.%m.%y}",
        "TIME": f"{ended:%H:%M:%S}",
        "SEC": str(attempt.seconds),
        "RET": "0",
        "COD": "MMR",
        "SPD": "14400",
    }


def test_each_given_row_has_its_call_after_the_job_is_final_with_repeats_and_result(
    server: Serving, send: Send, final: Final, web: Called
) -> None:
    url = f"{web.address} /x?$RCV-$STAT-$RET-$MSGS-$CID-$JIDx$"
    given = "+493023125000[a],+493023125002[b],0900123456[c],+493023125004[d],030 23125002[e]"
    order = FAX | {"Account": "10001", "Recipient": given}
    job = send(**order, SendText=anew(), Options=f"STATURL={url}")["JobId"]
    first = web.next()
    assert call(server.base_url, "JobStatus", Account="10001", Password="demo", JobId=job)["return"] == "0"
    assert [first, *[web.next() for _ in range(4)]] == [
        f"/x?%2B493023125000-OK-0-1-a-{job}x$",
        f"/x?%2B493023125002-OK-2-1-b-{job}x$",
        f"/x?0900123456-BLACKLIST-0-0-c-{job}x$",
        f"/x?%2B493023125004-VOICE-0-0-d-{job}x$",
        f"/x?%2B493023125002-OK-2-1-e-{job}x$",
    ]


STATS = {
    "+493023125000": "OK",
    "+493023125001": "BUSY",
    "+493023125003": "NOANSWER",
    "+493023125004": "VOICE",
    "+493023125005": "NORING",
    "+493023125006": "SENDFAIL",
    "+493023125011": "BLACKLIST",
    "+493023125012": "NOSERVICE",
    "+493023125013": "ISDNERR",
}
"""What a number of the sandbox leads to; CANCELED has a test of its own."""


def test_each_result_has_its_word(send: Send, final: Final, web: Called) -> None:
    two_pages = {"SendFilename1": "brief.pdf", "SendFile1": pdf(words("eins"), words("zwei")), "SendText": ""}
    order = FAX | two_pages | {"Account": "10001", "Recipient": ",".join(STATS)}
    final(send(**order, Options=f"FAXRETRY=0;STATURL={web.address}/$RCV/$STAT")["JobId"])
    assert [web.next() for _ in STATS] == [f"/%2B{number[1:]}/{word}" for number, word in STATS.items()]


def test_a_cancelled_one_is_told_as_well(server: Serving, send: Send, web: Called) -> None:
    order = SMS | {"Account": "10001", "SendText": anew(), "SendDateTime": later()}
    job = send(**order, Options=f"STATURL={web.address}/$JID/$STAT/$MSGS/$RET")["JobId"]
    assert call(server.base_url, "CancelJob", Account="10001", Password="demo", JobId=job)["return"] == "0"
    assert web.next() == f"/{job}/CANCELED/0/0"


def long_url(address: str, length: int) -> str:
    return f"http://{address}/long?".ljust(length, "x")


NOT_CALLED = "STATURL is not called"
URLS = (
    Case("STATURL=ftp://{address}/no", "", (NOT_CALLED,)),
    Case("STATURL={longer}", "", (NOT_CALLED,)),
    Case("STATURL=http://", "", (NOT_CALLED,)),
    Case("STATURL={longest}", "{longest}"),
    Case("STATURL=http://{address}/yes", "/yes"),
    Case("STATURL={address}/without-a-scheme", "/without-a-scheme"),
    Case("STATURL=http://{address}/bl an ks", "/blanks"),
    Case("STATURL=HTTP://{address}/upper", "/upper"),
)


@pytest.mark.parametrize("case", URLS, ids=ids)
def test_an_address_is_called_or_the_record_says_why_not(
    send: Send, final: Final, record: Record, web: Called, case: Case
) -> None:
    urls = {"address": web.address, "longest": long_url(web.address, 2048), "longer": long_url(web.address, 2049)}
    job = send(**SMS, SendText=anew(), Options=case.options.format(**urls))["JobId"]
    final(job, "30004")
    assert warned(record(job), case)
    if case.shown:
        assert f"http://{web.address}{web.next()}".endswith(str(case.shown).format(**urls))
        return
    final(send(**SMS, SendText=anew(), Options=f"STATURL=http://{web.address}/next")["JobId"], "30004")
    assert web.next() == "/next"
    with pytest.raises(Empty):
        web.targets.get_nowait()
