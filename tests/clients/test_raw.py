"""Bytes that no library of ours made: what old programs, proxies and people with bad intentions send."""

import base64
import codecs
import http.client
import itertools
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from clients.raw import (
    LOGIN,
    MIB,
    NO_FORMAT,
    ONE_SMS,
    PATH,
    SECONDS,
    SOAP_1_2,
    Post,
    answered,
    envelope,
    fax,
    is_accepted,
    pdf,
    received,
    sms,
)
from serving import Serving


@pytest.mark.parametrize(
    ("declared", "encoding", "mark", "content_type"),
    [
        ("UTF-8", "utf-8", b"", "text/xml"),
        ("UTF-8", "utf-8", codecs.BOM_UTF8, "text/xml"),
        ("UTF-16", "utf-16-le", codecs.BOM_UTF16_LE, "text/xml"),
        ("UTF-16", "utf-16-be", codecs.BOM_UTF16_BE, "text/xml; charset=utf-16"),
        ("UTF-16", "utf-8", b"", "text/xml; charset=utf-8"),
        ("ISO-8859-1", "windows-1252", b"", "text/xml"),
        ("ISO-8859-15", "iso-8859-15", b"", "text/xml"),
        ("ISO-8859-1", "windows-1252", b"", "text/xml; charset=utf-8"),
        ("UTF-8", "windows-1252", b"", 'text/xml; charset="windows-1252"'),
    ],
)
def test_the_text_arrives_whatever_the_encoding(
    post: Post, declared: str, encoding: str, mark: bytes, content_type: str
) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?>{envelope(sms())}'
    assert is_accepted(post(mark + text.encode(encoding), Content_Type=content_type).outs)


@pytest.mark.parametrize(
    "text", [f"<![CDATA[{ONE_SMS}]]>", "&#xFC;&#252;" * 75 + "&#x20AC;" * 5, "ü<!-- -->" * 150 + "<?x y?>" + "€" * 5]
)
def test_the_text_arrives_however_it_is_written(post: Post, text: str) -> None:
    assert is_accepted(post(envelope(sms(text)), Content_Type="text/xml").outs)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"SOAPAction": '""'},
        {"SOAPAction": '"urn:XMLWSIntf-IntfXMLWS#CancelJob"', "Content_Type": "application/xml"},
        {"Content_Type": "application/x-www-form-urlencoded"},
    ],
)
def test_neither_action_nor_content_type_is_needed(post: Post, headers: dict[str, str]) -> None:
    assert is_accepted(post(envelope(sms()), **headers).outs)


@pytest.mark.parametrize(
    "path",
    [
        "/xmlws.exe",
        "/xmlws.exe?intf=IntfXMLWS",
        "/xmlws.exe?/soap/IntfXMLWS",
        "/XMLWS.EXE/SOAP/intfxmlws/",
        "/soapdoc/",
    ],
)
def test_calls_are_taken_at_any_of_the_addresses(post: Post, path: str) -> None:
    assert is_accepted(post(envelope(sms()), path).outs)


@pytest.mark.parametrize(
    "path", ["/xmlws.exe?/wsdl/IntfXMLWS", "/xmlws.exe/WSDL/intfxmlws/", "/soapdoc/IntfXMLWS?wsdl"]
)
def test_descriptions_name_the_address_that_was_asked(server: Serving, path: str) -> None:
    with closing(http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=SECONDS)) as connection:
        connection.request("GET", path)
        described = connection.getresponse().read()
    assert f'location="{server.base_url}/'.encode() in described


def test_a_body_may_come_in_chunks(post: Post) -> None:
    body = envelope(sms()).encode()
    assert is_accepted(post(body[place : place + 7] for place in range(0, len(body), 7)).outs)


def test_names_may_be_in_lower_case(post: Post) -> None:
    lowered = re.sub(r"</?\w+>", lambda tag: tag[0].lower(), sms())
    assert is_accepted(post(envelope(lowered, "sendjob")).outs)


def test_values_may_stand_behind_the_method(post: Post) -> None:
    body = envelope(
        f"{LOGIN}<JobType href='#id0'/><Recipient>+491713920000[{secrets.token_hex(8)}]</Recipient>"
        "<SendText href='#id1'/><SendDateTime xsi:nil='true'/><Options xsi:nil='1'/>",
        after=f"<multiRef id='id0'>1</multiRef><multiRef id='id1'>{ONE_SMS}</multiRef>",
    )
    assert is_accepted(post(body).outs)


def test_soap_1_2_is_answered_in_kind(post: Post) -> None:
    reply = post(envelope(sms(), namespace=SOAP_1_2), Content_Type='application/soap+xml; action="SendJob"')
    assert reply.content_type == "application/soap+xml; charset=utf-8"
    assert SOAP_1_2.encode() in reply.body
    assert is_accepted(reply.outs)


def test_a_client_that_waits_for_100_gets_it(connect: Callable[[], socket.socket]) -> None:
    body = envelope(sms()).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    with connect() as connection:
        connection.sendall(head.encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert is_accepted(received(connection).outs)


def test_a_client_that_announces_too_much_is_refused_before_it_sends(connect: Callable[[], socket.socket]) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: {1 << 40}\r\nExpect: 100-continue\r\n\r\n"
    with connect() as connection:
        connection.sendall(head.encode())
        assert "larger than" in received(connection).fault


@pytest.mark.parametrize("wish", ["", "Connection: Keep-Alive\r\n"])
def test_http_1_0_is_spoken(connect: Callable[[], socket.socket], wish: str) -> None:
    body = envelope(sms()).encode()
    with connect() as connection:
        connection.sendall(f"POST {PATH} HTTP/1.0\r\n{wish}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        response = http.client.HTTPResponse(connection, method="POST")
        response.begin()
        assert response.getheader("Transfer-Encoding") is None
        assert response.getheader("Connection") == "close"
        assert is_accepted(answered(response).outs)
        assert connection.recv(1) == b""


def test_a_connection_serves_many_calls_and_survives_a_fault(server: Serving) -> None:
    with closing(http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=SECONDS)) as connection:
        for body, status in ((envelope(sms()), 200), ("no xml", 500), (envelope(sms()), 200)):
            connection.request("POST", PATH, body.encode())
            used = connection.sock
            reply = connection.getresponse()
            assert reply.status == status
            reply.read()
            assert connection.sock is used


@pytest.mark.parametrize("between", ["\r\n", "&#13;\n", "&#xD;&#xA;", "\n", " "])
def test_a_file_arrives_byte_for_byte_however_its_base64_is_broken(post: Post, server: Serving, between: str) -> None:
    document = pdf(10_000 + len(between) * 100 + ord(between[0]))
    encoded = base64.b64encode(document).decode()
    lines = between.join(encoded[place : place + 76] for place in range(0, len(encoded), 76))
    assert is_accepted(post(envelope(fax("page.pdf", lines))).outs)
    assert any(path.read_bytes() == document for path in stored(server) if path.stat().st_size == len(document))


def stored(server: Serving) -> list[Path]:
    return [path for path in (server.data / "blobs").rglob("*") if path.is_file()]


@pytest.mark.parametrize("file", ["QUI", "QU*D", "QQ==QUJD"])
def test_what_is_no_base64_is_a_fault_that_names_the_parameter(post: Post, file: str) -> None:
    assert post(envelope(fax("page.pdf", file))).fault.startswith("SendFile1 is no base64Binary")


def test_attachments_and_compressed_bodies_are_refused_rather_than_misread(post: Post) -> None:
    assert "base64 inside the envelope" in post(envelope(sms()), Content_Type="multipart/related; boundary=b").fault
    assert post(b"\x1f\x8b", Content_Encoding="gzip").status == 415


def test_a_file_of_100_mb_costs_little_memory(post: Post, growth: Callable[[], int]) -> None:
    outs = post(envelope(fax("page.pdf", base64.b64encode(pdf(100 * MIB)).decode())), Content_Type="text/xml").outs
    assert is_accepted(outs)
    assert growth() < 100 * MIB


def test_a_file_that_came_before_a_wrong_password_is_not_kept(post: Post, server: Serving) -> None:
    before = set(stored(server))
    file = base64.b64encode(bytes(3 * MIB)).decode()
    inner = f"<SendFile1>{file}</SendFile1><SendFilename1>{NO_FORMAT}</SendFilename1><Account>10001</Account>"
    assert post(envelope(f"{inner}<Password>wrong</Password>")).outs["return"] == "-1"
    assert set(stored(server)) == before


def test_what_a_client_left_half_sent_is_not_kept(server: Serving, connect: Callable[[], socket.socket]) -> None:
    before = set(stored(server))
    half = envelope(fax("page.pdf", base64.b64encode(bytes(5 * MIB)).decode())).encode()[: 6 * MIB]
    with connect() as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: {20 * MIB}\r\n\r\n".encode() + half)
        wait_until(lambda: set(stored(server)) > before)
    wait_until(lambda: set(stored(server)) == before)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def laughs() -> bytes:
    levels = (b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10))
    return b'<!DOCTYPE a [<!ENTITY a0 "ha">%s]><a>&a9;</a>' % b"".join(levels)


def endless(head: str, piece: bytes, size: int) -> Iterator[bytes]:
    yield head.encode()
    yield from itertools.repeat(piece, size // len(piece))


HOSTILE: dict[str, tuple[Callable[[], bytes | Iterator[bytes]], str]] = {
    "billion laughs": (laughs, "document type declaration"),
    "external entity": (
        lambda: b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        "document type declaration",
    ),
    "DTD from elsewhere": (lambda: b'<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd"><a/>', "document type declaration"),
    "attribute of 50 MB": (lambda: endless('<Envelope a="', b"x" * 65_536, 50 * MIB), "too long"),
    "comment of 8 MB": (lambda: endless("<Envelope><!--", b"x" * 65_536, 8 * MIB), "too long"),
    "comment of 1 MB, piece by piece": (lambda: endless("<Envelope><!--", b"x" * 64, MIB), "too long"),
    "depth of 10,000": (lambda: b"<Envelope>" + b"<a>" * 10_000, "nested"),
    "200,000 attributes": (lambda: b"<Envelope%s/>" % b"".join(b' a%d=""' % n for n in range(200_000)), "too long"),
    "a million elements": (lambda: b"<Envelope>" + b"<a/>" * 1_000_000, "too many elements"),
    "text of 20 MB": (
        lambda: endless("<Envelope><Body><SendJob><SendText>", b"x" * 65_536, 20 * MIB),
        "SendText is longer",
    ),
    "nothing": (lambda: b"", "no body"),
    "no XML": (lambda: bytes(range(256)) * 1000, "not well-formed XML"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_get_a_fault_at_once_in_flat_memory(post: Post, growth: Callable[[], int], name: str) -> None:
    body, reason = HOSTILE[name]
    began = time.monotonic()
    assert reason in post(body(), Content_Type="text/xml").fault
    assert time.monotonic() - began < 5
    assert growth() < 16 * MIB
