"""Clients that keep the server waiting, ask for too much at once, or go away: nobody holds a place for ever."""

import asyncio
import re
import resource
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from clients.raw import (
    LOGIN,
    MIB,
    PATH,
    SECONDS,
    envelope,
    in_a_row,
    is_accepted,
    received,
    request,
    sms,
)
from depesche.config import load
from depesche.model.reception import Reception
from depesche.node.house import open_house
from depesche.usecases.receive import receive
from serving import Serving

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
        async with open_house(load(data=serving.data)) as house:
            at = datetime.now(UTC)
            await receive(house, Reception("call", "+493023125100", at, "+4940123", "Muster", 1, tiff, True))

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
