"""Account and password of every operation, with real argon2id and a real database."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from customers import OpenHouse
from depesche.model.account import AccountState
from depesche.store import accounts as store
from depesche.store.database import DatabaseClosed
from depesche.usecases import accounts
from depesche.usecases.accounts import NewAccount
from depesche.usecases.authenticate import Login, LoginFailure, authenticate
from depesche.usecases.throttle import LOOKS

pytestmark = pytest.mark.anyio

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"

WRONG = Login(failure=LoginFailure.WRONG_PASSWORD)


@pytest.fixture
async def known(opened: OpenHouse) -> OpenHouse:
    """A house with account 10001, password geheim."""
    await accounts.add(opened.house, "test", NewAccount("10001", "Muster GmbH", "geheim"))
    return opened


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that argon2id was computed for."""
    passwords: list[str] = []
    fits: Callable[[str, str], bool] = store.password_fits

    def record(password_hash: str, password: str) -> bool:
        passwords.append(password)
        assert threading.current_thread() is not threading.main_thread(), "40 ms during which nobody is served"
        return fits(password_hash, password)

    monkeypatch.setattr(store, "password_fits", record)
    return passwords


@pytest.mark.parametrize("number", ["10001", " 10001 ", "\t10001\r\n"])
async def test_account_and_password_open_the_door(known: OpenHouse, number: str) -> None:
    login = await authenticate(known.house, number, "geheim", HERE)
    assert login.failure is None
    assert login.account is not None
    assert (login.account.number, login.account.name, login.locked) == ("10001", "Muster GmbH", False)


@pytest.mark.parametrize("number", ["", "   "])
async def test_without_an_account_there_is_none(known: OpenHouse, number: str) -> None:
    assert await authenticate(known.house, number, "geheim", HERE) == Login(failure=LoginFailure.NO_ACCOUNT)


@pytest.mark.parametrize("number", ["10002", "1000", "10001'--", "%", "ü" * 1000])
async def test_an_unknown_account_is_unknown(known: OpenHouse, number: str) -> None:
    assert await authenticate(known.house, number, "geheim", HERE) == Login(failure=LoginFailure.UNKNOWN)


@pytest.mark.parametrize("password", ["", "Geheim", "geheim ", " geheim", "geheim\0", "x" * 100_000])
async def test_a_password_is_right_to_the_letter(known: OpenHouse, password: str) -> None:
    assert await authenticate(known.house, "10001", password, HERE) == WRONG


async def test_a_verified_password_is_not_computed_again_for_a_while(known: OpenHouse, computed: list[str]) -> None:
    for _ in range(5):
        assert (await authenticate(known.house, "10001", "geheim", HERE)).account is not None
    assert computed == ["geheim"]
    known.seconds.now += known.house.settings.accounts.verified_seconds
    assert (await authenticate(known.house, "10001", "geheim", HERE)).account is not None
    assert computed == ["geheim"] * 2


async def test_a_password_is_computed_once_for_all_who_log_in_at_the_same_moment(
    known: OpenHouse, computed: list[str]
) -> None:
    logins = await asyncio.gather(*(authenticate(known.house, "10001", "geheim", HERE) for _ in range(20)))
    assert all(login.account is not None for login in logins)
    assert computed == ["geheim"]


async def test_a_login_that_is_given_up_does_not_take_the_answer_from_the_others(known: OpenHouse) -> None:
    impatient = asyncio.create_task(authenticate(known.house, "10001", "geheim", HERE))
    patient = asyncio.create_task(authenticate(known.house, "10001", "geheim", ELSEWHERE))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).account is not None
    assert impatient.cancelled()


async def test_guesses_at_the_same_moment_are_no_more_than_one_after_the_other(
    known: OpenHouse, computed: list[str]
) -> None:
    guesses = [f"falsch {number}" for number in range(100)] + ["geheim"]
    logins = [authenticate(known.house, "10001", guess, HERE) for guess in guesses]
    assert await asyncio.gather(*logins) == [WRONG] * len(guesses)
    assert len(computed) <= known.house.settings.accounts.wrong_passwords + LOOKS - 1


async def test_an_owner_gets_in_beside_somebody_who_never_stops_guessing_from_the_same_address(
    known: OpenHouse,
) -> None:
    verified = known.house.settings.accounts.verified_seconds
    assert (await authenticate(known.house, "10001", "geheim", HERE)).account is not None
    for _ in range(20):
        for number in range(100):
            await authenticate(known.house, f"9{number}", "falsch", HERE)
        known.seconds.now += verified
        assert (await authenticate(known.house, "10001", "geheim", HERE)).account is not None


async def test_a_changed_password_acts_at_once(known: OpenHouse) -> None:
    assert (await authenticate(known.house, "10001", "geheim", HERE)).account is not None
    await accounts.set_password(known.house, "test", "10001", "neu")
    assert await authenticate(known.house, "10001", "geheim", HERE) == WRONG
    assert (await authenticate(known.house, "10001", "neu", HERE)).account is not None


async def test_the_old_password_set_again_is_computed_again(known: OpenHouse, computed: list[str]) -> None:
    await authenticate(known.house, "10001", "geheim", HERE)
    await accounts.set_password(known.house, "test", "10001", "geheim")
    assert (await authenticate(known.house, "10001", "geheim", HERE)).account is not None
    assert computed == ["geheim"] * 2


async def test_a_lock_acts_at_once_and_is_the_operations_own_business(known: OpenHouse) -> None:
    assert not (await authenticate(known.house, "10001", "geheim", HERE)).locked
    await accounts.change(known.house, "test", "10001", {"state": AccountState.LOCKED.value})
    login = await authenticate(known.house, "10001", "geheim", HERE)
    assert login.locked
    await accounts.change(known.house, "test", "10001", {"state": AccountState.ACTIVE.value})
    assert not (await authenticate(known.house, "10001", "geheim", HERE)).locked


async def test_every_change_of_the_account_acts_at_once(known: OpenHouse) -> None:
    await authenticate(known.house, "10001", "geheim", HERE)
    await accounts.change(known.house, "test", "10001", {"bulk": True, "name": "Neu"})
    login = await authenticate(known.house, "10001", "geheim", HERE)
    assert login.account is not None
    assert (login.account.bulk, login.account.name) == (True, "Neu")


async def test_after_too_many_wrong_ones_even_the_right_one_waits_and_nothing_is_computed(
    known: OpenHouse, computed: list[str]
) -> None:
    allowed = known.house.settings.accounts.wrong_passwords
    for _ in range(allowed + 5):
        assert await authenticate(known.house, "10001", "falsch", HERE) == WRONG
    assert len(computed) == allowed
    assert await authenticate(known.house, "10001", "geheim", HERE) == WRONG
    assert len(computed) == allowed
    assert (await authenticate(known.house, "10001", "geheim", ELSEWHERE)).account is not None
    known.seconds.now += known.house.settings.accounts.pause_seconds
    assert (await authenticate(known.house, "10001", "geheim", HERE)).account is not None


async def test_a_program_that_logged_in_lately_is_not_stopped_by_a_guesser_beside_it(known: OpenHouse) -> None:
    assert (await authenticate(known.house, "10001", "geheim", HERE)).account is not None
    for _ in range(known.house.settings.accounts.wrong_passwords):
        await authenticate(known.house, "10001", "falsch", HERE)
    assert (await authenticate(known.house, "10001", "geheim", HERE)).account is not None


async def test_a_database_that_is_closed_is_no_wrong_password(known: OpenHouse) -> None:
    known.house.database.close()
    with pytest.raises(DatabaseClosed):
        await authenticate(known.house, "10001", "geheim", HERE)
