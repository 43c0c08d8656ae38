"""What real clients send, and what it means."""

import base64
import codecs
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from depesche.fronts.soap.codec.decoder import BLOCK
from depesche.fronts.soap.codec.fault import FaultCode, SoapFault, SoapVersion
from depesche.fronts.soap.codec.slots import PIECE, Limits

Decode = Callable[..., Any]
Envelope = Callable[..., str]

PDF = bytes(range(256)) * 3
LOGIN = "<Account>10001</Account><Password>demo</Password>"


def encoded(data: bytes = PDF) -> str:
    return base64.b64encode(data).decode()


def broken(text: str, at: int, between: str) -> str:
    return between.join(text[start : start + at] for start in range(0, len(text), at))


def test_a_call_is_read_with_all_its_types(decode: Decode, envelope: Envelope) -> None:
    decoded = decode(
        envelope(
            f"{LOGIN}<JobType>0</JobType><Recipient>+4940123456789[ref-17]</Recipient>"
            f"<SendText>Grüße &amp; €</SendText><SendFilename1>a.pdf</SendFilename1><SendFile1>{encoded()}</SendFile1>"
            "<SendDateTime>2026-01-02T03:04:05Z</SendDateTime><Options>FLASHSMS</Options>"
        )
    )
    call = decoded.call
    assert call.operation.name == "SendJob"
    assert call.namespace == "urn:XMLWSIntf-IntfXMLWS"
    assert call.version is SoapVersion.SOAP_1_1
    assert call.texts == {
        "Account": "10001",
        "Password": "demo",
        "Recipient": "+4940123456789[ref-17]",
        "SendText": "Grüße & €",
        "SendFilename1": "a.pdf",
        "Options": "FLASHSMS",
    }
    assert call.numbers == {"JobType": 0}
    assert call.moments == {"SendDateTime": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}
    assert decoded.files == {"SendFile1": PDF}


def test_names_match_in_any_case_order_and_namespace(decode: Decode) -> None:
    call = decode(
        '<s:ENVELOPE xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:body><jobstatus xmlns="urn:any">'
        '<q:JOBID xmlns:q="urn:other">7</q:JOBID><password>demo</password><ACCOUNT>10001</ACCOUNT>'
        "</jobstatus></s:body></s:ENVELOPE>"
    ).call
    assert call.operation.name == "JobStatus"
    assert call.namespace == "urn:any"
    assert call.numbers == {"JobId": 7}
    assert call.texts == {"Account": "10001", "Password": "demo"}


def test_soap_1_2_is_recognised(decode: Decode) -> None:
    call = decode(
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>'
        '<m:CancelJob xmlns:m="urn:m" e:encodingStyle="http://www.w3.org/2003/05/soap-encoding"><JobId>1</JobId>'
        "</m:CancelJob></e:Body></e:Envelope>"
    ).call
    assert call.version is SoapVersion.SOAP_1_2


def test_an_envelope_without_namespaces_counts_as_soap_1_1(decode: Decode) -> None:
    call = decode("<Envelope><Body><RequestReceived/></Body></Envelope>").call
    assert call.version is SoapVersion.SOAP_1_1
    assert call.namespace == ""


def test_an_envelope_of_another_namespace_is_a_version_mismatch(decode: Decode) -> None:
    with pytest.raises(SoapFault) as caught:
        decode('<Envelope xmlns="urn:soap-of-tomorrow"><Body><RequestReceived/></Body></Envelope>')
    assert caught.value.code is FaultCode.VERSION_MISMATCH


def test_the_innermost_declaration_of_a_prefix_counts(decode: Decode) -> None:
    call = decode(
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="urn:outer">'
        '<s:Body xmlns:m="urn:body"><m:RequestReceived xmlns:m="urn:inner"/></s:Body></s:Envelope>'
    ).call
    assert call.namespace == "urn:inner"


def test_unknown_elements_and_headers_are_skipped_with_all_that_is_in_them(decode: Decode, envelope: Envelope) -> None:
    head = (
        '<SOAP-ENV:Header><w:Action xmlns:w="urn:wsa" SOAP-ENV:mustUnderstand="1">SendJob</w:Action>'
        "<Account>99</Account><Body><SendJob><Account>98</Account></SendJob></Body></SOAP-ENV:Header>"
    )
    body = envelope(f"<Extra><Account>97</Account>text<b/></Extra>{LOGIN}<!-- x --><Other/>", head=head)
    assert decode(body).call.texts == {"Account": "10001", "Password": "demo"}


def test_what_is_missing_nil_or_an_empty_file_is_not_given(decode: Decode, envelope: Envelope) -> None:
    decoded = decode(
        envelope(
            f'{LOGIN}<Recipient xsi:nil="true"/><SendText xsi:nil="1">ignored</SendText><JobType xsi:nil="true"/>'
            '<SendDateTime xsi:nil="true"/><SendFile1 xsi:nil="true"/><SendFile2/><SendFile3>\r\n </SendFile3>'
        )
    )
    assert decoded.call.texts == {"Account": "10001", "Password": "demo"}
    assert decoded.call.numbers == {}
    assert decoded.call.moments == {}
    assert decoded.files == {}


def test_nil_false_is_a_value(decode: Decode, envelope: Envelope) -> None:
    assert decode(envelope('<SendText xsi:nil="false">a</SendText>')).call.texts == {"SendText": "a"}


def test_empty_elements_are_empty_text_zero_and_no_time(decode: Decode, envelope: Envelope) -> None:
    call = decode(envelope("<SendText></SendText><JobType> </JobType><SendDateTime></SendDateTime>")).call
    assert call.texts == {"SendText": ""}
    assert call.numbers == {"JobType": 0}
    assert call.moments == {"SendDateTime": None}


def test_declared_types_are_ignored(decode: Decode, envelope: Envelope) -> None:
    call = decode(envelope('<Recipient xsi:type="xsd:int">+4940123</Recipient>')).call
    assert call.texts == {"Recipient": "+4940123"}


def test_cdata_comments_and_instructions_do_not_break_a_text(decode: Decode, envelope: Envelope) -> None:
    call = decode(envelope("<SendText>a<![CDATA[<b>&amp;]]><!-- no --><?php no ?>c</SendText>")).call
    assert call.texts == {"SendText": "a<b>&amp;c"}


@pytest.mark.parametrize("between", ["\r\n", "\n", "&#13;\n", "&#xD;&#xA;", " ", "\t", "<!-- -->", "]]><![CDATA["])
def test_base64_may_be_broken_anywhere(decode: Decode, envelope: Envelope, between: str) -> None:
    text = broken(encoded(), 60, between)
    body = f"<![CDATA[{text}]]>" if "CDATA" in between else text
    assert decode(envelope(f"<SendFile1>{body}</SendFile1>")).files == {"SendFile1": PDF}


def test_values_may_stand_behind_the_method(decode: Decode, envelope: Envelope) -> None:
    decoded = decode(
        envelope(
            '<Account href="#id0"/><JobType href="#id1"/><SendFile1 href="#id2"/><SendDateTime href="#id3"/>',
            after='<multiRef id="id1" SOAP-ENC:root="0" xmlns:SOAP-ENC="urn:enc">8</multiRef>'
            f'<multiRef id="id2">{encoded()}</multiRef><string id="id0">10001</string>'
            '<multiRef id="id3" xsi:nil="true"/><multiRef id="nobody">ignored<b/></multiRef>',
        )
    )
    assert decoded.call.texts == {"Account": "10001"}
    assert decoded.call.numbers == {"JobType": 8}
    assert decoded.call.moments == {}
    assert decoded.files == {"SendFile1": PDF}


def test_several_parameters_may_refer_to_one_value(decode: Decode, envelope: Envelope) -> None:
    decoded = decode(
        envelope(
            '<SendFile1 href="#f"/><SendFile3 href="#f"/><SendText href="#t"/><Options href="#t"/>',
            after=f'<multiRef id="f" href="#g"/><multiRef id="g">{encoded()}</multiRef><multiRef id="t">x</multiRef>',
        )
    )
    assert decoded.files == {"SendFile1": PDF, "SendFile3": PDF}
    assert decoded.call.texts == {"SendText": "x", "Options": "x"}


def test_soap_1_2_refers_by_ref(decode: Decode) -> None:
    call = decode(
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:c="http://www.w3.org/2003/05/soap-encoding"><e:Body>'
        '<m:CancelJob xmlns:m="urn:m"><JobId c:ref="id0"/></m:CancelJob><x c:id="id0">12</x></e:Body></e:Envelope>'
    ).call
    assert call.numbers == {"JobId": 12}


ENCODED_BODIES = [
    ("utf-8", b""),
    ("utf-8", codecs.BOM_UTF8),
    ("utf-16-le", codecs.BOM_UTF16_LE),
    ("utf-16-be", codecs.BOM_UTF16_BE),
    ("utf-16-le", b""),
    ("iso-8859-1", b""),
    ("windows-1252", b""),
]


@pytest.mark.parametrize(("encoding", "mark"), ENCODED_BODIES)
@pytest.mark.parametrize("step", [1, 7, BLOCK])
def test_encodings_of_the_document(decode: Decode, envelope: Envelope, encoding: str, mark: bytes, step: int) -> None:
    declared = "utf-16" if "16" in encoding else encoding
    text = f'<?xml version="1.0" encoding="{declared}"?>' + envelope(
        f"<SendText>Müller &amp; Söhne ß</SendText><SendFile1>{encoded()}</SendFile1>"
    )
    decoded = decode(mark + text.encode(encoding), step=step)
    assert decoded.call.texts == {"SendText": "Müller & Söhne ß"}
    assert decoded.files == {"SendFile1": PDF}


def test_the_charset_of_the_content_type_is_used(decode: Decode, envelope: Envelope) -> None:
    body = envelope("<SendText>Müller 5 €</SendText>").encode("windows-1252")
    assert decode(body, charset="windows-1252").call.texts == {"SendText": "Müller 5 €"}


def test_a_large_file_comes_in_pieces_of_a_reasonable_size(envelope: Envelope, limits: Limits, decode: Decode) -> None:
    data = bytes(1_000_003)
    body = envelope(f"<SendFile1>{broken(encoded(data), 76, chr(13) + chr(10))}</SendFile1>")
    assert decode(body, step=1000).files == {"SendFile1": data}
    assert len(data) > PIECE


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ("<JobType>fax</JobType>", "JobType is no int"),
        ("<JobType>2147483648</JobType>", "JobType is no int"),
        ("<SendDateTime>morgen</SendDateTime>", "SendDateTime is no dateTime"),
        ("<SendFile2>QUI</SendFile2>", "SendFile2 is no base64Binary: its length"),
        ("<SendFile2>QU$D</SendFile2>", "SendFile2 is no base64Binary"),
        ("<SendFile2>QUJDä</SendFile2>", "SendFile2 is no base64Binary: it holds other characters"),
        ("<Account>1</Account><ACCOUNT>2</ACCOUNT>", "Account is given twice"),
        ("<SendText>a<b>c</b></SendText>", "<b> inside a parameter"),
        ('<SendFile1><xop:Include href="cid:1"/></SendFile1>', "<xop:Include> inside a parameter"),
        ('<SendFile1 href="cid:part1"/>', "attachments"),
        ('<SendFile1 href="#nowhere"/>', "refers to #nowhere"),
        ('<SendFile1 href="#a"/><SendText href="#a"/>', "different types"),
    ],
)
def test_a_value_that_cannot_be_read_is_the_clients_fault_and_named(
    decode: Decode, envelope: Envelope, inner: str, reason: str
) -> None:
    with pytest.raises(SoapFault, match=reason.replace("$", r"\$")) as caught:
        decode(envelope(inner))
    assert caught.value.code is FaultCode.CLIENT


def test_faults_never_show_the_value(decode: Decode, envelope: Envelope) -> None:
    with pytest.raises(SoapFault) as caught:
        decode(envelope("<JobType>s3cret</JobType>"))
    assert "s3cret" not in caught.value.message


def test_a_fax_id_has_64_bits(decode: Decode, envelope: Envelope) -> None:
    call = decode(envelope("<FaxId>9223372036854775807</FaxId>", "DeleteReceived")).call
    assert call.numbers == {"FaxId": 2**63 - 1}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "no body"),
        ("hello", r"not well-formed XML: .*line 1, column 1\)"),
        ("<Envelope>\n<Body>", "not well-formed XML"),
        ("<Envelope>\n\n  <Body></Envelope>", r"mismatched tag \(line 3, column \d+\)"),
        ("<html/>", "a SOAP envelope is expected, not <html>"),
        ("<Envelope/>", "holds no call"),
        ("<Envelope><Body/></Envelope>", "holds no call"),
        ("<Envelope><Body><Register/></Body></Envelope>", "it knows SendJob, JobStatus, CancelJob, RequestReceived"),
        ("<Envelope><Body><SendJob/><SendJob/></Body></Envelope>", "more than one call"),
        ("<Envelope><Body><SendJob/><CancelJob id='1'/></Body></Envelope>", "more than one call"),
        ("<Envelope><Body><SendJob/><x/></Body></Envelope>", "more than one call"),
        ("<Envelope><Body><SendJob/></Body><Body/></Envelope>", "more than one Body"),
        ("<Envelope><Body><SendJob>&nbsp;</SendJob></Body></Envelope>", "undefined entity"),
        ("<Envelope><Body><SendJob><SendText>&#1;</SendText></SendJob></Body></Envelope>", "invalid character number"),
    ],
)
def test_what_is_no_call_is_told_so_that_a_person_can_act(decode: Decode, body: str, reason: str) -> None:
    with pytest.raises(SoapFault, match=reason) as caught:
        decode(body)
    assert caught.value.code is FaultCode.CLIENT
