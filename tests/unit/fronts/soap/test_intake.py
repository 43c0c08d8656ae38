"""Files on their way in: who may leave any, and that none is forgotten."""

import asyncio
import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from depesche.fronts.soap.intake import Intake
from depesche.usecases.house import House

Ask = Callable[..., Any]
Envelope = Callable[..., str]

LOGIN = "<Account>10001</Account><Password>demo</Password>"
STRANGER = "<Account>10001</Account><Password>wrong</Password>"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


FILE = encoded(bytes(range(256)) * 20_000)
ORDER = f"<JobType>0</JobType><Recipient>+493023125100</Recipient><SendFilename1>a.exe</SendFilename1><SendFile1>{FILE}"


@pytest.fixture
def kept(house: House) -> Callable[[], list[Path]]:
    """The files in the blob store, half-written ones included."""
    root = house.settings.data / "blobs"
    return lambda: [path for path in root.rglob("*") if path.is_file()]


def sending(body: str, seen: list[int], kept: Callable[[], list[Path]], end: str = "http.request") -> Iterator[Any]:
    """The messages of a body; before the last one the blob store is counted."""
    data = body.encode()
    for start in range(0, len(data), 1 << 16):
        yield {"type": "http.request", "body": data[start : start + (1 << 16)], "more_body": True}
    seen.append(len(kept()))
    yield {"type": end, "body": b"", "more_body": False}


def test_files_of_a_customer_are_written_while_they_arrive(
    ask: Ask, envelope: Envelope, kept: Callable[[], list[Path]]
) -> None:
    seen: list[int] = []
    answered = ask(sending(envelope(f"{LOGIN}{ORDER}</SendFile1>"), seen, kept))
    assert seen == [1]
    assert answered.outs["return"] == "-6"
    assert kept() == []


def test_files_of_a_stranger_are_read_but_never_written(
    ask: Ask, envelope: Envelope, kept: Callable[[], list[Path]]
) -> None:
    seen: list[int] = []
    answered = ask(sending(envelope(f"{STRANGER}{ORDER}</SendFile1>"), seen, kept))
    assert seen == [0]
    assert answered.outs["return"] == "-1"


def test_files_that_come_before_the_password_wait_and_go_with_a_wrong_one(
    ask: Ask, envelope: Envelope, kept: Callable[[], list[Path]]
) -> None:
    seen: list[int] = []
    answered = ask(sending(envelope(f"{ORDER}</SendFile1>{STRANGER}"), seen, kept))
    assert seen == [1]
    assert answered.outs["return"] == "-1"
    assert kept() == []


def test_files_of_a_client_that_goes_away_go_too(ask: Ask, envelope: Envelope, kept: Callable[[], list[Path]]) -> None:
    seen: list[int] = []
    half = envelope(f"{LOGIN}{ORDER}").partition("</NS1:SendJob>")[0]
    assert ask(sending(half, seen, kept, "http.disconnect")).status == 0
    assert seen == [1]
    assert kept() == []


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ("*</SendFile1>", "SendFile1 is no base64Binary"),
        ("</SendFile1><SendFile2>" + "QUJD" * 2_000_000 + "</SendFile2>", "SendFile2 is larger than allowed"),
        ("</SendFile1><Account>2</Account>", "Account is given twice"),
        ("</SendFile1><JobId>", "not well-formed"),
    ],
)
def test_files_of_a_call_that_ends_in_a_fault_go(
    ask: Ask, envelope: Envelope, house: House, kept: Callable[[], list[Path]], rest: str, reason: str
) -> None:
    soap = house.settings.soap.model_copy(update={"max_file": 5_500_000})
    tight = replace(house, settings=house.settings.model_copy(update={"soap": soap}))
    assert reason in ask(envelope(f"{LOGIN}{ORDER}{rest}"), at=tight).fault
    assert kept() == []


def test_a_full_blob_store_is_minus_66_but_only_for_customers(ask: Ask, envelope: Envelope, house: House) -> None:
    blobs = house.settings.data / "blobs"
    (blobs / "order").write_bytes(b"a file where the folder should be")
    assert ask(envelope(f"{LOGIN}{ORDER}</SendFile1>")).outs == {
        "return": "-66",
        "JobId": "0",
        "RecipientsCount": "0",
        "PageCount": "0",
    }
    assert ask(envelope(f"{ORDER}</SendFile1>{STRANGER}")).outs["return"] == "-1"


def test_a_request_carries_each_file_under_the_name_of_its_parameter(house: House, envelope: Envelope) -> None:
    body = envelope(
        f'{LOGIN}<RecipientFile>{encoded(b"a,b")}</RecipientFile><SendFile2 href="#f"/><SendFile3 href="#f"/>',
        after=f'<multiRef id="f">{FILE}</multiRef>',
    ).encode()

    async def read() -> dict[str, bytes]:
        async with Intake(house, "127.0.0.1", "") as intake:
            await intake.feed(body[:1000])
            await intake.feed(body[1000:])
            request = await intake.close()
        assert request.login.account is not None
        return {name: await house.blobs.read(blob.key) for name, blob in request.files.items()}

    content = base64.b64decode(FILE)
    assert asyncio.run(read()) == {"RecipientFile": b"a,b", "SendFile2": content, "SendFile3": content}
