"""Holds: what they concern, how much they keep back, and what two of them or two people do at once."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from builders import START, add_account, rows
from depesche.model.account import Account
from depesche.model.jobtype import Channel, JobType
from depesche.store import deliveries, holds, schema, turns
from depesche.store.database import Database
from depesche.store.deliveries import Claimed
from depesche.store.holds import EVERYONE, Hold
from depesche.store.postgres import Postgres
from journeys import LEASE, OTHERS, claim_one, ordered


def states(connection: sa.Connection) -> list[str]:
    return [row["state"] for row in rows(connection, schema.delivery)]


def ready(connection: sa.Connection, account: Account, *kinds: JobType) -> None:
    for kind in kinds:
        ordered(connection, account, OTHERS[0], type=kind)
    turns.stage(connection, START, 1000)


def test_all_holds_are_told_those_of_everyone_first(database: Database) -> None:
    def work(connection: sa.Connection) -> list[Hold]:
        account = add_account(connection, "20001")
        holds.put(connection, account.id, None, START, "asked for")
        holds.put(connection, account.id, Channel.SMS, START + LEASE, "")
        holds.put(connection, EVERYONE, Channel.FAX, START, "line is down")
        holds.put(connection, EVERYONE, None, START, "")
        return holds.every(connection)

    assert database.run_here(work) == [
        Hold(EVERYONE, "", None, START, ""),
        Hold(EVERYONE, "", Channel.FAX, START, "line is down"),
        Hold(1, "20001", None, START, "asked for"),
        Hold(1, "20001", Channel.SMS, START + LEASE, ""),
    ]


@pytest.mark.parametrize(
    ("hold", "concerned"),
    [
        (Hold(EVERYONE, "", None, START, ""), [(1, "fax"), (1, "sms"), (2, "fax"), (2, "sms")]),
        (Hold(EVERYONE, "", Channel.FAX, START, ""), [(1, "fax"), (2, "fax")]),
        (Hold(1, "1", None, START, ""), [(1, "fax"), (1, "sms")]),
        (Hold(1, "1", Channel.SMS, START, ""), [(1, "sms")]),
    ],
)
def test_a_hold_concerns_an_account_a_channel_or_one_on_the_other(hold: Hold, concerned: list[tuple[int, str]]) -> None:
    every = [(account, channel) for account in (1, 2) for channel in ("fax", "sms")]
    assert [key for key in every if hold.concerns(*key)] == concerned


def test_what_is_held_is_counted_by_account_and_channel(database: Database) -> None:
    def work(connection: sa.Connection) -> dict[tuple[int, str], int]:
        for number in ("1", "2"):
            ready(connection, add_account(connection, number), JobType.FAX, JobType.SMS, JobType.SMS)
        holds.put(connection, 1, None, START, "")
        holds.put(connection, EVERYONE, Channel.SMS, START, "")
        holds.put_aside(connection, 1, None)
        holds.put_aside(connection, EVERYONE, Channel.SMS)
        return holds.held(connection)

    assert database.run_here(work) == {(1, "fax"): 1, (1, "sms"): 2, (2, "sms"): 2}


def test_what_another_hold_concerns_stays_held(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        ready(connection, account, JobType.FAX, JobType.SMS, JobType.MAIL)
        for of, channel in ((EVERYONE, None), (account.id, Channel.SMS), (EVERYONE, Channel.FAX)):
            holds.put(connection, of, channel, START, "")
            holds.put_aside(connection, of, channel)
        holds.lift(connection, EVERYONE, None)
        assert holds.take_up(connection, EVERYONE, None) == 1
        assert states(connection) == ["held", "held", "waiting"]
        holds.lift(connection, account.id, Channel.SMS)
        assert holds.take_up(connection, account.id, Channel.SMS) == 1
        assert states(connection) == ["held", "waiting", "waiting"]

    database.run_here(work)


def test_what_was_claimed_before_goes_on(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        ready(connection, account, JobType.SMS, JobType.SMS)
        claim_one(connection)
        holds.put(connection, EVERYONE, None, START, "")
        assert holds.put_aside(connection, EVERYONE, None) == 1
        assert sorted(states(connection)) == ["claimed", "held"]

    database.run_here(work)


def test_nothing_is_put_aside_when_the_hold_is_lifted_already(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        ready(connection, account, JobType.SMS)
        assert holds.put_aside(connection, EVERYONE, Channel.SMS) == 0
        assert states(connection) == ["ready"]

    database.run_here(work)


def test_many_are_moved_in_pieces(database: Database, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "AT_ONCE", 2)

    def work(connection: sa.Connection) -> None:
        ordered(connection, account, *(f"+49171{number:07}" for number in range(5)))
        turns.stage(connection, START, 10)
        holds.put(connection, account.id, None, START, "")
        assert [holds.put_aside(connection, account.id, None) for _ in range(4)] == [2, 2, 1, 0]
        holds.lift(connection, account.id, None)
        assert [holds.take_up(connection, account.id, None) for _ in range(4)] == [2, 2, 1, 0]

    database.run_here(work)


def test_what_goes_on_has_the_turn_that_it_had(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> list[int]:
        ready(connection, account, JobType.SMS)
        holds.put(connection, EVERYONE, None, START, "")
        holds.put_aside(connection, EVERYONE, None)
        holds.lift(connection, EVERYONE, None)
        ready(connection, account, JobType.SMS)
        holds.take_up(connection, EVERYONE, None)
        turns.stage(connection, START, 10)
        return [one.id for one in deliveries.claim(connection, "w1", Channel.SMS, 2, START + LEASE)]

    assert database.run_here(work) == [1, 2]


def lifted_beside(postgres: Postgres, others_work: Callable[[sa.Connection], object]) -> None:
    """The hold is lifted while somebody's transaction is open that puts a delivery aside: it goes on all the same."""
    begun, go_on = threading.Event(), threading.Event()

    def other(connection: sa.Connection) -> None:
        others_work(connection)
        begun.set()
        go_on.wait(5)

    def lift(connection: sa.Connection) -> bool:
        threading.Timer(0.2, go_on.set).start()
        return holds.lift(connection, EVERYONE, None)

    thread = threading.Thread(target=postgres.run_here, args=(other,))
    thread.start()
    begun.wait()
    assert postgres.run_here(lift)
    assert postgres.run_here(lambda connection: holds.take_up(connection, EVERYONE, None)) == 1
    thread.join()
    assert postgres.read_here(states) == ["waiting"]


def test_who_lifts_a_hold_waits_for_what_is_put_aside_at_that_moment(postgres: Postgres) -> None:
    def prepare(connection: sa.Connection) -> None:
        ordered(connection, add_account(connection))
        holds.put(connection, EVERYONE, None, START, "")

    postgres.run_here(prepare)
    lifted_beside(postgres, lambda connection: turns.stage(connection, START, 10))


def test_who_lifts_a_hold_waits_for_what_comes_back_at_that_moment(postgres: Postgres) -> None:
    def prepare(connection: sa.Connection) -> Claimed:
        ordered(connection, add_account(connection))
        turns.stage(connection, START, 10)
        claimed = claim_one(connection)
        holds.put(connection, EVERYONE, None, START, "")
        return claimed

    claimed = postgres.run_here(prepare)
    lifted_beside(postgres, lambda connection: deliveries.release(connection, claimed))
