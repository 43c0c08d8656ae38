"""The accounts of the demo."""

import pytest

from customers import OpenHouse
from depesche.model.jobtype import JobType
from depesche.usecases import accounts, blocklists, demo
from depesche.usecases.authenticate import authenticate

pytestmark = pytest.mark.anyio


async def test_two_accounts_are_there_and_may_do_everything(opened: OpenHouse) -> None:
    await demo.ensure(opened.house)
    found = (await accounts.everyone(opened.house))[:2]
    assert [(account.number, account.fax_number) for account in found] == [
        ("10001", "+493023125100"),
        ("10002", "+493023125200"),
    ]
    for account in found:
        assert account.job_types == set(JobType)
        assert account.bulk
        assert account.foreign
        assert account.sandbox, "nothing that a demo account sends leaves the machine"
        login = await authenticate(opened.house, account.number, "demo", "127.0.0.1")
        assert login.account == account


async def test_what_an_operator_changed_stays(opened: OpenHouse) -> None:
    await demo.ensure(opened.house)
    await accounts.set_password(opened.house, "root", "10001", "anders")
    changed = await accounts.change(opened.house, "root", "10002", {"name": "Neu"})
    await demo.ensure(opened.house)
    assert await accounts.show(opened.house, "10002") == changed
    assert (await authenticate(opened.house, "10001", "demo", "127.0.0.1")).account is None
    assert len(await accounts.everyone(opened.house)) == 2 + len(demo.SPECIAL)


async def test_everything_of_the_special_ones_ends_in_the_sandbox_as_well(opened: OpenHouse) -> None:
    await demo.ensure(opened.house)
    found = {account.number: account for account in await accounts.everyone(opened.house)}
    for special in demo.SPECIAL:
        assert found[special.number].sandbox
        assert found[special.number].numbers == ()


async def test_what_an_operator_took_off_a_list_stays_off(opened: OpenHouse) -> None:
    await demo.ensure(opened.house)
    assert await blocklists.remove(opened.house, "root", "10001", [demo.BLOCKED])
    await demo.ensure(opened.house)
    assert await blocklists.listed(opened.house, "10001", 10) == []
    assert [entry.address for entry in await blocklists.listed(opened.house, "10002", 10)] == [demo.BLOCKED]
