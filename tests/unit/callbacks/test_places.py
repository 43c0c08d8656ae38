"""Who may be called how often at once."""

from datetime import timedelta

import pytest

from builders import START
from depesche.callbacks.caller import Called
from depesche.callbacks.places import LONGEST_WAIT, REMEMBERED, SHORTEST_STEP, Places
from depesche.store.callbacks import Callback

OK = Called(200)
SILENT = Called(failure="no answer within 10 seconds")


def one(host: str = "a.de", account: int = 1) -> Callback:
    url = f"http://{host}/?id=$JID"
    return Callback(1, 1, account, 0, lease=START, since=START, attempts=0, url=url)


def taken(places: Places, *wanted: Callback) -> list[bool]:
    return [places.take(callback) for callback in wanted]


def test_a_host_has_a_quarter_of_the_places() -> None:
    places = Places(16)
    assert taken(places, *(one(account=account) for account in range(6))) == [True] * 4 + [False] * 2
    assert places.take(one("b.de", account=9))
    places.give(one(account=0))
    assert taken(places, one(account=7), one(account=8)) == [True, False]


def test_an_account_has_half_of_the_places_however_many_hosts_it_names() -> None:
    places = Places(16)
    assert taken(places, *(one(f"{number}.a.de") for number in range(10))) == [True] * 8 + [False] * 2
    assert places.take(one("b.de", account=2))
    places.give(one("0.a.de"))
    assert taken(places, one("x.a.de"), one("y.a.de")) == [True, False]


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_with_few_places_each_has_one_at_least(at_once: int) -> None:
    places = Places(at_once)
    assert taken(places, one(), one()) == [True, False]
    assert places.take(one("b.de", account=2))


def test_a_host_is_the_same_however_its_address_is_written() -> None:
    places = Places(4)
    assert places.take(one("A.de", account=1))
    assert taken(places, one("a.DE:8080", account=2), one("a.de/x", account=3)) == [False, False]


def test_what_cannot_be_called_at_all_has_places_of_its_own() -> None:
    places = Places(4)
    assert taken(places, one("a b:x", 1), one("u@c", 2), one("a.de", 3)) == [True, False, True]


def test_a_host_that_does_not_answer_has_one_place_until_it_does() -> None:
    places = Places(16)
    places.learn(one(), SILENT, 10)
    assert taken(places, one(account=1), one(account=2)) == [True, False]
    places.learn(one(), Called(500, "answered 500"), 0.01)
    assert taken(places, one(account=3), one(account=4), one(account=5), one(account=6)) == [True] * 3 + [False]


def test_who_finds_no_place_queues_at_the_pace_of_the_host() -> None:
    places = Places(16)
    for _ in range(100):
        places.learn(one(), OK, 2.0)
    waits = [places.come_back(one(), START) - START for _ in range(4)]
    for number, wait in enumerate(waits, start=1):
        assert abs(wait - timedelta(seconds=number * 2.0 / 4)) < timedelta(milliseconds=1)
    later = START + timedelta(seconds=30)
    assert places.come_back(one(), later) - later < timedelta(seconds=1)  # the queue has moved on


def test_nobody_waits_for_ever_and_nobody_comes_back_at_once() -> None:
    places = Places(4)
    places.learn(one("slow.de"), SILENT, 3600)
    for _ in range(100):
        places.learn(one("quick.de"), OK, 0)
    assert places.come_back(one("slow.de"), START) == START + LONGEST_WAIT
    assert places.come_back(one("slow.de"), START) == START + LONGEST_WAIT
    assert places.come_back(one("quick.de"), START) == START + SHORTEST_STEP


def test_who_finds_its_account_full_queues_at_the_pace_of_the_account() -> None:
    places = Places(16)
    assert all(taken(places, *(one(f"{number}.a.de") for number in range(8))))
    for _ in range(100):
        places.learn(one("0.a.de"), OK, 4.0)
    assert not places.take(one("new.de"))
    waits = [places.come_back(one(f"{number}.new.de"), START) - START for number in range(4)]
    for number, wait in enumerate(waits, start=1):
        assert abs(wait - timedelta(seconds=number * 4.0 / 8)) < timedelta(milliseconds=1)
    assert places.come_back(one("other.de", account=2), START) - START < timedelta(seconds=0.1)
    places.give(one("0.a.de"))
    assert places.come_back(one("another.de"), START) - START < timedelta(seconds=0.1)


def test_while_nothing_ends_those_who_wait_come_back_ever_more_rarely() -> None:
    places = Places(16)
    assert all(taken(places, *(one(f"{number}.a.de") for number in range(8))))
    now, asked = START, 0
    while now < START + timedelta(seconds=30):
        now, asked = places.come_back(one(f"{asked}.new.de"), now), asked + 1
    assert asked < 80
    places.give(one("0.a.de"))
    assert places.take(one("x.de"))
    assert places.come_back(one("y.de"), now + LONGEST_WAIT) - (now + LONGEST_WAIT) < timedelta(seconds=0.1)


def test_of_very_many_hosts_those_are_forgotten_that_nobody_calls() -> None:
    places = Places(8)
    assert taken(places, one("busy.de", 1), one("busy.de", 2)) == [True, True]
    places.learn(one("ailing.de"), SILENT, 1)
    for number in range(2 * REMEMBERED):
        callback = one(f"{number}.de", account=number + 10)
        assert places.take(callback)
        places.give(callback)
    assert len(places._hosts) <= REMEMBERED
    assert len(places._accounts) == 2
    assert not places.take(one("busy.de", 3))
    assert taken(places, one("ailing.de", 4), one("ailing.de", 5)) == [True, True]
