import base64
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depesche.fronts.soap.codec.encoder import SLICE, Answer, Style, Value, encode_answer, encode_fault
from depesche.fronts.soap.codec.fault import FaultCode, SoapFault, SoapVersion
from depesche.fronts.soap.operations import CANCEL_JOB, JOB_STATUS, REQUEST_RECEIVED, SEND_JOB, Operation

METHODS = "urn:XMLWSIntf-IntfXMLWS"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
SENT = datetime(2017, 6, 1, 15, 53, 6, tzinfo=UTC)


def written(
    operation: Operation,
    answer: Answer,
    style: Style = Style.RPC,
    version: SoapVersion = SoapVersion.SOAP_1_1,
    namespace: str = METHODS,
) -> bytes:
    message = encode_answer(operation, answer, style, version, namespace)
    data = b"".join(message)
    assert message.size == len(data)
    return data


def method(data: bytes, version: SoapVersion = SoapVersion.SOAP_1_1) -> ET.Element:
    """The only child of the Body."""
    (body,) = ET.fromstring(data)
    assert body.tag == f"{{{version.namespace}}}Body"
    (element,) = body
    return element


def status_values(*outs: Value) -> list[str]:
    return [child.text or "" for child in method(written(JOB_STATUS, Answer(0, outs)))]


def test_a_response_is_written_as_delphi_writes_it() -> None:
    assert written(SEND_JOB, Answer(0, (4711, 1, 3))) == (
        b'<?xml version="1.0" encoding="utf-8"?>\n'
        b'<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"'
        b' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        b' xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/">'
        b'<SOAP-ENV:Body SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
        b'<NS1:SendJobResponse xmlns:NS1="urn:XMLWSIntf-IntfXMLWS"><return xsi:type="xsd:int">0</return>'
        b'<JobId xsi:type="xsd:int">4711</JobId><RecipientsCount xsi:type="xsd:int">1</RecipientsCount>'
        b'<PageCount xsi:type="xsd:int">3</PageCount></NS1:SendJobResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>'
    )


def test_return_comes_first_then_the_outs_in_order_all_typed() -> None:
    outs = (2**40, "+493023125100", SENT, "", "", 3, b"II*\0")
    element = method(written(REQUEST_RECEIVED, Answer(0, outs)))
    assert element.tag == f"{{{METHODS}}}RequestReceivedResponse"
    assert [(child.tag, child.get(TYPE), child.text) for child in element] == [
        ("return", "xsd:int", "0"),
        ("FaxId", "xsd:long", "1099511627776"),
        ("CalledNumber", "xsd:string", "+493023125100"),
        ("ReceiveDate", "xsd:dateTime", "2017-06-01T15:53:06.000Z"),
        ("Originator", "xsd:string", None),
        ("RemoteId", "xsd:string", None),
        ("Pages", "xsd:int", "3"),
        ("FaxImage", "xsd:base64Binary", "SUkqAA=="),
    ]


def test_no_value_is_ever_nil() -> None:
    data = written(JOB_STATUS, Answer(6, ("", None, "", b"")))
    assert b"nil" not in data
    assert [child.text for child in method(data)] == ["6", None, "1899-12-30T00:00:00.000Z", None, None]


def test_the_response_stands_in_the_namespace_of_the_request() -> None:
    namespace = 'urn:"a"&<b>\t'
    element = method(written(CANCEL_JOB, Answer(0), namespace=namespace))
    assert element.tag == f"{{{namespace}}}CancelJobResponse"


def test_soap_1_2_has_its_encoding_style_on_the_method() -> None:
    data = written(CANCEL_JOB, Answer(-2), version=SoapVersion.SOAP_1_2)
    element = method(data, SoapVersion.SOAP_1_2)
    style = "{http://www.w3.org/2003/05/soap-envelope}encodingStyle"
    assert element.get(style) == "http://www.w3.org/2003/05/soap-encoding"
    assert ET.fromstring(data)[0].get(style) is None
    assert element[0].text == "-2"


def test_document_literal_qualifies_the_children_and_types_nothing() -> None:
    element = method(written(JOB_STATUS, Answer(0, ("OK", SENT, "X", b"csv")), Style.DOCUMENT, namespace="urn:doc"))
    assert element.tag == "{urn:doc}JobStatusResponse"
    assert [child.tag for child in element] == [
        "{urn:doc}return",
        "{urn:doc}SendResult",
        "{urn:doc}SendDateTime",
        "{urn:doc}RemoteId",
        "{urn:doc}StatusFile",
    ]
    assert not any(child.attrib for child in element)


@pytest.mark.parametrize("size", [0, 1, 2, 3, SLICE - 1, SLICE, SLICE + 1, 2 * SLICE + 2])
def test_a_large_image_is_encoded_in_slices_that_join(size: int) -> None:
    image = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    message = encode_answer(
        REQUEST_RECEIVED, Answer(0, (1, "", None, "", "", 1, image)), Style.RPC, SoapVersion.SOAP_1_1, METHODS
    )
    parts = list(message)
    assert max(map(len, parts)) <= max(SLICE // 3 * 4, 2000)
    assert base64.b64decode(method(b"".join(parts))[7].text or "", validate=True) == image


@given(st.text())
@settings(deadline=None)
def test_any_text_makes_a_readable_message(text: str) -> None:
    read = status_values(text, None, "", b"")[1]
    legal = "".join("\ufffd" if illegal(character) else character for character in text)
    assert read == legal


def illegal(character: str) -> bool:
    """XML 1.0 §2.2 has no place for it."""
    code = ord(character)
    return (code < 0x20 and character not in "\t\n\r") or 0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF)


def test_illegal_characters_become_the_replacement_character() -> None:
    assert status_values("a\0b\x1b\ud800\uffff", None, "\x08", b"")[1] == "a\ufffdb\ufffd\ufffd\ufffd"


def test_carriage_returns_survive_the_parser_of_the_client() -> None:
    assert status_values("a\r\nb\r", None, "", b"")[1] == "a\r\nb\r"


def test_an_answer_of_the_wrong_length_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="zip"):
        written(SEND_JOB, Answer(0, (1,)))


def test_a_fault_of_soap_1_1() -> None:
    data = encode_fault(SoapFault("<x> is no operation"), SoapVersion.SOAP_1_1)
    fault = method(data)
    assert fault.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Fault"
    assert fault.findtext("faultcode") == "SOAP-ENV:Client"
    assert fault.findtext("faultstring") == "<x> is no operation"


def test_a_fault_of_soap_1_2() -> None:
    fault = method(encode_fault(SoapFault("no", FaultCode.SERVER), SoapVersion.SOAP_1_2), SoapVersion.SOAP_1_2)
    spaces = {"e": "http://www.w3.org/2003/05/soap-envelope"}
    assert fault.findtext("e:Code/e:Value", namespaces=spaces) == "SOAP-ENV:Receiver"
    text = fault.find("e:Reason/e:Text", spaces)
    assert text is not None
    assert text.text == "no"
    assert text.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


@pytest.mark.parametrize(
    ("code", "version", "name", "status"),
    [
        (FaultCode.CLIENT, SoapVersion.SOAP_1_1, "Client", 500),
        (FaultCode.SERVER, SoapVersion.SOAP_1_1, "Server", 500),
        (FaultCode.VERSION_MISMATCH, SoapVersion.SOAP_1_1, "VersionMismatch", 500),
        (FaultCode.CLIENT, SoapVersion.SOAP_1_2, "Sender", 400),
        (FaultCode.SERVER, SoapVersion.SOAP_1_2, "Receiver", 500),
        (FaultCode.VERSION_MISMATCH, SoapVersion.SOAP_1_2, "VersionMismatch", 500),
    ],
)
def test_codes_and_statuses_of_faults(code: FaultCode, version: SoapVersion, name: str, status: int) -> None:
    assert code.name_in(version) == name
    assert code.status_in(version) == status
