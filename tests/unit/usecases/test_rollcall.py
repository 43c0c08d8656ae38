"""Who of the given recipients is sent to: few in memory and many on disk are judged alike."""

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from builders import MOBILE, START
from customers import Customer, Enter, OpenHouse, Order
from depesche.blobs.store import BlobError
from depesche.model.account import Account
from depesche.model.roll import Recipient, Roll
from depesche.model.rules import Rule
from depesche.store import accounts, blocked
from depesche.store.blocked import EVERYONE, Blocked
from depesche.store.roll import LongRoll
from depesche.usecases import rollcall
from depesche.usecases.reading import read_order
from depesche.usecases.refused import Refused

pytestmark = pytest.mark.anyio

FAX, SMS, MAIL = 0, 1, 2
BLOCKED, BARRED, ABROAD = "+493023125011", "+493023125012", "+4312345678"


@pytest.fixture
def caller(opened: OpenHouse, enter: Enter) -> Customer:
    """An account without release for abroad, on whose blacklist, and on everyone's, a number stands."""
    return listed(opened, enter(abroad=False))


def listed(opened: OpenHouse, customer: Customer) -> Customer:
    def fill(connection: Any) -> Account:
        assert customer.login.account is not None
        blocked.put(connection, customer.login.account.id, [Blocked(BLOCKED, prefix=False)], START)
        blocked.put(connection, EVERYONE, [Blocked(BARRED, prefix=False), Blocked("+4312", prefix=True)], START)
        found = accounts.by_number(connection, customer.login.number)
        assert found is not None
        return found

    customer.login = type(customer.login)(account=opened.house.database.run_here(fill), number=customer.login.number)
    return customer


async def rows_of(customer: Customer, order: Order) -> list[tuple[str, str, int, int | None]]:
    """Address, reference, code and double of each row."""
    async with AsyncExitStack() as stack:
        roll = await called(customer, order, stack)
        return [
            (one.recipient.address, one.recipient.reference, one.recipient.code, one.same_as)
            for one in roll.entries(0, roll.rows)
        ]


async def called(customer: Customer, order: Order, stack: AsyncExitStack) -> Roll:
    account = customer.login.account
    assert account is not None
    judged = await read_order(customer.house, account, await customer.submission(order), stack)
    return await rollcall.roll_of(customer.house, account, judged, stack)


@pytest.fixture(params=["few", "many", "many, long blacklists"])
def length(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Many: even one row is judged as a long list is, three at a time."""
    if request.param != "few":
        monkeypatch.setattr(rollcall, "LONG_LIST", 0)
        monkeypatch.setattr(rollcall, "CHUNK", 3)
        monkeypatch.setattr(rollcall, "IN_MEMORY", 100 if request.param == "many" else 0)
    return str(request.param)


GIVEN = (
    f"0171 3920000[a],{BLOCKED}[b],{BARRED}[c],+493023125010[d],{ABROAD}[e],+41446681800[f],"
    "0900 1[g],+4930[h],x[i],+491713920000[j],030 23125011[k]"
)
JUDGED = [
    (MOBILE, "a", 0, None),
    (BLOCKED, "b", 9, None),
    (BARRED, "c", -5, None),
    ("+493023125010", "d", -5, None),
    (ABROAD, "e", -5, None),
    ("+41446681800", "f", -8, None),
    ("0900 1", "g", 45, None),
    ("+4930", "h", 46, None),
    ("x", "i", 47, None),
    (MOBILE, "j", 0, 0),
    (BLOCKED, "k", 9, None),
]


@pytest.mark.usefixtures("length")
async def test_each_row_is_judged_the_blacklist_before_the_release_for_abroad(caller: Customer) -> None:
    assert await rows_of(caller, Order(SMS, GIVEN)) == JUDGED


@pytest.mark.usefixtures("length")
async def test_a_file_is_judged_as_the_parameter_is(caller: Customer) -> None:
    data = GIVEN.replace("[", ",").replace("],", "\n").removesuffix("]").encode()
    assert await rows_of(caller, Order(SMS, recipient_file=data)) == JUDGED


@pytest.mark.usefixtures("length")
async def test_mail_addresses_are_stopped_in_any_case(opened: OpenHouse, caller: Customer) -> None:
    def fill(connection: Any) -> None:
        assert caller.login.account is not None
        entries = [Blocked("feind@firma.de", prefix=False), Blocked("@falle.de", prefix=False)]
        blocked.put(connection, caller.login.account.id, entries, START)

    opened.house.database.run_here(fill)
    given = "Feind@Firma.de,a@falle.DE,a@firma.de,A@firma.de,x"
    assert [row[2] for row in await rows_of(caller, Order(MAIL, given))] == [9, 9, 0, 0, 47]


@pytest.mark.usefixtures("length")
@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ("x", Rule.ADDRESS_MALFORMED),
        ("0900 1,x", Rule.NUMBER_PREMIUM),
        ("+4930,0900 1", Rule.NUMBER_INVALID),
        (f"{BLOCKED},+4930", Rule.OWN_BLACKLIST),
        (f"{BARRED},{BLOCKED}", Rule.BARRED),
        (f"+41446681800,{BARRED}", Rule.FOREIGN),
    ],
)
async def test_if_nobody_is_left_the_first_ones_fault_is_told(caller: Customer, given: str, rule: Rule) -> None:
    with pytest.raises(Refused) as refused:
        await rows_of(caller, Order(SMS, given))
    assert refused.value.rule is rule
    assert given.partition(",")[0] in refused.value.reason


async def test_the_limit_between_few_and_many_is_one_of_rows(caller: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollcall, "LONG_LIST", 3)
    async with AsyncExitStack() as stack:
        few = await called(caller, Order(SMS, f"{MOBILE},{MOBILE}"), stack)
        many = await called(caller, Order(SMS, f"{MOBILE},{MOBILE},{MOBILE}"), stack)
        assert [type(roll).__name__ for roll in (few, many)] == ["ShortRoll", "LongRoll"]


async def test_a_long_roll_leaves_nothing_behind(opened: OpenHouse, caller: Customer, length: str) -> None:
    await rows_of(caller, Order(SMS, recipient_file=f"{MOBILE}\n{BLOCKED}\n".encode()))
    assert opened.scratch() == [], length


async def test_a_list_that_nobody_waits_for_any_more_is_judged_no_further(
    opened: OpenHouse, caller: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is cancelled, it ends when the chunk at hand is written: no roll is closed under a thread."""
    monkeypatch.setattr(rollcall, "LONG_LIST", 0)
    monkeypatch.setattr(rollcall, "CHUNK", 1)
    begun, free = threading.Event(), threading.Event()
    written: list[Sequence[Recipient]] = []
    extend = LongRoll.extend

    def slowly(roll: LongRoll, recipients: Sequence[Recipient]) -> None:
        begun.set()
        free.wait()
        extend(roll, recipients)
        written.append(recipients)

    monkeypatch.setattr(LongRoll, "extend", slowly)
    task = asyncio.create_task(rows_of(caller, Order(SMS, ",".join([MOBILE] * 1000))))
    await asyncio.to_thread(begun.wait)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert not task.done()
    free.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(written) == 1
    assert opened.scratch() == []


async def test_orders_given_up_at_any_moment_harm_nobody(opened: OpenHouse, caller: Customer) -> None:
    data = "".join(f"+491713{number:06}\n" for number in range(3000)).encode()
    for milliseconds in range(0, 60, 3):
        order = caller.send(Order(SMS, recipient_file=data, text=f"nach {milliseconds} ms"))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(order, milliseconds / 1000)
    assert opened.scratch() == []
    assert (await caller.send(Order(SMS))).code == 0


async def test_where_it_cannot_be_kept_is_told_as_the_stores_fault(
    opened: OpenHouse, caller: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollcall, "LONG_LIST", 0)
    scratch = opened.house.settings.data / "scratch"
    scratch.rmdir()
    scratch.write_bytes(b"in the way")
    with pytest.raises(BlobError):
        await rows_of(caller, Order(SMS, MOBILE))
    assert (await caller.send(Order(SMS, MOBILE))).code == -66
