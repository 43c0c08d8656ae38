"""Claims, in the order of their turns, and the leases that they come with."""

from datetime import timedelta

import sqlalchemy as sa

from builders import MOBILE, START, Clock, everything, rows
from depesche.model.account import Account
from depesche.model.job import Sending
from depesche.model.jobtype import Channel, JobType
from depesche.model.states import State
from depesche.store import deliveries, schema, turns
from depesche.store.database import Database
from depesche.store.deliveries import Claimed
from journeys import BUSY, LEASE, OTHERS, WAYS, begun, claim_one, events, finish_one, only, ordered


def test_a_claim_has_all_that_the_attempt_needs(database: Database, account: Account) -> None:
    sending = Sending("Muster", "Kopf", "+4940123", "Muster GmbH", "Betreff", flash=True, status_url="http://x.de/")

    def claim(connection: sa.Connection) -> int:
        job = ordered(connection, account, text="Grüße", sending=sending, repeats=7, pages=2)
        turns.stage(connection, START, 10)
        assert deliveries.claim(connection, "w1", Channel.SMS, 5, START + LEASE) == [
            Claimed(
                id=only(connection)["id"],
                job_id=job,
                worker="w1",
                fence=1,
                attempts=0,
                account_number="10001",
                sandbox=True,
                type=JobType.SMS,
                address=MOBILE,
                text="Grüße",
                sending=sending,
                repeats=7,
                pages=2,
            )
        ]
        return job

    database.run_here(claim)
    assert database.read_here(only)["lease_until"] == START + LEASE


def test_a_claim_takes_so_many_of_its_channel_and_no_more(database: Database, account: Account) -> None:
    def claim(connection: sa.Connection) -> None:
        ordered(connection, account, MOBILE, *OTHERS)
        ordered(connection, account, "+493023125000", type=JobType.FAX)
        turns.stage(connection, START, 10)
        lease = START + LEASE
        first = deliveries.claim(connection, "w1", Channel.SMS, 3, lease)
        second = deliveries.claim(connection, "w2", Channel.SMS, 3, lease)
        assert [one.address for one in first + second] == [MOBILE, *OTHERS]
        assert deliveries.claim(connection, "w3", Channel.SMS, 3, lease) == []
        assert [one.address for one in deliveries.claim(connection, "w3", Channel.FAX, 3, lease)] == ["+493023125000"]

    database.run_here(claim)


def test_the_first_ordered_is_claimed_first(database: Database, account: Account) -> None:
    def claim(connection: sa.Connection) -> list[str]:
        for number in (MOBILE, *OTHERS):
            ordered(connection, account, number)
        turns.stage(connection, START, 10)
        return [claim_one(connection).address for _ in range(4)]

    assert database.run_here(claim) == [MOBILE, *OTHERS]


def test_a_lease_ends_only_when_its_time_is_past(database: Database, account: Account) -> None:
    def look(connection: sa.Connection) -> None:
        WAYS[State.CLAIMED](connection, account)
        before = everything(connection)
        assert deliveries.rescue(connection, START + LEASE) == (0, 0)
        assert everything(connection) == before
        assert deliveries.rescue(connection, START + LEASE + timedelta(microseconds=1)) == (1, 0)

    database.run_here(look)


def test_a_lost_attempt_is_told(database: Database, account: Account) -> None:
    def lose(connection: sa.Connection) -> tuple[int, int]:
        WAYS[State.SENDING](connection, account)
        return deliveries.rescue(connection, START + LEASE + LEASE)

    assert database.run_here(lose) == (0, 1)
    delivery = database.read_here(only)["id"]
    assert database.read_here(events) == [("job.accepted", None), ("delivery.unknown", delivery)]


def test_a_lost_attempt_is_described_for_whoever_asks_the_far_side(
    database: Database, account: Account, clock: Clock
) -> None:
    def lose(connection: sa.Connection) -> list[deliveries.Lost]:
        ordered(connection, account, pages=3, repeats=5)
        turns.stage(connection, START, 10)
        finish_one(connection, begun(connection), BUSY, START, START)
        turns.stage(connection, clock.forward(minutes=1), 10)
        begun(connection, now=clock())
        deliveries.rescue(connection, clock() + LEASE + LEASE)
        return deliveries.unknown(connection, 0, 10)

    assert database.run_here(lose) == [
        deliveries.Lost(
            id=1,
            job_id=1,
            attempts=2,
            worker="w1",
            sandbox=True,
            type=JobType.SMS,
            address=MOBILE,
            repeats=5,
            sending_at=clock(),
            pages=3,
        )
    ]


def test_lost_attempts_are_listed_page_by_page(database: Database, account: Account) -> None:
    def lose(connection: sa.Connection) -> list[list[int]]:
        ordered(connection, account, MOBILE, *OTHERS)
        turns.stage(connection, START, 10)
        for _ in range(3):
            begun(connection)
        deliveries.rescue(connection, START + LEASE + LEASE)
        pages = [deliveries.unknown(connection, after, 2) for after in (0, 2, 3)]
        return [[lost.id for lost in page] for page in pages]

    assert database.run_here(lose) == [[1, 2], [3], []]


def test_leases_of_what_runs_are_kept(database: Database, account: Account) -> None:
    def renew(connection: sa.Connection) -> None:
        ordered(connection, account, MOBILE, *OTHERS)
        turns.stage(connection, START, 10)
        mine, kept, foreign = begun(connection), claim_one(connection), begun(connection, "w2")
        until = START + LEASE * 3
        assert deliveries.renew(connection, "w1", [mine.id, kept.id, foreign.id], until) == set()
        leases = {row["id"]: row["lease_until"] for row in rows(connection, schema.delivery)}
        assert leases == {mine.id: until, kept.id: until, foreign.id: START + LEASE, 4: None}

    database.run_here(renew)


def test_when_all_workers_are_known_to_be_dead_every_lease_ends_at_once(database: Database, account: Account) -> None:
    def start_again(connection: sa.Connection) -> None:
        ordered(connection, account, MOBILE, *OTHERS)
        turns.stage(connection, START, 10)
        claim_one(connection)
        begun(connection)
        deliveries.expire_leases(connection, START + timedelta(seconds=1))
        assert deliveries.rescue(connection, START + timedelta(seconds=2)) == (1, 1)
        states = [row["state"] for row in rows(connection, schema.delivery)]
        assert states == ["ready", "unknown", "ready", "ready"]

    database.run_here(start_again)


def test_a_lease_that_is_over_does_not_begin_anew_with_the_process(database: Database, account: Account) -> None:
    def start_again(connection: sa.Connection) -> None:
        WAYS[State.SENDING](connection, account)
        deliveries.expire_leases(connection, START + LEASE * 9)
        assert only(connection)["lease_until"] == START + LEASE

    database.run_here(start_again)
