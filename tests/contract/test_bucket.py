"""A server whose documents lie in S3: programs see no difference, and are told when S3 is in trouble."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.conftest import sender, waiter
from contract.sendjob import FAX, PDF, anew
from depesche.config import Blobs as Place
from depesche.model.codes import SendJobCode as Code
from documents import pdf, stream, words
from peers.bucket import SECRET, S3Server, Trouble, Wire
from serving import Serving
from soapcall import call

pytestmark = pytest.mark.anyio

SECONDS = 2
"""For one step with S3."""

FETCHING = {"Account": "10002", "Password": "demo"}
INBOX = "+493023125200"
"""Of account 10002."""

LARGE = pdf(words("Guten Tag"), objects={100: stream(bytes(12 << 20))})
"""Goes in parts."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server.running() as server:
        yield server


@pytest.fixture
async def wire(s3: S3Server) -> AsyncIterator[Wire]:
    async with Wire(s3.port) as wire:
        yield wire


@pytest.fixture
def place(s3: S3Server, wire: Wire) -> Place:
    return s3.place(wire, SECONDS)


@pytest.fixture
async def serving(place: Place, tmp_path: Path) -> AsyncIterator[Serving]:
    given = place.model_dump() | {"secret_key": SECRET}
    variables = {f"DEPESCHE_BLOBS__{name.upper()}": str(value) for name, value in given.items()}
    server = Serving(tmp_path / "data", **variables)
    await asyncio.to_thread(server.start)
    yield server
    assert await asyncio.to_thread(server.stop) == 0


async def send(serving: Serving, **changes: Any) -> dict[str, str]:
    """A fax of a text and a file."""
    parameters = FAX | {"Recipient": INBOX, "SendText": anew(), "SendFilename1": "brief.pdf", "SendFile1": PDF}
    return await asyncio.to_thread(lambda: sender(serving)(**parameters | changes))


async def fetch(serving: Serving) -> dict[str, str]:
    return await asyncio.to_thread(lambda: call(serving.base_url, "RequestReceived", **FETCHING))


@pytest.mark.parametrize("file", [PDF, LARGE], ids=["small", "large"])
async def test_a_fax_goes_through_the_bucket_from_the_order_to_the_inbox(
    serving: Serving, place: Place, s3: S3Server, file: bytes
) -> None:
    answer = await send(serving, SendFile1=file)
    assert answer["return"] == "0"
    status = await asyncio.to_thread(lambda: waiter(serving)(answer["JobId"]))
    assert status["SendResult"] == "OK"
    fax = await fetch(serving)
    assert base64.b64decode(fax["FaxImage"]).startswith((b"II*\0", b"MM\0*"))
    assert sorted(key.split("/")[2] for key in s3.keys(place)) == ["inbound", "order", "pages"]
    assert not (serving.data / "blobs").exists()
    assert SECRET not in serving.log.read_text()


@pytest.mark.parametrize("trouble", [Trouble.GONE, Trouble.ERRORS, Trouble.SILENCE])
async def test_an_order_is_refused_in_time_while_s3_is_in_trouble_and_accepted_afterwards(
    serving: Serving, wire: Wire, trouble: Trouble
) -> None:
    await wire.fail(trouble)
    for file in (PDF, LARGE):
        began = time.monotonic()
        answer = await send(serving, SendFile1=file)
        assert answer["return"] == str(int(Code.DOCUMENT_STORE))
        assert time.monotonic() - began < 3 * SECONDS
    await wire.heal()
    assert (await send(serving))["return"] == "0"
    assert SECRET not in serving.log.read_text()


async def test_documents_that_cannot_be_read_back_are_told_in_time(serving: Serving, wire: Wire) -> None:
    await wire.fail(Trouble.SILENCE, "^GET")
    began = time.monotonic()
    assert (await send(serving))["return"] == str(int(Code.DOCUMENT_STORE))
    assert time.monotonic() - began < 3 * SECONDS
