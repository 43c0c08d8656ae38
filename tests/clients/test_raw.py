"""Bytes that no library of ours made: what old programs, proxies and people with bad intentions send."""

import asyncio
import base64
import codecs
import http.client
import itertools
import re
import resource
import secrets
import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from depesche.config import load
from depesche.model.reception import Reception
from depesche.node import open_node
from depesche.usecases.receive import receive
from serving import Serving

SOAP_1_1 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_1_2 = "http://www.w3.org/2003/05/soap-envelope"
PATH = "/xmlws.exe/soap/IntfXMLWS"
LOGIN = "<Account>10001</Account><Password>demo</Password>"
ONE_SMS = "ü" * 150 + "€" * 5
"""160 units of GSM 7 bit: a single message, but five if one byte of it is read in another encoding."""

NO_FORMAT = "document.exe"
MIB = 1 << 20
SECONDS = 60


@dataclass(frozen=True)
class Answered:
    """An HTTP response."""

    status: int
    content_type: str
    body: bytes

    @property
    def outs(self) -> dict[str, str]:
        assert self.status == 200, self.body
        ((response,),) = ET.fromstring(self.body)
        return {element.tag.rpartition("}")[2]: element.text or "" for element in response}

    @property
    def fault(self) -> str:
        assert self.status == 500, self.body
        assert b"<faultcode>SOAP-ENV:Client</faultcode>" in self.body
        return ET.fromstring(self.body).findtext(".//faultstring") or ""


Post = Callable[..., Answered]


@pytest.fixture
def connect(server: Serving) -> Callable[[], socket.socket]:
    address = urlsplit(server.base_url)
    assert address.hostname is not None
    assert address.port is not None
    return lambda: socket.create_connection((address.hostname or "", address.port or 0), SECONDS)


@pytest.fixture
def post(server: Serving) -> Post:
    """Post a body, given whole or in chunks, with just these headers."""

    def run(body: bytes | str | Iterable[bytes], path: str = PATH, **headers: str) -> Answered:
        with closing(http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=SECONDS)) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("POST", path, body.encode() if isinstance(body, str) else body, named)
            return answered(connection.getresponse())

    return run


def answered(response: http.client.HTTPResponse) -> Answered:
    return Answered(response.status, response.headers.get("Content-Type", ""), response.read())


def received(connection: socket.socket) -> Answered:
    response = http.client.HTTPResponse(connection, method="POST")
    response.begin()
    return answered(response)


def in_a_row(connection: socket.socket, count: int) -> Iterator[Answered]:
    """Answers to several requests: one reader for all, since a reader of each would take octets of the next with it."""
    with connection.makefile("rb") as stream:
        for _ in range(count):
            _, status, _ = stream.readline().split(maxsplit=2)
            head = http.client.parse_headers(stream)
            yield Answered(int(status), head["Content-Type"], stream.read(int(head["Content-Length"])))


def envelope(inner: str, operation: str = "SendJob", *, after: str = "", namespace: str = SOAP_1_1) -> str:
    return (
        f'<e:Envelope xmlns:e="{namespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'
        f'<m:{operation} xmlns:m="urn:XMLWSIntf-IntfXMLWS">{inner}</m:{operation}>{after}</e:Body></e:Envelope>'
    )


def sms(text: str = ONE_SMS) -> str:
    """An order like no other: its reference is new."""
    recipient = f"+491713920000[{secrets.token_hex(8)}]"
    return f"{LOGIN}<JobType>1</JobType><Recipient>{recipient}</Recipient><SendText>{text}</SendText>"


def fax(filename: str, file: str) -> str:
    recipient = f"+493023125000[{secrets.token_hex(8)}]"
    return (
        f"{LOGIN}<JobType>0</JobType><Recipient>{recipient}</Recipient>"
        f"<SendFilename1>{filename}</SendFilename1><SendFile1>{file}</SendFile1>"
    )


def pdf(padding: int = 0) -> bytes:
    """One page, and so many bytes that no page uses."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        b"<< /Length 24 >>\nstream\n100 100 200 200 re f %%%%\nendstream",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (padding, bytes(padding)),
    )
    document, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return document + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(document))
    )


def is_accepted(outs: dict[str, str]) -> bool:
    return outs["return"] == "0" and int(outs["JobId"]) > 0 and outs["RecipientsCount"] == outs["PageCount"] == "1"


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


def memory(server: Serving, name: str) -> int:
    """A line of the server's /proc status, in bytes."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) << 10


@pytest.fixture
def growth(server: Serving, post: Post) -> Callable[[], int]:
    """How many bytes of memory the server came to use, at its peak, from the beginning of the test on."""
    post(envelope(sms()))  # passwords are checked in 64 MiB the first time
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # forget the peak so far
    before = memory(server, "VmRSS")
    return lambda: memory(server, "VmHWM") - before


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


# --- clients that keep the server waiting


PATIENCE = {"HEAD_SECONDS": "1", "IDLE_SECONDS": "2", "SILENCE_SECONDS": "2", "PACE": "100000", "CONNECTIONS": "20"}
SOON = 10.0
"""Seconds in which a server of so little patience has given up; with its own it would take a minute, or for ever."""


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server that does not wait for long, and was started with few open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    environment = {f"DEPESCHE_WEB__{name}": value for name, value in PATIENCE.items()}
    serving = Serving(tmp_path_factory.mktemp("impatient") / "data", **environment)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    try:
        serving.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    yield serving
    assert serving.stop() == 0


def connected(serving: Serving, receive_buffer: int | None = None) -> socket.socket:
    address = urlsplit(serving.base_url)
    connection = socket.socket()
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(SECONDS)
    connection.connect((address.hostname or "", address.port or 0))
    return connection


def request(body: str | bytes, headers: str = "", length: int | None = None) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {len(data) if length is None else length}\r\n\r\n"
    )
    return head.encode() + data


def seconds_open(connection: socket.socket, drip: bytes = b"") -> tuple[float, bytes]:
    """How long the connection stays while the client sends a drop every tenth of a second, and what it is told."""
    began = time.monotonic()
    told = b""
    connection.settimeout(0.1)
    while time.monotonic() - began < SOON:
        try:
            connection.sendall(drip)
            piece = connection.recv(65_536)
        except TimeoutError:
            continue
        except OSError:
            break
        if not piece:
            break
        told += piece
    return time.monotonic() - began, told


GET = b"GET /xmlws.exe?wsdl HTTP/1.1\r\nHost: h\r\n\r\n"
HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: h\r\nA: "

WAITING = {
    "silence": (b"", b""),
    "half a head": (HALF_A_HEAD, b""),
    "a head that drips": (HALF_A_HEAD, b"x"),
    "line feeds before the head": (b"", b"\r\n"),
    "no further request": (GET, b""),
    "line feeds before a further request": (GET, b"\r\n"),
    "a further head that drips": (GET + HALF_A_HEAD, b"x"),
    "a body that drips when its answer is gone": (b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("name", WAITING)
def test_nobody_holds_a_connection_by_keeping_the_server_waiting(impatient: Serving, name: str) -> None:
    first, drip = WAITING[name]
    with connected(impatient) as connection:
        connection.sendall(first)
        seconds, told = seconds_open(connection, drip)
    assert seconds < SOON
    assert told.startswith(b"HTTP/1.1 ") is first.endswith(b"\r\n\r\n") or "further" in name


IN_CHUNKS = f"POST {PATH} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (request("", length=9999), b" "),
        (IN_CHUNKS.encode(), b"1\r\n \r\n"),
        (f"{IN_CHUNKS}0\r\nA: ".encode(), b"x"),
    ],
    ids=["body", "chunks", "trailers"],
)
def test_a_body_that_drips_in_is_refused(impatient: Serving, first: bytes, drip: bytes) -> None:
    with connected(impatient) as connection:
        connection.sendall(first)
        until = time.monotonic() + SOON
        while not select.select([connection], [], [], 0.1)[0] and time.monotonic() < until:
            connection.sendall(drip)
        assert "the rest of the request did not arrive in time" in received(connection).fault


def test_a_body_that_comes_slowly_but_steadily_is_taken(impatient: Serving) -> None:
    body = envelope(f"{sms()}<unknown>{'x' * 800_000}</unknown>").encode()
    began = time.monotonic()
    with connected(impatient) as connection:
        connection.sendall(request(b"", length=len(body)))
        for start in range(0, len(body), 40_000):
            connection.sendall(body[start : start + 40_000])
            time.sleep(0.15)
        assert is_accepted(received(connection).outs)
    assert time.monotonic() - began > 3


def receive_fax(serving: Serving, size: int, tmp_path: Path) -> None:
    """A fax of so many bytes in the inbox of account 10001."""
    tiff = tmp_path / "fax.tif"
    tiff.write_bytes(bytes(size))

    async def run() -> None:
        async with open_node(load(data=serving.data), dispatch=False) as node:
            at = datetime.now(UTC)
            await receive(node.house, Reception("call", "+493023125100", at, "+4940123", "Muster", 1, tiff, True))

    asyncio.run(run())


def test_an_answer_that_is_not_read_is_given_up(impatient: Serving, tmp_path: Path) -> None:
    receive_fax(impatient, 32 * MIB, tmp_path)
    call = request(envelope(LOGIN, "RequestReceived"))
    with connected(impatient, receive_buffer=4096) as connection:
        connection.sendall(call)
        given_up = select.poll()
        given_up.register(connection, 0)
        assert given_up.poll(4 * SOON * 1000)
    with connected(impatient) as connection:
        connection.sendall(call)
        answer = received(connection)
    assert len(answer.outs["FaxImage"]) > 32 * MIB


def test_silent_connections_make_room_for_those_that_ask(impatient: Serving) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(connected(impatient)) for _ in range(60)]
        began = time.monotonic()
        for _ in range(10):
            asking = stack.enter_context(connected(impatient))
            asking.sendall(request(envelope(sms())))
            assert is_accepted(received(asking).outs)
        assert time.monotonic() - began < SOON
        assert silent[0].recv(1) == b""


def test_who_finds_all_connections_busy_is_told_to_come_again(impatient: Serving) -> None:
    with ExitStack() as stack:
        busy = [stack.enter_context(connected(impatient)) for _ in range(int(PATIENCE["CONNECTIONS"]))]
        body = envelope(f"{sms()}<unknown>{'x' * 200_000}</unknown>").encode()
        for connection in busy:
            connection.sendall(request(body[:100_000], length=len(body)))
        one_more = stack.enter_context(connected(impatient))
        one_more.sendall(GET)
        assert received(one_more).status == 503
        busy[-1].sendall(body[100_000:])
        assert is_accepted(received(busy[-1]).outs)
        again = stack.enter_context(connected(impatient))
        again.sendall(GET)
        assert received(again).status == 200


def test_a_client_that_vanished_is_noticed_by_the_kernel(impatient: Serving) -> None:
    with connected(impatient) as connection:
        connection.sendall(GET)
        connection.recv(1)
        here, there = (f"{port:04X}" for port in (connection.getsockname()[1], connection.getpeername()[1]))
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        (timer,) = [row[5] for row in rows if row[1].endswith(f":{there}") and row[2].endswith(f":{here}")]
    assert timer.startswith("02:")  # proc(5): the keepalive timer runs


def test_the_server_allows_itself_as_many_open_files_as_it_may_have(impatient: Serving) -> None:
    limits = Path(f"/proc/{impatient.pid}/limits").read_text()
    found = re.search(r"^Max open files +(\d+) +(\d+)", limits, re.MULTILINE)
    assert found is not None
    assert int(found[1]) == min(int(found[2]), 65_536)


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\nA: ",
        b"GET /",
        f"POST {PATH} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\nA: ".encode(),
    ],
)
def test_a_head_or_trailer_without_end_is_refused_in_flat_memory(
    connect: Callable[[], socket.socket], growth: Callable[[], int], start: bytes
) -> None:
    with connect() as connection:
        connection.sendall(start)
        with pytest.raises(ConnectionError):
            connection.sendall(b"x" * 200 * MIB)
    assert growth() < 16 * MIB


def test_thousands_of_requests_at_once_on_a_connection_are_refused_in_flat_memory(
    connect: Callable[[], socket.socket], growth: Callable[[], int]
) -> None:
    for _ in range(5):
        with connect() as connection:
            try:
                connection.sendall(b"GET / HTTP/1.1\r\n\r\n" * 200_000)
                while connection.recv(65_536):
                    pass
            except ConnectionError:
                pass
    assert growth() < 16 * MIB


def test_a_few_requests_at_once_are_answered_one_after_the_other(connect: Callable[[], socket.socket]) -> None:
    with connect() as connection:
        connection.sendall(b"".join(request(envelope(sms())) for _ in range(8)))
        for one in in_a_row(connection, 8):
            assert is_accepted(one.outs)


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_an_offer_to_go_on_in_another_protocol_is_passed_over(
    connect: Callable[[], socket.socket], protocol: str
) -> None:
    offer = f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\nHTTP2-Settings: AAMAAABkAARAAAAA\r\n"
    with connect() as connection:
        for _ in range(2):
            call = request(envelope(sms()), offer)
            connection.sendall(call[:150])
            time.sleep(0.05)
            connection.sendall(call[150:])
            assert is_accepted(received(connection).outs)
        connection.sendall(GET.replace(b"\r\n\r\n", f"\r\n{offer}\r\n".encode()))
        assert b"definitions" in received(connection).body
        connection.sendall(request(envelope(sms())))
        assert is_accepted(received(connection).outs)


def test_nobody_is_let_through_to_another_host(connect: Callable[[], socket.socket]) -> None:
    with connect() as connection:
        connection.sendall(b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n")
        assert received(connection).status == 400


def test_a_client_that_closes_its_side_after_the_request_gets_its_answer(connect: Callable[[], socket.socket]) -> None:
    with connect() as connection:
        connection.sendall(request(envelope(sms())))
        connection.shutdown(socket.SHUT_WR)
        assert is_accepted(received(connection).outs)
        assert connection.recv(1) == b""
    with connect() as connection:
        connection.sendall(request(envelope(sms()), length=9999))
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
