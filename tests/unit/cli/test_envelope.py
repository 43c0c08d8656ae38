"""The caller's half of the interface, held against the server's."""

import base64
import io
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.cli.common import Exit, Failed, NoAnswer
from depesche.cli.envelope import NAMESPACE, Call, File, Value, read, write
from depesche.config import Soap
from depesche.fronts.soap.codec.decoder import Decoder
from depesche.fronts.soap.codec.encoder import SLICE, Answer, Style, encode_answer, encode_fault
from depesche.fronts.soap.codec.fault import FaultCode, SoapFault, SoapVersion
from depesche.fronts.soap.codec.slots import Call as Decoded
from depesche.fronts.soap.codec.slots import FileData, Limits
from depesche.fronts.soap.operations import JOB_STATUS, REQUEST_RECEIVED, SEND_JOB, Operation

MIB = 1 << 20
SENDABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.just("\n"))


def decoded(call: Call) -> tuple[Decoded, bytes]:
    """What the server reads of a call: its values, and the bytes of its files one after the other."""
    decoder = Decoder(Limits(16 * MIB, 16 * MIB, MIB))
    events = [event for piece in call for event in decoder.feed(piece)] + decoder.close()
    assert decoder.call is not None
    return decoder.call, b"".join(event.data for event in events if isinstance(event, FileData))


def opened(data: bytes) -> File:
    return File(io.BytesIO(data), len(data))


def answered(operation: Operation, answer: Answer, style: Style = Style.RPC) -> bytes:
    return b"".join(encode_answer(operation, answer, style, SoapVersion.SOAP_1_1, NAMESPACE))


@given(account=SENDABLE, text=SENDABLE, job_type=st.integers(-(2**31), 2**31 - 1))
def test_the_server_reads_what_was_written(account: str, text: str, job_type: int) -> None:
    call, _ = decoded(write(SEND_JOB, {"Account": account, "JobType": job_type, "SendText": text}))
    assert call.operation is SEND_JOB
    assert (call.texts["Account"], call.texts["SendText"], call.numbers["JobType"]) == (account, text, job_type)


def test_line_ends_arrive_as_they_were() -> None:
    call, _ = decoded(write(SEND_JOB, {"SendText": "a\r\nb\rc\nd\te"}))
    assert call.texts["SendText"] == "a\r\nb\rc\nd\te"


def test_a_time_arrives_as_the_same_moment() -> None:
    moment = datetime(2026, 8, 1, 22, 0, tzinfo=timezone(timedelta(hours=2)))
    call, _ = decoded(write(SEND_JOB, {"SendDateTime": moment}))
    assert call.moments["SendDateTime"] == datetime(2026, 8, 1, 20, 0, tzinfo=UTC)


def test_what_is_not_given_is_not_sent() -> None:
    call, _ = decoded(write(SEND_JOB, {"Account": "1"}))
    assert (set(call.texts), call.moments) == ({"Account"}, {})


@pytest.mark.parametrize("size", [0, 1, 2, 3, SLICE - 1, SLICE, SLICE + 1, 2 * SLICE + 2])
def test_a_file_arrives_to_the_byte_and_the_call_is_as_long_as_it_said(size: int) -> None:
    data = bytes(index * 7 % 256 for index in range(size))
    call = write(SEND_JOB, {"SendFilename1": "a.tif", "SendFile1": opened(data)})
    told = call.size
    whole = b"".join(call)
    assert len(whole) == told
    again = write(SEND_JOB, {"SendFilename1": "a.tif", "SendFile1": opened(data)})
    assert decoded(again)[1] == data


def test_no_piece_is_longer_than_a_slice_of_base64() -> None:
    call = write(SEND_JOB, {"SendFile1": opened(bytes(5 * SLICE))})
    assert max(map(len, call)) == SLICE // 3 * 4


def test_a_file_that_became_shorter_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    path.write_bytes(b"12")
    with path.open("rb") as file, pytest.raises(Failed, match=r"scan\.tif became shorter"):
        list(write(SEND_JOB, {"SendFile1": File(file, 3)}))


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x0b", "\ud800", "\ufffe"])
def test_what_xml_cannot_carry_is_told_and_not_changed(character: str) -> None:
    with pytest.raises(Failed, match=f"U\\+{ord(character):04X} in SendText") as told:
        write(SEND_JOB, {"SendText": f"a{character}b"})
    assert told.value.code is Exit.USAGE


@pytest.mark.parametrize("style", Style)
def test_an_answer_of_the_server_is_read(style: Style) -> None:
    image = bytes(range(256)) * 10
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    answer = read([answered(REQUEST_RECEIVED, Answer(0, (2**40, "+4930", at, "", "Büro <1> & 2", 3, image)), style)])
    assert (answer.code, answer.number("FaxId"), answer.number("Pages")) == (0, 2**40, 3)
    assert (answer.text("CalledNumber"), answer.text("RemoteId")) == ("+4930", "Büro <1> & 2")
    assert (answer.moment("ReceiveDate"), answer.data("FaxImage")) == (at, image)


@given(cuts=st.lists(st.integers(1, 40), min_size=1))
def test_an_answer_may_be_cut_anywhere(cuts: list[int]) -> None:
    whole = answered(JOB_STATUS, Answer(0, ("OK", None, "Grüße", b'"OK"')))
    pieces, start = [], 0
    while start < len(whole):
        for cut in cuts:
            pieces.append(whole[start : start + cut])
            start += cut
    answer = read(pieces)
    assert (answer.text("RemoteId"), answer.data("StatusFile")) == ("Grüße", b'"OK"')


def test_the_zero_date_is_no_time() -> None:
    assert read([answered(JOB_STATUS, Answer(6, ("", None, "", b"")))]).moment("SendDateTime") is None


def test_values_that_are_missing_are_empty() -> None:
    answer = read([envelope_of("<return>5</return>")])
    assert (answer.code, answer.text("RemoteId"), answer.number("Pages")) == (5, "", 0)
    assert (answer.moment("ReceiveDate"), answer.data("FaxImage")) == (None, b"")


def test_base64_may_be_broken_into_lines() -> None:
    lines = base64.encodebytes(bytes(200)).decode()
    assert read([envelope_of(f"<return>0</return><FaxImage>{lines}</FaxImage>")]).data("FaxImage") == bytes(200)


@pytest.mark.parametrize("version", SoapVersion)
def test_a_fault_is_a_sentence(version: SoapVersion) -> None:
    fault = encode_fault(SoapFault("Account is given twice", FaultCode.CLIENT), version)
    with pytest.raises(NoAnswer, match="the server cannot do that: Account is given twice"):
        read([fault])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "no XML"),
        (b"<html><body>It works!<br></body></html>", "no XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        (b"<a>" * 100 + b"</a>" * 100, "nested too deep"),
        (b"<e><b><r><return>0</return>", "no XML"),
    ],
)
def test_what_is_no_answer_of_the_interface_is_told(answer: bytes, reason: str) -> None:
    with pytest.raises(NoAnswer, match=reason) as told:
        read([answer])
    assert told.value.code is Exit.NO_ANSWER


@pytest.mark.parametrize(
    "values",
    [
        "<Pages>3</Pages>",
        "<return>null</return>",
        "<return>99999999999999999999</return>",
    ],
)
def test_a_code_that_is_none_is_told(values: str) -> None:
    with pytest.raises(NoAnswer):
        print(read([envelope_of(values)]).code)


def test_values_that_are_broken_are_told() -> None:
    answer = read([envelope_of("<ReceiveDate>gestern</ReceiveDate><FaxImage>***</FaxImage>")])
    with pytest.raises(NoAnswer, match="ReceiveDate is no time"):
        answer.moment("ReceiveDate")
    with pytest.raises(NoAnswer, match="FaxImage is not base64"):
        answer.data("FaxImage")


def test_the_namespace_is_the_one_that_the_server_publishes_by_default() -> None:
    values: dict[str, Value] = {"Account": "1"}
    assert decoded(write(JOB_STATUS, values))[0].namespace == Soap().namespace


def envelope_of(values: str) -> bytes:
    return f'<e:Envelope xmlns:e="urn:e"><e:Body><r>{values}</r></e:Body></e:Envelope>'.encode()
