"""Files on their way in: who may leave any, and that none is forgotten."""

import asyncio
import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from depesche.fronts.soap.anteroom import Anteroom
from depesche.fronts.soap.codec.fault import FaultCode, SoapFault
from depesche.fronts.soap.intake import TEXTS, Intake
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
        async with Intake(house, Anteroom(0), "127.0.0.1", "") as intake:
            await intake.feed(body[:1000])
            await intake.feed(body[1000:])
            request = await intake.close()
        assert request.login.account is not None
        return {name: await house.blobs.read(blob.key) for name, blob in request.files.items()}

    content = base64.b64decode(FILE)
    assert asyncio.run(read()) == {"RecipientFile": b"a,b", "SendFile2": content, "SendFile3": content}


# --- what comes before the login


FILE_SIZE = 256 * 20_000
TEXT = f"<SendText>{'x' * 3 * TEXTS}</SendText>"


def begun(envelope: Envelope, inner: str) -> bytes:
    """An envelope that is not at its end; the blanks push what stands before them into the parser."""
    return envelope(inner).partition("</NS1:SendJob>")[0].encode() + b" " * (64 << 10)


async def fed(intake: Intake, body: bytes) -> SoapFault | None:
    """What the body is refused for."""
    try:
        await intake.feed(body)
    except SoapFault as fault:
        return fault
    return None


def test_files_before_the_login_have_a_bounded_place_for_all_requests_together(
    house: House, envelope: Envelope, kept: Callable[[], list[Path]]
) -> None:
    room = Anteroom(FILE_SIZE + FILE_SIZE // 2)
    body = begun(envelope, f"{ORDER}</SendFile1>")

    async def run() -> None:
        async with Intake(house, room, "127.0.0.1", "") as first:
            assert await fed(first, body) is None
            async with Intake(house, room, "127.0.0.1", "") as second:
                fault = await fed(second, body)
                assert fault is not None
                assert fault.code is FaultCode.SERVER
                assert "send Account and Password first, or try again later" in fault.message
            assert len(kept()) == 1
            assert room.free == room.size - FILE_SIZE
        assert room.free == room.size
        async with Intake(house, room, "127.0.0.1", "") as third:
            assert await fed(third, body) is None

    asyncio.run(run())
    assert kept() == []
    assert room.free == room.size


def test_more_than_the_whole_place_before_the_login_is_the_clients_fault(
    ask: Ask, envelope: Envelope, house: House, kept: Callable[[], list[Path]]
) -> None:
    soap = house.settings.soap.model_copy(update={"max_before_login": FILE_SIZE - 1})
    tight = replace(house, settings=house.settings.model_copy(update={"soap": soap}))
    answered = ask(envelope(f"{ORDER}</SendFile1>{LOGIN}"), at=tight)
    assert b"<faultcode>SOAP-ENV:Client</faultcode>" in answered.body
    assert (
        answered.fault == f"only {FILE_SIZE - 1} bytes are taken in before the login: send Account and Password first"
    )
    assert kept() == []
    assert ask(envelope(f"{LOGIN}{ORDER}</SendFile1>"), at=tight).outs["return"] == "-6"


@pytest.mark.parametrize("inner", [f"{LOGIN}{ORDER}</SendFile1>{TEXT}", TEXT[: TEXTS // 2] + "</SendText>"])
def test_customers_who_say_first_who_they_are_and_short_texts_take_no_place(
    house: House, envelope: Envelope, inner: str
) -> None:
    async def run() -> None:
        async with Intake(house, Anteroom(0), "127.0.0.1", "") as intake:
            assert await fed(intake, begun(envelope, inner)) is None

    asyncio.run(run())


@pytest.mark.parametrize("login", ["", STRANGER, "<Account>10001</Account>"])
def test_long_texts_of_strangers_take_place_too(house: House, envelope: Envelope, login: str) -> None:
    room = Anteroom(4 * TEXTS)

    async def run() -> None:
        async with Intake(house, room, "127.0.0.1", "") as first, Intake(house, room, "127.0.0.1", "") as second:
            assert await fed(first, begun(envelope, login + TEXT)) is None
            assert room.size - 3 * TEXTS - 100 < room.free <= room.size - 3 * TEXTS
            fault = await fed(second, begun(envelope, login + TEXT))
            assert fault is not None
            assert "too much waits for a login" in fault.message

    asyncio.run(run())
    assert room.free == room.size


@pytest.mark.parametrize(("login", "left"), [(LOGIN, 2), (STRANGER, 0)])
def test_files_that_waited_are_out_of_the_anteroom_once_the_login_is_known(
    house: House, envelope: Envelope, kept: Callable[[], list[Path]], login: str, left: int
) -> None:
    room = Anteroom(2 * FILE_SIZE)

    async def run() -> None:
        async with Intake(house, room, "127.0.0.1", "") as intake:
            await intake.feed(begun(envelope, f"{ORDER}</SendFile1>"))
            assert room.free == room.size - FILE_SIZE
            await intake.feed(f"{login}<SendFile2>{FILE}</SendFile2>".encode())
            assert len(kept()) == left
            assert room.free == room.size

    asyncio.run(run())
    assert kept() == []
    assert room.free == room.size


def test_a_request_that_is_cancelled_leaves_no_file(
    house: House, envelope: Envelope, kept: Callable[[], list[Path]]
) -> None:
    body = envelope(f"{LOGIN}<SendFile2>{FILE}</SendFile2>{ORDER}").partition("</NS1:SendJob>")[0].encode()

    async def request(fed_to_the_end: asyncio.Event) -> None:
        async with Intake(house, Anteroom(0), "127.0.0.1", "") as intake:
            await intake.feed(body)
            fed_to_the_end.set()

    async def run(turns: int) -> None:
        fed_to_the_end = asyncio.Event()
        task = asyncio.ensure_future(request(fed_to_the_end))
        await fed_to_the_end.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()  # while it deletes
        await asyncio.wait([task])

    for turns in range(8):
        asyncio.run(run(turns))
        assert kept() == []
