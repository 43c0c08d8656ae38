"""Wrong passwords slow the guesser down, and nobody else; right ones are remembered for a while."""

import pytest

from customers import Seconds
from depesche.config import Accounts
from depesche.usecases import throttle as module
from depesche.usecases.throttle import ACCOUNT_FACTOR, ADDRESS_FACTOR, Throttle

SETTINGS = Accounts(verified_seconds=300, wrong_passwords=3, pause_seconds=60, longest_pause_seconds=900)

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def throttle(seconds: Seconds) -> Throttle:
    return Throttle(SETTINGS, seconds)


def guess(throttle: Throttle, times: int, account: str = "10001", peer: str = HERE) -> None:
    for _ in range(times):
        throttle.failed(account, peer)


# --- remembering


def test_a_right_password_is_remembered_for_a_while(throttle: Throttle, seconds: Seconds) -> None:
    assert not throttle.remembers("hash", "geheim")
    throttle.succeeded("10001", HERE, "hash", "geheim")
    assert throttle.remembers("hash", "geheim")
    seconds.now += 299.9
    assert throttle.remembers("hash", "geheim")
    seconds.now += 0.1
    assert not throttle.remembers("hash", "geheim")


def test_a_changed_hash_forgets_the_old_password(throttle: Throttle) -> None:
    throttle.succeeded("10001", HERE, "hash", "geheim")
    assert not throttle.remembers("other hash", "geheim")
    assert not throttle.remembers("hash", "Geheim")
    assert not throttle.remembers("hash\0", "geheim")


def test_nothing_is_remembered_where_the_operator_does_not_want_it(seconds: Seconds) -> None:
    throttle = Throttle(SETTINGS.model_copy(update={"verified_seconds": 0}), seconds)
    throttle.succeeded("10001", HERE, "hash", "geheim")
    assert not throttle.remembers("hash", "geheim")


def test_no_password_lies_in_memory(throttle: Throttle) -> None:
    throttle.succeeded("10001", HERE, "hash", "sehr-geheim")
    assert b"sehr-geheim" not in b"".join(throttle._verified)
    assert Throttle(SETTINGS)._mark("hash", "x") != throttle._mark("hash", "x")


# --- pausing


def test_some_wrong_ones_are_free(throttle: Throttle) -> None:
    guess(throttle, 2)
    assert not throttle.pausing("10001", HERE)
    guess(throttle, 1)
    assert throttle.pausing("10001", HERE)


def test_a_pause_ends_by_itself(throttle: Throttle, seconds: Seconds) -> None:
    guess(throttle, 3)
    seconds.now += 59.9
    assert throttle.pausing("10001", HERE)
    seconds.now += 0.1
    assert not throttle.pausing("10001", HERE)


def test_pauses_double_up_to_the_longest(throttle: Throttle, seconds: Seconds) -> None:
    lengths = []
    for _ in range(7):
        guess(throttle, 3)
        start = seconds.now
        while throttle.pausing("10001", HERE):
            seconds.now += 1
        lengths.append(seconds.now - start)
    assert lengths == [60, 120, 240, 480, 900, 900, 900]


def test_pauses_have_an_end_after_any_number_of_guesses(throttle: Throttle, seconds: Seconds) -> None:
    guess(throttle, 10_000)
    seconds.now += SETTINGS.longest_pause_seconds
    assert not throttle.pausing("10001", HERE)


def test_the_right_password_ends_the_series(throttle: Throttle, seconds: Seconds) -> None:
    guess(throttle, 3)
    seconds.now += 60
    throttle.succeeded("10001", HERE, "hash", "geheim")
    guess(throttle, 2)
    assert not throttle.pausing("10001", HERE)
    guess(throttle, 1)
    seconds.now += 60
    assert not throttle.pausing("10001", HERE)


def test_wrong_ones_long_ago_do_not_count(throttle: Throttle, seconds: Seconds) -> None:
    for _ in range(100):
        guess(throttle, 2)
        seconds.now += SETTINGS.longest_pause_seconds + 1
        assert not throttle.pausing("10001", HERE)


def test_a_guesser_who_only_waits_for_the_end_of_the_pause_is_not_forgotten(
    throttle: Throttle, seconds: Seconds
) -> None:
    for _ in range(5):
        guess(throttle, 3)
        seconds.now += SETTINGS.longest_pause_seconds + 1
    guess(throttle, 3)
    seconds.now += SETTINGS.longest_pause_seconds - 1
    assert throttle.pausing("10001", HERE)


def test_other_addresses_and_other_accounts_are_not_affected(throttle: Throttle) -> None:
    guess(throttle, 3)
    assert not throttle.pausing("10001", ELSEWHERE)
    assert not throttle.pausing("10002", HERE)


def test_an_address_that_guesses_at_many_accounts_pauses_for_all(throttle: Throttle) -> None:
    for number in range(3 * ADDRESS_FACTOR):
        assert not throttle.pausing("10001", HERE)
        throttle.failed(f"2{number:04}", HERE)
    assert throttle.pausing("10001", HERE)
    assert not throttle.pausing("10001", ELSEWHERE)


def test_an_address_that_looks_for_accounts_pauses_for_all(throttle: Throttle) -> None:
    for _ in range(3 * ADDRESS_FACTOR):
        throttle.unknown_account(HERE)
    assert throttle.pausing("10001", HERE)
    assert not throttle.pausing("10001", ELSEWHERE)


def test_an_account_guessed_at_from_many_addresses_pauses_but_for_those_its_owner_uses(throttle: Throttle) -> None:
    throttle.succeeded("10001", HERE, "hash", "geheim")
    for number in range(3 * ACCOUNT_FACTOR):
        throttle.failed("10001", f"198.51.100.{number}")
    assert throttle.pausing("10001", ELSEWHERE)
    assert not throttle.pausing("10001", HERE)
    assert not throttle.pausing("10002", ELSEWHERE)


def test_an_address_that_guesses_at_many_accounts_does_not_pause_for_an_owner_known_there(throttle: Throttle) -> None:
    throttle.succeeded("10001", HERE, "hash", "geheim")
    for _ in range(3 * ADDRESS_FACTOR):
        throttle.unknown_account(HERE)
    assert not throttle.pausing("10001", HERE)
    assert throttle.pausing("10002", HERE)


def test_a_pause_ends_even_if_the_guesser_never_stops(throttle: Throttle, seconds: Seconds) -> None:
    for _ in range(3 * ADDRESS_FACTOR):
        throttle.unknown_account(HERE)
    for _ in range(59):
        seconds.now += 1
        throttle.unknown_account(HERE)
        assert throttle.pausing("10001", HERE)
    seconds.now += 1
    assert not throttle.pausing("10001", HERE)


def test_the_names_of_accounts_and_addresses_are_not_mixed_up(throttle: Throttle) -> None:
    for _ in range(3 * ADDRESS_FACTOR):
        throttle.unknown_account("10001")
    assert not throttle.pausing("10001", HERE)


def test_the_tables_are_bounded_and_the_oldest_make_room(throttle: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 50)
    throttle.succeeded("10001", HERE, "first", "geheim")
    for number in range(200):
        throttle.succeeded(str(number), HERE, f"hash {number}", "geheim")
        throttle.failed(str(number), f"peer {number}")
    assert len(throttle._verified) == len(throttle._known) == len(throttle._guesses) == 50
    assert not throttle.remembers("first", "geheim")
    assert throttle.remembers("hash 199", "geheim")
