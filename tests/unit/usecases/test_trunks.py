"""What the channel of trunks learns of the installation, and what it leaves there."""

from pathlib import Path

import pytest

from customers import OpenHouse
from depesche.channels.fax.trunk import wire
from depesche.channels.fax.trunk.arrivals import Arrivals
from depesche.channels.fax.trunk.routing import LineState
from depesche.channels.fax.trunk.spool import Arriving
from depesche.config import Role
from depesche.model.lesson import PLAIN, Lesson
from depesche.model.line import Line, Standing
from depesche.model.resolution import Resolution
from depesche.store import nodes
from depesche.store.nodes import NodeRow
from depesche.usecases import accounts, lines, operate
from depesche.usecases.accounts import NewAccount, NotPossible
from depesche.usecases.trunks import Office
from documents import fax_page, picture

pytestmark = pytest.mark.anyio

FIRST, SECOND, THIRD = "a/1-0", "b/2-0", "c/3-0"
"""Processes, the eldest first."""


async def enter(opened: OpenHouse, worker: str, role: Role = Role.LINES, *, draining: bool = False) -> None:
    now = opened.clock()
    row = NodeRow(worker, worker[0], (role,), "1", started_at=now, seen_at=now, draining=draining)
    await opened.house.database.run(lambda connection: nodes.enter(connection, row))
    opened.clock.forward(seconds=1)


async def test_a_line_is_shared_by_the_nodes_that_live_and_carry(opened: OpenHouse) -> None:
    await enter(opened, "d/4-0")
    opened.clock.forward(seconds=opened.house.settings.dispatch.lease_seconds)
    for worker in (FIRST, SECOND, THIRD):
        await enter(opened, worker)
    await enter(opened, "e/5-0", Role.WEB)
    await enter(opened, "f/6-0", draining=True)
    await lines.add(opened.house, "test", Line("telekom", "h", user="u", channels=5), "geheim")
    shares = [await Office(opened.house, worker).lines() for worker in (FIRST, SECOND, THIRD)]
    assert sorted(line.channels for [(line, _)] in shares) == [1, 2, 2]
    assert sum(line.register for [(line, _)] in shares) == 1
    assert {secret for [(_, secret)] in shares} == {"geheim"}
    [(alone, _)] = await Office(opened.house, "new/7-0").lines()
    assert alone.channels == 1, "who is not in the list yet takes what the others may leave"


async def test_a_lesson_holds_for_a_day_and_a_proven_one_for_a_month(opened: OpenHouse) -> None:
    office, number, lesson = Office(opened.house, FIRST), "+493023125001", Lesson(t38=False, finest=Resolution.FINE)
    await office.learn(number, lesson, proven=False)
    assert await office.lesson(number) == lesson
    assert await office.lesson("+493023125002") == PLAIN
    opened.clock.forward(hours=23)
    await office.learn(number, lesson, proven=True)
    opened.clock.forward(days=29)
    assert [learnt.number for learnt in await lines.lessons(opened.house)] == [number]
    assert await office.lesson(number) == lesson
    opened.clock.forward(days=2)
    assert await office.lesson(number) == PLAIN
    assert await lines.lessons(opened.house) == []


async def test_a_lesson_is_unlearnt(opened: OpenHouse) -> None:
    office, number = Office(opened.house, FIRST), "+493023125001"
    await office.learn(number, Lesson(v17=False), proven=True)
    await office.learn(number, PLAIN, proven=False)
    assert await office.lesson(number) == PLAIN
    await office.learn(number, Lesson(v17=False), proven=True)
    await lines.forget(opened.house, "test", number)
    assert await office.lesson(number) == PLAIN
    with pytest.raises(NotPossible, match="called as most are already"):
        await lines.forget(opened.house, "test", number)


async def test_how_lines_stand_is_told_of_nodes_that_live(opened: OpenHouse) -> None:
    for worker in (FIRST, SECOND):
        await enter(opened, worker)
    now = opened.clock()
    up, down = Standing("telekom", "", True, "", now), Standing("telekom", "", False, "401 Unauthorized", now)
    await Office(opened.house, FIRST).stand([down])
    await Office(opened.house, FIRST).stand([up])
    await Office(opened.house, SECOND).stand([down])
    await Office(opened.house, THIRD).stand([down])
    assert await lines.standings(opened.house) == [
        Standing("telekom", "a", True, "", now), Standing("telekom", "b", False, "401 Unauthorized", now),
    ]  # fmt: skip
    opened.clock.forward(seconds=opened.house.settings.dispatch.lease_seconds + 5)
    assert await lines.standings(opened.house) == []


@pytest.mark.parametrize(
    ("subaddress", "owner"), [("42", "10002"), (" 4 2", "10002"), ("43", "10001"), ("", "10001"), ("#", "10001")]
)
async def test_a_fax_for_an_extension_is_its_account_s_or_else_the_number_s(
    opened: OpenHouse, tmp_path: Path, subaddress: str, owner: str
) -> None:
    for number, fax_number in (("10001", "+493023125100"), ("10002", "+49302312510042")):
        new = NewAccount(number, number, "x", (fax_number,), password_hash="x")
        await accounts.add(opened.house, "test", new)
    arriving = Arriving("one", "+493023125100", "+494012345", "telekom", opened.clock().isoformat())
    arriving.pages(tmp_path).write_bytes(picture("TIFF", fax_page(), compression="group4"))
    received = wire.Received(1, 1, True, "Muster", 40, "", (0,), subaddress)
    states: dict[str, LineState] = {}
    await Arrivals(Office(opened.house, FIRST), tmp_path, states.__getitem__).hand_over(arriving, received)
    account = await accounts.show(opened.house, owner)
    assert [fax.remote_id for fax in await operate.faxes(opened.house, account.id, 10)] == ["Muster"]
    assert not arriving.pages(tmp_path).exists()
