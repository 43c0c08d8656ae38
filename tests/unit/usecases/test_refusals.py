"""What an operator sees of orders that were refused."""

import pytest

from builders import MOBILE, START
from customers import Enter, OpenHouse, Order
from depesche.model.rules import Rule
from depesche.usecases import refusals
from depesche.usecases.accounts import NotPossible

pytestmark = pytest.mark.anyio


async def test_each_refused_order_leaves_its_line_the_newest_first(opened: OpenHouse, enter: Enter) -> None:
    customer = enter(job_types=[1])
    await customer.send(Order(recipient="+4930"))
    opened.clock.forward(minutes=1)
    await customer.send(Order(job_type=2, recipient="a@example.com"))
    await customer.send(Order(recipient=MOBILE))
    found = await refusals.newest(opened.house, None, 10)
    assert [(line.account, line.rule) for line in found] == [
        ("10001", Rule.TYPE_NOT_RELEASED),
        ("10001", Rule.NUMBER_INVALID),
    ]
    assert (found[1].at, found[1].reason.startswith("+4930: ")) == (START, True)


async def test_one_account_is_asked_for_alone_and_only_so_many(opened: OpenHouse, enter: Enter) -> None:
    first, second = enter("10001"), enter("10002")
    for number in ("+4930", "+4931"):
        await first.send(Order(recipient=number))
    await second.send(Order(recipient="+4940"))
    assert [line.account for line in await refusals.newest(opened.house, None, 10)] == ["10002", "10001", "10001"]
    assert [line.account for line in await refusals.newest(opened.house, "10001", 10)] == ["10001", "10001"]
    assert len(await refusals.newest(opened.house, None, 2)) == 2
    with pytest.raises(NotPossible, match="there is no account 10003"):
        await refusals.newest(opened.house, "10003", 10)
