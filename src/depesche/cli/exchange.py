"""One call over HTTP: connected, sent piece by piece, answered."""

import asyncio
import contextlib
import http.client
import ipaddress
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from depesche import __version__
from depesche.cli.common import Exit, NoAnswer, fail
from depesche.cli.envelope import NAMESPACE, Answer, Call, NotUnderstood, read
from depesche.fronts.soap.addresses import POST_PATHS
from depesche.fronts.soap.codec.encoder import Style
from depesche.fronts.soap.operations import Operation

PATH = POST_PATHS[Style.RPC]
"""Of the interface, where an address names none."""

CONNECT_SECONDS = 10
SILENT_SECONDS = 60
"""A server may be silent for this long; it answers within 25."""

LONGEST_ANSWER = 128 << 20
"""Bytes. The longest are received faxes, as base64: 50 kB a page, as a rule."""

_SPOKEN = (200, 400, 500)
"""HTTP answers that hold an envelope: a result or a Fault."""

_URL = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is reached."""

    url: SplitResult

    @classmethod
    def parse(cls, text: str) -> Self:
        """Ends the command if it is none."""
        try:
            url = urlsplit(text if "://" in text else f"http://{text}")
            good = url.hostname and url.port != 0 and url.username is None and url.scheme in ("http", "https")
        except ValueError:  # brackets or a port that are none
            good = False
        if not (good and _URL.fullmatch(text)):
            fail(f"{text} is no address of a server: http://host:port is expected", Exit.USAGE)
        return cls(url)

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine alone."""
        return is_loopback(self.url.hostname or "")

    @property
    def path(self) -> str:
        if self.url.path in ("", "/"):
            return PATH
        return self.url.path + (f"?{self.url.query}" if self.url.query else "")

    def __str__(self) -> str:
        return f"{self.url.scheme}://{self.url.netloc}"

    def connection(self) -> http.client.HTTPConnection:
        host, port = self.url.hostname or "", self.url.port
        if self.url.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS)
        return http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)


def is_loopback(host: str) -> bool:
    """Whether this name or address is this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def exchange(address: Address, operation: Operation, call: Call, sent: Callable[[str], None]) -> Answer:
    """One call and its answer. It runs in a thread that nobody waits for: Ctrl-C ends a command at once.

    `sent` is told how much of the call has gone out. Raises: Failed.
    """
    future: Future[Answer] = Future()

    def run() -> None:
        future.set_running_or_notify_cancel()
        try:
            future.set_result(_exchange(address, operation, call, sent))
        except BaseException as error:  # noqa: BLE001  it is raised where the result is awaited
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(future)


def _exchange(address: Address, operation: Operation, call: Call, sent: Callable[[str], None]) -> Answer:
    connection = address.connection()
    try:
        connection.connect()
        connection.sock.settimeout(SILENT_SECONDS)
        with _post(connection, address, operation, call, sent) as response:
            if response.status not in _SPOKEN:
                told = f"{response.status} {response.reason}"
                raise NoAnswer(f"{address} is not the FAX.de interface: it answers {told}")
            return read(_pieces(response))
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise NoAnswer(_why(address, error)) from None
    finally:
        connection.close()


def _post(
    connection: http.client.HTTPConnection,
    address: Address,
    operation: Operation,
    call: Call,
    sent: Callable[[str], None],
) -> http.client.HTTPResponse:
    headers = {
        "Content-Type": "text/xml; charset=utf-8",
        "Content-Length": str(call.size),
        "SOAPAction": f'"{NAMESPACE}#{operation.name}"',
        "User-Agent": f"depesche/{__version__}",
    }
    # A server that refuses an order says so before it has all of it.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.request("POST", address.path, _counted(call, sent), headers)
    return connection.getresponse()


def _counted(call: Call, sent: Callable[[str], None]) -> Iterator[bytes]:
    done = 0
    for piece in call:
        yield piece
        done += len(piece)
        sent(f"{done * 100 // call.size} %")


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    left = LONGEST_ANSWER
    while piece := response.read(1 << 16):
        left -= len(piece)
        if left < 0:
            raise NotUnderstood("it is too long")
        yield piece


def _why(address: Address, error: Exception) -> str:
    match error:
        case ConnectionRefusedError():
            reason = "nothing answers there: is `depesche serve` running? A data folder is named by --data"
        case TimeoutError():
            reason = "it did not come in time"
        case ConnectionError():
            reason = "the connection broke"
        case ssl.SSLCertVerificationError():
            reason = f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            reason = f"it does not speak https ({error.reason})"
        case http.client.HTTPException():
            reason = f"it does not speak http ({type(error).__name__})"
        case OSError():
            reason = error.strerror or str(error)
        case _:
            reason = "that is no name of a host"
    return f"no answer from {address}: {reason}"
