"""One POST: what is asked, what is answered, and what failures of ours look like from outside."""

import asyncio
import base64
import selectors
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from depesche import metrics
from depesche.fronts.soap import endpoint
from depesche.fronts.soap.anteroom import Anteroom
from depesche.fronts.soap.codec.encoder import Style
from depesche.fronts.soap.codec.fault import SoapVersion
from depesche.fronts.soap.exchange import Exchange, Reply
from depesche.model.reception import Reception
from depesche.usecases.house import House
from depesche.usecases.receive import receive
from watching import counted

Ask = Callable[..., Any]
Envelope = Callable[..., str]

LOGIN = "<Account>10001</Account><Password>demo</Password>"
SMS = f"{LOGIN}<JobType>1</JobType><Recipient>+491713920000</Recipient><SendText>Grüße</SendText>"
SOAP_1_2 = '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>{}</e:Body></e:Envelope>'


def tightened(house: House, **soap: object) -> House:
    settings = house.settings
    return replace(house, settings=settings.model_copy(update={"soap": settings.soap.model_copy(update=soap)}))


def test_an_sms_is_ordered_asked_after_and_cancelled(ask: Ask, envelope: Envelope) -> None:
    answered = ask(envelope(SMS))
    assert answered.status == 200
    assert answered.headers["content-type"] == "text/xml; charset=utf-8"
    ordered = answered.outs
    assert ordered == {"return": "0", "JobId": ordered["JobId"], "RecipientsCount": "1", "PageCount": "1"}
    job = f"{LOGIN}<JobId>{ordered['JobId']}</JobId>"
    assert ask(envelope(job, "JobStatus")).outs["return"] == "6"
    assert ask(envelope(job, "CancelJob")).outs == {"return": "0"}
    status = ask(envelope(job, "JobStatus")).outs
    assert (status["return"], status["SendResult"]) == ("0", "Canceled")
    assert base64.b64decode(status["StatusFile"]).startswith(b'"RECIPIENT","JOBTYPE","RESULT"')


def test_a_received_fax_is_fetched_until_it_is_deleted(
    ask: Ask, envelope: Envelope, house: House, tmp_path: Path
) -> None:
    tiff = tmp_path / "fax.tif"
    tiff.write_bytes(b"II*\0" + bytes(range(256)) * 2000)
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    asyncio.run(receive(house, Reception("call-1", "+493023125100", at, "+4940123", "Muster & Co", 1, tiff, True)))
    fetched = ask(envelope(LOGIN, "RequestReceived")).outs
    assert base64.b64decode(fetched.pop("FaxImage")) == tiff.read_bytes()
    fax = fetched.pop("FaxId")
    assert fetched == {
        "return": "0",
        "CalledNumber": "+493023125100",
        "ReceiveDate": "2026-01-02T03:04:05.000Z",
        "Originator": "+4940123",
        "RemoteId": "Muster & Co",
        "Pages": "1",
    }
    assert ask(envelope(LOGIN, "RequestReceived")).outs["FaxId"] == fax
    assert ask(envelope(f"{LOGIN}<FaxId>{fax}</FaxId>", "DeleteReceived")).outs == {"return": "0"}
    gone = ask(envelope(LOGIN, "RequestReceived")).outs
    assert (gone["return"], gone["ReceiveDate"], gone["FaxImage"]) == ("5", "1899-12-30T00:00:00.000Z", "")


@pytest.mark.parametrize(
    ("operation", "login", "code"),
    [
        ("SendJob", "", "2"),
        ("SendJob", "<Account>99</Account>", "-2"),
        ("SendJob", "<Account>10001</Account><Password>x</Password>", "-1"),
        ("JobStatus", "<Account>99</Account>", "1"),
        ("CancelJob", "<Account>10001</Account><Password>x</Password>", "-1"),
        ("RequestReceived", "<Account>10001</Account><Password>x</Password>", "2"),
        ("DeleteReceived", "", "1"),
    ],
)
def test_a_wrong_login_has_the_code_of_the_operation(
    ask: Ask, envelope: Envelope, operation: str, login: str, code: str
) -> None:
    assert ask(envelope(login, operation)).outs["return"] == code


def test_soap_1_2_is_answered_in_kind(ask: Ask) -> None:
    answered = ask(SOAP_1_2.format(f'<m:CancelJob xmlns:m="urn:m">{LOGIN}<JobId>9</JobId></m:CancelJob>'))
    assert answered.status == 200
    assert answered.headers["content-type"] == "application/soap+xml; charset=utf-8"
    assert SoapVersion.SOAP_1_2.namespace.encode() in answered.body
    assert answered.outs == {"return": "-2"}


def test_faults_of_soap_1_2_blame_sender_or_receiver(ask: Ask) -> None:
    fault = ask(SOAP_1_2.format("<Register/>"))
    assert fault.status == 400
    assert b"<SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value>" in fault.body
    not_even_xml = ask(b"?", content_type="application/soap+xml; charset=utf-8")
    assert not_even_xml.status == 400
    assert not_even_xml.headers["content-type"] == "application/soap+xml; charset=utf-8"


def test_faults_of_soap_1_1_have_status_500(ask: Ask) -> None:
    answered = ask(b"?", content_type="text/xml")
    assert answered.status == 500
    assert answered.headers["content-type"] == "text/xml; charset=utf-8"
    assert b"<faultcode>SOAP-ENV:Client</faultcode>" in answered.body
    assert "line 1, column 1" in answered.fault


def test_the_answer_stands_in_the_namespace_of_the_method(ask: Ask) -> None:
    body = '<Envelope><Body><{}CancelJob xmlns{}="urn:asked"/></Body></Envelope>'
    assert b'<NS1:CancelJobResponse xmlns:NS1="urn:asked">' in ask(body.format("n:", ":n")).body
    assert b'<NS1:CancelJobResponse xmlns:NS1="urn:asked">' in ask(body.format("", "")).body
    plain = ask("<Envelope><Body><CancelJob/></Body></Envelope>").body
    assert b'<NS1:CancelJobResponse xmlns:NS1="urn:XMLWSIntf-IntfXMLWS">' in plain


def test_document_literal_is_spoken_at_its_address_and_in_its_namespace(ask: Ask, envelope: Envelope) -> None:
    document = b'<CancelJobResponse xmlns="urn:XMLWSIntf-IntfXMLWS-doc"><return>-2</return></CancelJobResponse>'
    inner = f"{LOGIN}<JobId>9</JobId>"
    assert document in ask(envelope(inner, "CancelJob"), path="/SOAPDOC/intfxmlws/").body
    wrapped = f'<CancelJob xmlns="urn:XMLWSIntf-IntfXMLWS-doc">{inner}</CancelJob>'
    assert document in ask(f"<Envelope><Body>{wrapped}</Body></Envelope>").body.replace(b"SOAP-ENV:", b"")


def test_the_charset_of_the_content_type_is_heeded(ask: Ask, envelope: Envelope) -> None:
    body = envelope(SMS).encode("windows-1252")
    assert ask(body, content_type='text/xml; charset="windows-1252"').outs["return"] == "0"
    assert "not well-formed" in ask(body, content_type="text/xml").fault


def test_attachments_are_refused_rather_than_lost(ask: Ask, envelope: Envelope) -> None:
    answered = ask(envelope(SMS), content_type='Multipart/Related; type="application/xop+xml"')
    assert "MTOM" in answered.fault
    assert answered.taken_before == 0


def test_a_body_that_says_it_is_too_large_is_refused_unread(ask: Ask, envelope: Envelope, house: House) -> None:
    small = tightened(house, max_body=1000)
    answered = ask(iter([{"type": "http.disconnect"}]), at=small, content_length="1001")
    assert answered.fault == "the request is larger than 1000 bytes"
    assert answered.taken_before == 0
    unsaid = ask(envelope("<SendText>" + "x" * 1000 + "</SendText>"), at=small)
    assert unsaid.fault == "the request is larger than 1000 bytes"


def test_a_client_that_stops_in_the_middle_is_told(
    ask: Ask, envelope: Envelope, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = house.settings.web.model_copy(update={"silence_seconds": 0.01})
    hasty = replace(house, settings=house.settings.model_copy(update={"web": web}))
    monkeypatch.setattr(endpoint, "LINGER_SECONDS", 0.01)
    half = envelope(SMS).encode()[:100]
    messages = [{"type": "http.request", "body": half, "more_body": True}, {"type": "http.disconnect"}]
    assert ask(iter(messages), at=hasty).status == 0
    assert ask(iter(messages[:1]), at=hasty).fault == "the rest of the request did not arrive in time"


class Leaping(asyncio.SelectorEventLoop):
    """A loop that does not wait for a timer: its clock leaps there."""

    def __init__(self) -> None:
        super().__init__(_Leap(self))
        self.ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class _Leap(selectors.DefaultSelector):
    def __init__(self, loop: Leaping) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            self._loop.ahead += timeout
        return super().select(None if timeout is None else 0)


def sent_slowly(house: House, body: bytes, step: int, pause: float) -> tuple[Reply, float]:
    """The answer to a body of which `step` bytes come every `pause` seconds, and the seconds until it."""

    async def ask_slowly() -> tuple[Reply, float]:
        places = iter(range(0, len(body), step))

        async def receive() -> dict[str, object]:
            await asyncio.sleep(pause)
            place = next(places)
            return {"type": "http.request", "body": body[place : place + step], "more_body": place + step < len(body)}

        scope = {"type": "http", "headers": [], "scheme": "http"}
        clock = asyncio.get_running_loop().time
        began = clock()
        return await Exchange(house, Anteroom(0), Style.RPC, scope, receive).reply(), clock() - began

    with asyncio.Runner(loop_factory=Leaping) as runner:
        return runner.run(ask_slowly())


@pytest.mark.parametrize(("step", "pause"), [(64 << 10, 50), (1400, 1), (100_000, 59)])
def test_a_large_request_over_a_bad_line_arrives(house: House, envelope: Envelope, step: int, pause: float) -> None:
    body = envelope("<unknown>" + "x" * 10_000_000 + "</unknown>").encode()
    reply, seconds = sent_slowly(house, body, step, pause)
    assert reply.status == 200
    assert seconds > 5000


@pytest.mark.parametrize(("step", "pause"), [(1, 59), (1000, 59), (100, 1), (1, 0.1), (60_000, 65)])
def test_a_request_that_drips_in_is_given_up(house: House, envelope: Envelope, step: int, pause: float) -> None:
    body = envelope("<unknown>" + "x" * 200_000 + "</unknown>").encode()
    reply, seconds = sent_slowly(house, body, step, pause)
    assert b"the rest of the request did not arrive in time" in b"".join(reply.message)
    assert seconds < 200


def test_a_failure_of_ours_is_minus_4_or_a_server_fault_without_details(
    ask: Ask, envelope: Envelope, house: House
) -> None:
    house.database.close()
    assert ask(envelope(SMS)).outs == {"return": "-4", "JobId": "0", "RecipientsCount": "0", "PageCount": "0"}
    for operation in ("JobStatus", "CancelJob", "RequestReceived", "DeleteReceived"):
        answered = ask(envelope(LOGIN, operation))
        assert answered.status == 500
        assert b"<faultcode>SOAP-ENV:Server</faultcode>" in answered.body
        assert answered.fault.startswith("an error of the server; its record has the number ")
        assert b"Traceback" not in answered.body


def test_an_answer_that_takes_too_long_is_minus_4_or_a_server_fault(ask: Ask, envelope: Envelope, house: House) -> None:
    hasty = tightened(house, max_seconds=0)
    assert ask(envelope(SMS), at=hasty).outs["return"] == "-4"
    assert ask(envelope(LOGIN, "JobStatus"), at=hasty).fault.startswith("the answer took too long; ")
    assert ask(envelope(SMS)).outs["return"] == "0"


@pytest.mark.parametrize(
    ("login", "job_type", "code"),
    [
        (LOGIN, 0, "-66"),
        (LOGIN, 99, "4"),
        (LOGIN, 2, "-66"),
        ("<Account>99</Account><Password>demo</Password>", 0, "-2"),
        ("<Account>10001</Account><Password>x</Password>", 0, "-1"),
    ],
)
def test_a_full_blob_store_comes_after_what_can_be_judged_without_the_file(
    ask: Ask, envelope: Envelope, house: House, login: str, job_type: int, code: str
) -> None:
    (house.settings.data / "blobs" / "order").write_bytes(b"a file where the folder should be")
    order = f"<JobType>{job_type}</JobType><Recipient>+493023125100</Recipient><SendFilename1>a.pdf</SendFilename1>"
    file = f"<SendFile1>{base64.b64encode(bytes(3_000_000)).decode()}</SendFile1>"
    assert ask(envelope(f"{file}{order}{login}")).outs["return"] == code
    assert ask(envelope(f"{login}{order}{file}")).outs["return"] == code


def counted_soap(operation: str, code: str) -> float:
    return counted("depesche_soap_seconds_count", operation=operation, code=code)


@pytest.mark.parametrize(
    ("body", "operation", "code"),
    [
        (f"<o:CancelJob>{LOGIN}<JobId>9</JobId></o:CancelJob>", "CancelJob", "-2"),
        ("<o:jobSTATUS><Account>10001</Account></o:jobSTATUS>", "JobStatus", "2"),
        ("<o:SendJob><SendFile1>?</SendFile1></o:SendJob>", "SendJob", "Client"),
        ("<o:WhateverACustomerWrites/>", "none", "Client"),
    ],
)
def test_each_answer_is_timed_by_words_of_ours(ask: Ask, body: str, operation: str, code: str) -> None:
    before, others = counted_soap(operation, code), len(metrics.page())
    ask(f'<Envelope xmlns:o="urn:o"><Body>{body}</Body></Envelope>')
    assert counted_soap(operation, code) == before + 1
    assert b"WhateverACustomerWrites" not in metrics.page()
    assert len(metrics.page()) < others + 2000


def test_a_failure_of_ours_is_timed_as_one(ask: Ask, envelope: Envelope, house: House) -> None:
    house.database.close()
    before = counted_soap("JobStatus", "Server"), counted_soap("SendJob", "-4")
    ask(envelope(LOGIN, "JobStatus"))
    ask(envelope(SMS))
    assert (counted_soap("JobStatus", "Server"), counted_soap("SendJob", "-4")) == (before[0] + 1, before[1] + 1)


def test_the_time_runs_from_the_end_of_the_request(house: House, envelope: Envelope) -> None:
    summed = partial(counted, "depesche_soap_seconds_sum", operation="CancelJob", code="-1")
    before = summed()
    body = envelope("<JobId>9</JobId>", "CancelJob").encode()
    _, seconds = sent_slowly(house, body, len(body) // 3, 10)
    assert seconds >= 20
    assert 0 < summed() - before < 5


def test_an_accepted_order_is_counted_with_its_good_recipients(ask: Ask, envelope: Envelope) -> None:
    jobs, recipients = (
        partial(counted, f"depesche_{of}_accepted_total", channel="sms") for of in ("jobs", "recipients")
    )
    before = jobs(), recipients()
    assert ask(envelope(SMS.replace("+491713920000", "+491713920000,+491713920003,17"))).outs["RecipientsCount"] == "2"
    assert ask(envelope(LOGIN)).outs["return"] != "0"
    assert (jobs(), recipients()) == (before[0] + 1, before[1] + 2)
