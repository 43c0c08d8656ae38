"""Envelopes as clients write them, a decoder fed in pieces, and the service with nothing but ASGI around it."""

import asyncio
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from starlette.types import Message, Scope

from depesche.blobs.store import Blobs
from depesche.config import load
from depesche.fronts.soap.codec.decoder import Decoder
from depesche.fronts.soap.codec.slots import Call, FileData, FileEnded, FileEvent, FileStarted, Limits
from depesche.fronts.soap.endpoint import SoapRoute
from depesche.node.house import stamped
from depesche.render.renderer import Renderer
from depesche.store import upgrade
from depesche.store.sqlite import Sqlite, SqliteFile
from depesche.usecases import demo
from depesche.usecases.house import House
from depesche.usecases.throttle import Throttle

NAMESPACE = "urn:XMLWSIntf-IntfXMLWS"
SOAP_1_1 = "http://schemas.xmlsoap.org/soap/envelope/"

Envelope = Callable[..., str]


@dataclass
class Decoded:
    """A call, and its files put together from their events."""

    call: Call
    files: dict[str, bytes] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)


Decode = Callable[..., Decoded]


def put_together(events: Iterable[FileEvent], decoded: Decoded) -> None:
    for event in events:
        match event:
            case FileStarted(name):
                assert name not in decoded.files
                decoded.files[name] = b""
            case FileData(name, data):
                assert name not in decoded.ended
                decoded.files[name] += data
            case FileEnded(name):
                decoded.ended.append(name)


@pytest.fixture(scope="session")
def envelope() -> Envelope:
    """A SOAP 1.1 envelope, rpc/encoded; `after` stands behind the method in the Body, `head` before the Body."""

    def build(inner: str = "", operation: str = "SendJob", *, after: str = "", head: str = "") -> str:
        return (
            f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP_1_1}" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
            f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{head}<SOAP-ENV:Body>'
            f'<NS1:{operation} xmlns:NS1="{NAMESPACE}">{inner}</NS1:{operation}>{after}'
            "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
        )

    return build


@pytest.fixture(scope="session")
def limits() -> Limits:
    return Limits(body=64 << 20, file=32 << 20, text=1 << 20)


@pytest.fixture(scope="session")
def decode(limits: Limits) -> Decode:
    """Decode a request that comes in pieces of `step` bytes."""

    def run(body: bytes | str, *, charset: str = "", step: int = 1 << 16, within: Limits = limits) -> Decoded:
        data = body.encode() if isinstance(body, str) else body
        decoder = Decoder(within, charset)
        events: list[FileEvent] = []
        try:
            for start in range(0, len(data), step):
                events += decoder.feed(data[start : start + step])
            events += decoder.close()
        finally:
            decoder.release()
        assert decoder.call is not None
        decoded = Decoded(decoder.call)
        put_together(events, decoded)
        assert sorted(decoded.files) == sorted(decoded.ended)
        return decoded

    return run


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the two demo accounts, to be copied."""
    data = tmp_path_factory.mktemp("furnished")
    upgrade.ready(SqliteFile(data / "depesche.db"))
    opened = open_house(data)
    asyncio.run(demo.ensure(opened))
    opened.database.close()
    return data


def open_house(data: Path) -> House:
    settings = load(data=data)
    return House(
        settings=settings,
        database=Sqlite(data / "depesche.db"),
        blobs=Blobs.in_folder(data / "blobs", data / "scratch"),
        renderer=Renderer(settings.render),
        throttle=Throttle(settings.accounts),
        now=lambda: datetime.now(UTC),
        wake=lambda: None,
        expand=lambda: None,
        hurry=lambda: None,
        stamp=stamped,
    )


@pytest.fixture
def house(furnished: Path, tmp_path: Path) -> Iterator[House]:
    """Everything but the renderer, which no order of these tests gets to, is open."""
    data = tmp_path / "data"
    shutil.copytree(furnished, data)
    opened = open_house(data)
    yield opened
    opened.database.close()


@dataclass
class Answered:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False
    taken_before: int = 0
    """Messages of the request that had been taken when the answer began."""

    @property
    def fault(self) -> str:
        """The text of a SOAP 1.1 Fault."""
        return ET.fromstring(self.body).findtext(".//faultstring") or ""

    @property
    def outs(self) -> dict[str, str]:
        """The values by their names, without namespaces."""
        ((response,),) = ET.fromstring(self.body)
        return {element.tag.rpartition("}")[2]: element.text or "" for element in response}


async def converse(route: SoapRoute, scope: Scope, messages: Iterable[Message]) -> Answered:
    """One request, message by message; after the last one the client is silent."""
    coming = iter(messages)
    answered = Answered()
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        message = next(coming, None)
        while message is None:
            await asyncio.Event().wait()
        taken += 1
        return message

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.status = message["status"]
            answered.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            answered.taken_before = taken
        else:
            answered.body += message["body"]
            answered.complete = not message.get("more_body", False)

    await route.handle(scope, receive, send)
    return answered


Ask = Callable[..., Answered]


@pytest.fixture
def ask(house: House) -> Ask:
    """Send a request; its `body` is bytes, text or the messages of ASGI."""

    def run(
        body: bytes | str | Iterable[Message] = b"",
        method: str = "POST",
        path: str = "/xmlws.exe/soap/IntfXMLWS",
        *,
        at: House = house,
        **headers: str,
    ) -> Answered:
        url, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": url,
            "query_string": query.encode(),
            "scheme": "http",
            "client": ("127.0.0.1", 40000),
            "server": ("127.0.0.1", 8080),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }
        data = body.encode() if isinstance(body, str) else body
        messages = [{"type": "http.request", "body": data, "more_body": False}] if isinstance(data, bytes) else data
        return asyncio.run(converse(SoapRoute(at), scope, messages))

    return run
