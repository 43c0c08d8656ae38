"""Long lists: written chunk by chunk, each row once, whoever dies or wakes late; and the job is final only with all."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from builders import START, add_account, new_job, rows
from depesche.model.account import Account
from depesche.model.codes import SendJobCode
from depesche.model.job import NewJob, Sending
from depesche.model.jobtype import Channel
from depesche.model.roll import Recipient, ShortRoll
from depesche.model.tariff import Quote
from depesche.store import callbacks, deliveries, expansions, jobs, listing, progress, schema, turns
from depesche.store.database import Database
from depesche.store.expansions import Expansion
from depesche.store.postgres import Postgres
from journeys import LEASE, OK, begin_one, claim_one, expand, finish_one, listed

LATER = START + LEASE + timedelta(seconds=1)


def address(number: int) -> str:
    return f"+49171{number:07}"


BAD = Recipient("niemand", "x", int(SendJobCode.NUMBER_INVALID))


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written with the order itself."""
    monkeypatch.setattr(listing, "CHUNK", 4)


def long_job(account: Account, *recipients: Recipient, **changes: Any) -> NewJob:
    """Of ten recipients, unless others are given."""
    given = recipients or tuple(Recipient(address(number)) for number in range(10))
    return replace(new_job(account.id), roll=ShortRoll(given), **changes)


def take(connection: sa.Connection, worker: str = "w1", now: datetime = START) -> Expansion:
    one = expansions.claim(connection, worker, now, now + LEASE)
    assert one is not None
    return one


def the_rest(connection: sa.Connection, new: NewJob) -> None:
    one: Expansion | None = take(connection)
    while one is not None and not one.is_done:
        one = expand(connection, one, new)
    assert one is not None


def states(connection: sa.Connection) -> list[str]:
    return [row["state"] for row in _in_order(connection)]


def _in_order(connection: sa.Connection) -> list[dict[str, Any]]:
    return sorted(rows(connection, schema.delivery), key=lambda row: row["position"])


def the_job(connection: sa.Connection) -> dict[str, Any]:
    (job,) = rows(connection, schema.job)
    return job


def test_the_first_rows_come_with_the_order_and_the_others_behind_it(database: Database, account: Account) -> None:
    new = long_job(account, quote=Quote({"": Decimal("0.07"), "+491710000009": Decimal("0.1234")}, 13))

    def work(connection: sa.Connection) -> None:
        job = listed(connection, new)
        assert [row["position"] for row in _in_order(connection)] == [0, 1, 2, 3]
        assert (the_job(connection)["recipients"], the_job(connection)["open"]) == (10, 11)
        assert progress.standings(connection, [job])[job].listed == 6
        one = take(connection)
        assert (one.next, one.rows, one.key) == (4, 10, new_key(connection))
        one = expand(connection, one, new) or one
        assert progress.standings(connection, [job])[job].listed == 2
        assert not one.is_done
        one = expand(connection, one, new) or one
        assert one.is_done
        assert [(row["position"], row["address"], row["price"]) for row in _in_order(connection)] == [
            (number, address(number), Decimal("0.1234" if number == 9 else "0.07")) for number in range(10)
        ]
        assert {row["lane"] for row in _in_order(connection)} == {"bulk"}
        assert the_job(connection)["open"] == 10
        assert rows(connection, schema.expansion) == rows(connection, schema.document) == []
        assert progress.standings(connection, [job])[job].listed == 0
        assert expansions.claim(connection, "w1", LATER, LATER + LEASE) is None

    def new_key(connection: sa.Connection) -> str:
        (document,) = rows(connection, schema.document)
        return str(document["blob_key"])

    database.run_here(work)


def test_a_short_list_leaves_nothing_behind(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        jobs.insert(connection, new_job(account.id, *map(address, range(4))), START)
        assert rows(connection, schema.expansion) == []
        assert the_job(connection)["open"] == 4

    database.run_here(work)


def test_a_list_is_one_workers_until_its_lease_ends(database: Database, account: Account) -> None:
    new = long_job(account)

    def work(connection: sa.Connection) -> None:
        listed(connection, new)
        mine = take(connection, "w1")
        assert expansions.claim(connection, "w2", START, START + LEASE) is None
        theirs = take(connection, "w2", LATER)
        assert expand(connection, mine, new) is None, "it was taken over"
        assert len(states(connection)) == 4
        assert expand(connection, theirs, new, now=LATER) is not None
        assert len(states(connection)) == 8

    database.run_here(work)


def test_no_chunk_is_written_twice(database: Database, account: Account) -> None:
    """The answer to the first time was lost: the worker asks again, and goes on where the list is."""
    new = long_job(account)

    def work(connection: sa.Connection) -> None:
        listed(connection, new)
        one = take(connection)
        assert expand(connection, one, new) is not None
        assert expand(connection, one, new) is None
        assert len(states(connection)) == 8
        assert take(connection).next == 8, "what a worker lost sight of is its own at once"

    database.run_here(work)


def test_who_puts_a_list_down_leaves_it_to_the_next_and_lists_take_turns(database: Database, account: Account) -> None:
    new = long_job(account)

    def work(connection: sa.Connection) -> None:
        first, second = listed(connection, new), listed(connection, replace(new, order_key="another"))
        one = take(connection)
        assert one.common.job_id == first
        assert expansions.others_wait(connection, START)
        expansions.put_down(connection, one, START + timedelta(seconds=1))
        other = take(connection)
        assert other.common.job_id == second
        assert not expansions.others_wait(connection, START)
        assert expansions.others_wait(connection, START + timedelta(seconds=1))

    database.run_here(work)


def test_the_dead_hold_no_list(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        listed(connection, long_job(account))
        take(connection, "dead")
        expansions.expire_leases(connection, START)
        assert take(connection, "w1").worker == "w1"

    database.run_here(work)


def test_a_job_is_not_final_before_its_list_is_written(database: Database, account: Account) -> None:
    """All that is good stands at the front, and is sent before the bad rows behind it are written."""
    new = long_job(account, *map(Recipient, map(address, range(4))), BAD, BAD)
    new = replace(new, sending=Sending(status_url="https://kunde.example/?{JobId}"))

    def work(connection: sa.Connection) -> None:
        listed(connection, new)
        turns.stage(connection, START, 10)
        for _ in range(4):
            send_one(connection)
        assert (the_job(connection)["open"], the_job(connection)["final_at"]) == (1, None)
        assert rows(connection, schema.callback) == []
        the_rest(connection, new)
        assert (the_job(connection)["open"], the_job(connection)["final_at"]) == (0, START)
        assert states(connection) == ["sent"] * 4 + ["failed"] * 2
        (callback,) = rows(connection, schema.callback)
        assert (callback["next"], callback["last"]) == (0, 5), "the customer hears of all rows at once"

    database.run_here(work)


def send_one(connection: sa.Connection) -> None:
    claimed = claim_one(connection)
    assert begin_one(connection, claimed, START, START + LEASE)
    assert finish_one(connection, claimed, OK, START, None)


def test_a_double_behind_a_row_that_is_final_is_told_all_the_same(database: Database, account: Account) -> None:
    first = Recipient(address(0), "erste")
    new = long_job(account, first, *map(Recipient, map(address, range(1, 4))), BAD, Recipient(address(0), "zweite"))
    new = replace(new, sending=Sending(status_url="https://kunde.example/?{JobId}", tell_each=True))

    def work(connection: sa.Connection) -> None:
        job = listed(connection, new)
        turns.stage(connection, START, 10)
        send_one(connection)
        the_rest(connection, new)
        spans = [(row["next"], row["last"]) for row in rows(connection, schema.callback)]
        assert spans == [(0, 0), (4, 4), (5, 5)]
        told = callbacks.told(connection, job, 5)
        assert told is not None
        assert told.reference == "zweite"

    database.run_here(work)


def test_cancelling_stops_what_is_not_written_yet(database: Database, account: Account) -> None:
    new = long_job(account, *map(Recipient, map(address, range(7))), BAD, Recipient(address(0)))

    def work(connection: sa.Connection) -> None:
        job = listed(connection, new)
        done = deliveries.cancel(connection, job, START)
        assert (done.count, done.following) == (7, None), "four that are deliveries, three that are only on the list"
        assert the_job(connection)["final_at"] is None
        assert deliveries.cancel(connection, job, START).count == 0, "nobody is stopped twice"
        the_rest(connection, new)
        assert states(connection) == ["cancelled"] * 7 + ["failed", "same"]
        assert (the_job(connection)["open"], the_job(connection)["not_ok"]) == (0, 8)
        assert the_job(connection)["final_at"] == START

    database.run_here(work)


def test_single_orders_do_not_wait_until_a_broadcast_has_its_turns(database: Database, account: Account) -> None:
    new = long_job(account)

    def work(connection: sa.Connection) -> None:
        listed(connection, new)
        the_rest(connection, new)
        single = jobs.insert(connection, new_job(account.id, send_at=START + timedelta(seconds=1)), START)
        turns.stage(connection, LATER, 2)
        claims = deliveries.claim(connection, "w1", Channel.SMS, 3, LATER + LEASE)
        assert single in {claimed.job_id for claimed in claims}
        assert len(claims) == 3

    database.run_here(work)


def test_two_nodes_never_write_one_list_at_a_time(postgres: Postgres) -> None:
    """They ask at the same moment: each gets a list of its own."""
    account = postgres.run_here(add_account)
    new = long_job(account)
    postgres.run_here(lambda connection: [listed(connection, replace(new, order_key=key)) for key in "ab"])
    taken: list[int] = []
    together = threading.Barrier(2)

    def claim(connection: sa.Connection) -> None:
        together.wait(30)
        taken.append(take(connection, threading.current_thread().name).common.job_id)
        together.wait(30)  # both transactions are open still

    threads = [threading.Thread(target=postgres.run_here, args=(claim,), name=name) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(taken)) == 2
