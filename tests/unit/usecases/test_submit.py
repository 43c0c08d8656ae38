"""SendJob says yes: what was ordered is on record, as it was ordered."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from builders import MOBILE, START, rows
from customers import Customer, Enter, OpenHouse, Order
from depesche.model.job import Fate, JobHead
from depesche.model.result import Result
from depesche.model.states import State
from depesche.store import jobs, schema
from depesche.usecases import submit as submitting
from depesche.usecases.submit import SubmitAnswer

pytestmark = pytest.mark.anyio

SMS, MAIL = 1, 2
OTHER = "+491713920003"


def head(opened: OpenHouse, job: int = 1) -> JobHead:
    found = opened.house.database.read_here(lambda connection: jobs.head(connection, 1, job))
    assert found is not None
    return found


def fates(opened: OpenHouse, job: int = 1) -> list[Fate]:
    return opened.house.database.read_here(lambda connection: list(jobs.fates(connection, job)))


def row(opened: OpenHouse) -> dict[str, Any]:
    (found,) = opened.house.database.read_here(lambda connection: rows(connection, schema.job))
    return found


async def test_an_order_is_answered_with_its_number_and_counts(opened: OpenHouse, customer: Customer) -> None:
    answer = await customer.send(Order(SMS, f"{MOBILE}[a],{OTHER}[b],{MOBILE}[c]", text="x" * 161))
    assert answer == SubmitAnswer(0, job_id=1, recipients=2, pages=2)
    assert await customer.send(Order(SMS, text="x")) == SubmitAnswer(0, job_id=2, recipients=1, pages=1)
    assert opened.wake.rung == 2
    assert [(fate.address, fate.reference, fate.state) for fate in fates(opened)] == [
        (MOBILE, "a", State.WAITING),
        (OTHER, "b", State.WAITING),
        (MOBILE, "c", State.WAITING),
    ]
    assert head(opened).created_at == START


async def test_the_text_is_kept_as_it_was_given(opened: OpenHouse, customer: Customer) -> None:
    text = "  Grüße\r\n„Anführung“ 😀 \n"
    await customer.send(Order(SMS, text=text))
    assert row(opened)["text"] == text


async def test_numbers_are_kept_in_their_one_notation(opened: OpenHouse, customer: Customer) -> None:
    answer = await customer.send(Order(SMS, "0171/392 00 00,+49 171 3920000,00491713920000"))
    assert answer.recipients == 1
    assert {fate.address for fate in fates(opened)} == {MOBILE}


async def test_bad_rows_of_a_list_do_not_stop_the_others(opened: OpenHouse, customer: Customer) -> None:
    data = f"x,1\r\n{MOBILE},2\r\n0900123456,3\r\n+493023125010,4\r\n".encode()
    answer = await customer.send(Order(SMS, "ignored", recipient_file=data))
    assert answer == SubmitAnswer(0, job_id=1, recipients=1, pages=1)
    assert [(fate.address, fate.reference, fate.code, fate.result) for fate in fates(opened)] == [
        ("x", "1", 47, Result.BLACKLIST),
        (MOBILE, "2", 0, None),
        ("0900123456", "3", 45, Result.BLACKLIST),
        ("+493023125010", "4", -5, Result.BLACKLIST),
    ]
    assert "Recipient was ignored: RecipientFile is given" in head(opened).warnings
    assert opened.blobs() == [], "the list is read, and needed no more"


async def test_a_long_list_is_judged_like_a_short_one(
    opened: OpenHouse, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submitting, "LONG_LIST", 2)
    answer = await customer.send(Order(SMS, f"x,{MOBILE},{OTHER}"))
    assert answer == SubmitAnswer(0, job_id=1, recipients=2, pages=1)
    assert [fate.code for fate in fates(opened)] == [47, 0, 0]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, START),
        (START - timedelta(days=1), START),
        (START, START),
        (START + timedelta(hours=1), START + timedelta(hours=1)),
        (datetime(2026, 3, 2, 12, 0, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 3, 2, 10, 0, tzinfo=UTC)),
    ],
)
async def test_a_time_past_or_missing_is_now(
    opened: OpenHouse, customer: Customer, given: datetime | None, kept: datetime
) -> None:
    await customer.send(Order(send_at=given))
    assert head(opened).send_at == kept
    assert fates(opened)[0].due_at == kept


@pytest.mark.parametrize(
    ("order", "warnings"),
    [
        (Order(), []),
        (Order(files=[("a.pdf", b"x")]), ["files were ignored: an SMS has none"]),
        (
            Order(options="COLOUR=red;FAXRETRY=20"),
            [
                "option COLOUR was ignored: unknown",
                "option FAXRETRY was ignored: it is for fax",
                "FAXRETRY=20 is too many",
            ],
        ),
        (Order(options="SMSFROM=Muster Gesellschaft"), ["SMSFROM Muster Gesellschaft is no sender id"]),
        (Order(options="STATURL=ftp://x.de/"), ["STATURL is not called"]),
    ],
)
async def test_whatever_was_ignored_or_changed_is_on_record(
    opened: OpenHouse, customer: Customer, order: Order, warnings: Sequence[str]
) -> None:
    assert (await customer.send(order)).code == 0
    found = head(opened).warnings
    assert len(found) == len(warnings)
    assert all(one.startswith(begin) for one, begin in zip(found, warnings, strict=True))
    assert opened.blobs() == [], "what is not used is not kept"


@pytest.mark.parametrize(("options", "repeats"), [("", 3), ("FAXRETRY=0", 0), ("FAXRETRY=7", 7), ("FAXRETRY=20", 10)])
async def test_repeats_are_the_orders_own(opened: OpenHouse, customer: Customer, options: str, repeats: int) -> None:
    await customer.send(Order(options=options))
    assert row(opened)["repeats"] == repeats


async def test_a_trial_account_may_send_a_long_sms(opened: OpenHouse, enter: Enter) -> None:
    assert (await enter(state="trial").send(Order(text="x" * 1000))).pages == 7


async def test_attachments_of_a_mail_are_kept_whatever_they_are(opened: OpenHouse, customer: Customer) -> None:
    files = [("Brief.xyz", b"whatever"), ("kaputt.pdf", b"%PDF-1.7 broken"), ("Übersicht.csv", b"a,b")]
    order = Order(MAIL, "kunde@firma.de", files=files)
    answer = await customer.send(order)
    assert answer == SubmitAnswer(0, job_id=1, recipients=1, pages=1)
    stored = opened.house.database.read_here(lambda connection: jobs.files(connection, 1))
    assert [(file.role, file.filename, file.size) for file in stored] == [
        ("source", "Brief.xyz", 8),
        ("source", "kaputt.pdf", 15),
        ("source", "Übersicht.csv", 3),
    ]
    assert [await opened.house.blobs.read(file.key) for file in stored] == [data for _, data in files]
    assert len(opened.blobs()) == 3


async def test_an_order_is_synced_before_it_is_answered(
    opened: OpenHouse, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    keep, run = opened.house.blobs.keep, opened.house.database.run

    async def record_keep(blobs: Any) -> None:
        blobs = list(blobs)
        await keep(blobs)
        happened.append(f"kept {len(blobs)}")

    async def record_run(work: Any) -> Any:
        found = await run(work)
        happened.append("committed")
        return found

    monkeypatch.setattr(opened.house.blobs, "keep", record_keep)
    monkeypatch.setattr(opened.house.database, "run", record_run)
    await customer.send(Order(MAIL, "kunde@firma.de", files=[("a.txt", b"x")]))
    assert happened == ["kept 1", "committed"]
