"""One call over HTTP, against servers that behave and servers that do not."""

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import typer

from depesche.cli import exchange as subject
from depesche.cli.common import Exit, NoAnswer
from depesche.cli.envelope import Answer, File, write
from depesche.cli.exchange import PATH, Address, exchange, is_loopback
from depesche.fronts.soap.operations import CANCEL_JOB, SEND_JOB

pytestmark = pytest.mark.anyio

ANSWER = b"<e><b><r><return>7</return></r></b></e>"
FAULT = b"<e><b><Fault><faultstring>the request is larger than allowed</faultstring></Fault></b></e>"

PATIENCE = 20
"""Seconds after which a test that hangs fails."""

Behaviour = Callable[[socket.socket], None]


def response(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def server(behave: Behaviour) -> Iterator[Address]:
    """A server for one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def run() -> None:
            connection, _ = listener.accept()
            connection.settimeout(PATIENCE)
            with connection:
                behave(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield Address.parse(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()


def received(connection: socket.socket) -> bytes:
    """The whole request."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


async def asked(address: Address) -> Answer:
    return await exchange(address, CANCEL_JOB, write(CANCEL_JOB, {"JobId": 1}), lambda _words: None)


async def test_a_call_is_a_post_with_its_length_and_its_action() -> None:
    requests: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        requests.append(received(connection))
        connection.sendall(response(ANSWER))

    with server(behave) as address:
        assert (await asked(address)).code == 7
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(f"POST {PATH} HTTP/1.1\r\n".encode())
    assert b'SOAPAction: "urn:XMLWSIntf-IntfXMLWS#CancelJob"' in head
    assert f"Content-Length: {len(body)}".encode() in head


async def test_progress_is_told_until_everything_is_sent() -> None:
    told: list[str] = []
    call = write(SEND_JOB, {"SendFile1": File(io.BytesIO(bytes(3 << 20)), 3 << 20)})

    def behave(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(response(ANSWER))

    with server(behave) as address:
        await exchange(address, SEND_JOB, call, told.append)
    assert len(told) > 10
    assert told[-1] == "100 %"


async def test_a_refusal_is_heard_though_the_order_is_not_sent_to_its_end() -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(response(FAULT, "500 Internal Server Error"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass

    call = write(SEND_JOB, {"SendFile1": File(io.BytesIO(bytes(20 << 20)), 20 << 20)})
    with server(behave) as address, pytest.raises(NoAnswer, match="the request is larger than allowed"):
        await exchange(address, SEND_JOB, call, lambda _words: None)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (response(b"nothing here", "404 Not Found"), "404 Not Found"),
        (response(b"", "301 Moved Permanently"), "301 Moved Permanently"),
        (response(b"<html>"), "not understood"),
        (b"220 mail.example ESMTP\r\n", "does not speak http"),
        (b"", "connection broke"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + ANSWER[:20], "not understood"),
    ],
)
async def test_what_is_not_the_interface_is_told_in_a_sentence(sent: bytes, reason: str) -> None:
    def behave(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(sent)

    with server(behave) as address, pytest.raises(NoAnswer, match=reason) as told:
        await asked(address)
    assert told.value.code is Exit.NO_ANSWER


async def test_a_server_that_says_nothing_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "SILENT_SECONDS", 0.05)

    def behave(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    with server(behave) as address, pytest.raises(NoAnswer, match="did not come in time"):
        await asked(address)


async def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "LONGEST_ANSWER", 1 << 20)

    def behave(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<e><b><r><FaxImage>")
        try:
            while True:
                connection.sendall(b"A" * 65536)
        except OSError:
            return

    with server(behave) as address, pytest.raises(NoAnswer, match="too long"):
        await asked(address)


async def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoAnswer, match="is `depesche serve` running"):
        await asked(Address.parse(f"http://127.0.0.1:{port}"))


async def test_https_to_a_server_that_speaks_http() -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with server(behave) as plain, pytest.raises(NoAnswer, match="does not speak https"):
        await asked(Address.parse(f"https://{plain.url.netloc}"))


async def test_a_name_that_is_none_is_told() -> None:
    with pytest.raises(NoAnswer, match="no name of a host"):
        await asked(Address.parse(f"http://{'a' * 70}.example"))


@pytest.mark.parametrize(
    ("text", "path", "shown"),
    [
        ("http://fax.example:8080", PATH, "http://fax.example:8080"),
        ("http://fax.example/", PATH, "http://fax.example"),
        ("fax.example:8080", PATH, "http://fax.example:8080"),
        ("https://[::1]:8080", PATH, "https://[::1]:8080"),
        (
            "http://fax.example/xmlws.exe?intf=IntfXMLWS",
            "/xmlws.exe?intf=IntfXMLWS",
            "http://fax.example",
        ),
    ],
)
def test_an_address_is_that_of_the_server_or_of_its_interface(text: str, path: str, shown: str) -> None:
    address = Address.parse(text)
    assert (address.path, str(address)) == (path, shown)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "ftp://fax.example",
        "http://eva:geheim@fax.example",
        "http://fax.example:99999",
        "http://fax.example:0",
        "http://[::1",
        "http://fax example",
        "http://fax.example/\nHost: other",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_address_ends_the_command(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        Address.parse(text)
    assert ended.value.exit_code == Exit.USAGE


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "localhost.example", "fax.example", ""])
def test_other_machines_are_not_this_one(host: str) -> None:
    assert not is_loopback(host)
