"""How an attempt ends, and with it the delivery and the job; or a customer ends it."""

import json
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from builders import MOBILE, START, Clock, add_account, rows
from depesche.model.account import Account
from depesche.model.callrecord import CallRecord, PageAnswer, Prints, Stamp
from depesche.model.jobtype import Channel, JobType
from depesche.model.outcome import Outcome
from depesche.model.resolution import Resolution
from depesche.model.result import Result
from depesche.model.roll import Recipient, ShortRoll
from depesche.model.states import State
from depesche.store import deliveries, schema, turns
from depesche.store.database import Database
from depesche.store.deliveries import Cancelled
from journeys import (
    BUSY,
    LATER,
    LEASE,
    OK,
    OTHERS,
    WAYS,
    begin_one,
    begun,
    claim_one,
    events,
    finish_one,
    only,
    ordered,
)

CALL = CallRecord(
    line="office",
    t38=True,
    taken=True,
    begun=True,
    stamp=Stamp(START, "Firma", "", "+493023125100", Prints(2, "a" * 64, "b" * 64, Resolution.SUPERFINE)),
    answers=(
        PageAnswer("MCF", True, 14400, "MMR", True, 4572, 40_000, 1),
        PageAnswer("RTN", False, 9600, "MH", False, 9, 8, 0),
    ),
)


def test_what_is_kept_of_a_call_is_what_it_was() -> None:
    assert CallRecord.of_json(json.loads(json.dumps(CALL.as_json()))) == CALL


def test_an_attempt_is_on_the_record_with_all_that_is_known(database: Database, account: Account, clock: Clock) -> None:
    outcome = Outcome(
        Result.OK,
        pages=2,
        remote_id="FAX 1",
        seconds=61,
        bit_rate=14400,
        coding="MMR",
        ecm=True,
        bad_rows=(0, 3),
        detail="phase E",
        call=CALL,
    )

    def send(connection: sa.Connection) -> None:
        WAYS[State.READY](connection, account)
        claimed = begun(connection)
        assert finish_one(connection, claimed, outcome, clock.forward(seconds=70), None)

    database.run_here(send)
    assert database.read_here(lambda connection: rows(connection, schema.attempt)) == [
        {
            "delivery_id": 1,
            "number": 1,
            "worker": "w1",
            "sending_at": START,
            "ended_at": clock(),
            "result": "OK",
            "pages": 2,
            "remote_id": "FAX 1",
            "seconds": 61,
            "bit_rate": 14400,
            "coding": "MMR",
            "ecm": True,
            "bad_rows": [0, 3],
            "detail": "phase E",
            "call": CALL.as_json(),
        }
    ]
    row = database.read_here(only)
    assert row["state"] == "sent"
    assert (row["result"], row["pages"], row["remote_id"], row["seconds"]) == ("OK", 2, "FAX 1", 61)
    assert row["attempted_at"] == row["finished_at"] == clock()
    assert row["due_at"] is None
    assert database.read_here(events) == [("job.accepted", None), ("delivery.final", 1)]


def test_a_retry_waits_for_its_time_and_keeps_its_turn(database: Database, account: Account) -> None:
    def fail(connection: sa.Connection) -> None:
        WAYS[State.READY](connection, account)
        turn = only(connection)["turn"]
        for number in range(1, 4):
            again = START + LATER * number
            finish_one(connection, begun(connection, now=again - LATER), BUSY, again - LATER, again)
            row = only(connection)
            assert (row["state"], row["due_at"], row["result"], row["attempts"]) == ("waiting", again, None, number)
            assert row["finished_at"] is None
            assert not turns.stage(connection, again - timedelta(microseconds=1), 10)
            assert turns.stage(connection, again, 10) == {"sms": 1}
            assert only(connection)["turn"] == turn

    database.run_here(fail)
    assert [row["number"] for row in database.read_here(lambda c: rows(c, schema.attempt))] == [1, 2, 3]
    assert database.read_here(events) == [("job.accepted", None)]


def test_an_older_retry_goes_before_what_was_ordered_since(database: Database, account: Account) -> None:
    def fail(connection: sa.Connection) -> list[str]:
        WAYS[State.READY](connection, account)
        finish_one(connection, begun(connection), BUSY, START, START + LATER)
        ordered(connection, account, *OTHERS)
        turns.stage(connection, START, 10)
        turns.stage(connection, START + LATER, 10)
        return [claim_one(connection).address for _ in range(4)]

    assert database.run_here(fail) == [MOBILE, *OTHERS]


def test_success_is_success_even_where_a_retry_was_planned(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> None:
        WAYS[State.READY](connection, account)
        assert finish_one(connection, begun(connection), OK, START, START + LATER)

    database.run_here(send)
    row = database.read_here(only)
    assert (row["state"], row["result"], row["due_at"]) == ("sent", "OK", None)


def test_cancelling_stops_all_that_is_not_on_the_line_and_flags_what_is(database: Database, account: Account) -> None:
    def cancel(connection: sa.Connection) -> None:
        job = ordered(connection, account, MOBILE, *OTHERS, type=JobType.FAX)
        turns.stage(connection, START, 10)
        sending, claimed = begun(connection, channel=Channel.FAX), claim_one(connection, channel=Channel.FAX)
        assert deliveries.cancel(connection, job, START + LATER) == Cancelled(4, 1, None)
        assert not begin_one(connection, claimed, START, START + LEASE)
        found = {row["id"]: row for row in rows(connection, schema.delivery)}
        assert [row["state"] for row in found.values()] == ["sending", "cancelled", "cancelled", "cancelled"]
        assert [row["result"] for row in found.values()] == [None, "CANCELED", "CANCELED", "CANCELED"]
        assert [row["finished_at"] for row in found.values()] == [None, *[START + LATER] * 3]
        assert deliveries.renew(connection, "w1", [sending.id, claimed.id], START + LEASE) == {sending.id}
        assert deliveries.cancel(connection, job, START + LATER) == Cancelled(1, 1, None)

    database.run_here(cancel)
    assert database.read_here(events) == [("job.accepted", None), *[("delivery.final", number) for number in (2, 3, 4)]]
    (job,) = database.read_here(lambda connection: rows(connection, schema.job))
    assert (job["open"], job["not_ok"], job["final_at"]) == (1, 3, None)


@pytest.mark.parametrize(
    ("outcome", "state", "result"),
    [(OK, "sent", "OK"), (BUSY, "failed", "BUSY"), (Outcome(Result.SEND_FAILED, retry=True), "failed", "SENDFAIL")],
)
def test_a_call_that_was_ended_has_the_result_that_really_happened_and_no_retry(
    database: Database, account: Account, outcome: Outcome, state: str, result: str
) -> None:
    def cancel(connection: sa.Connection) -> None:
        WAYS[State.READY](connection, account)
        claimed = begun(connection)
        deliveries.cancel(connection, claimed.job_id, START)
        assert finish_one(connection, claimed, outcome, START, START + LATER)

    database.run_here(cancel)
    row = database.read_here(only)
    assert (row["state"], row["result"], row["due_at"]) == (state, result, None)


@pytest.mark.parametrize("kind", JobType)
def test_only_a_call_counts_as_stopped_while_it_is_under_way_but_nothing_is_tried_again(
    database: Database, account: Account, kind: JobType
) -> None:
    def cancel(connection: sa.Connection) -> None:
        job = ordered(connection, account, type=kind)
        turns.stage(connection, START, 10)
        claimed = begun(connection, channel=kind.channel)
        assert deliveries.cancel(connection, job, START) == Cancelled(1 if kind is JobType.FAX else 0, 1, None)
        assert deliveries.renew(connection, "w1", [claimed.id], START + LEASE) == {claimed.id}
        assert finish_one(connection, claimed, BUSY, START, START + LATER)

    database.run_here(cancel)
    assert database.read_here(only)["state"] == "failed"


def test_who_decides_to_send_again_overrules_a_cancellation(database: Database, account: Account) -> None:
    def decide(connection: sa.Connection, *, overrule: bool) -> tuple[str, bool]:
        job = ordered(connection, account)
        turns.stage(connection, START, 1)
        lost = begun(connection)
        deliveries.cancel(connection, job, START)
        deliveries.rescue(connection, START + LEASE + LEASE)
        assert deliveries.settle(connection, lost.id, 1, BUSY, START, START + LATER, overrule=overrule)
        row = rows(connection, schema.delivery)[-1]
        return row["state"], row["cancel_requested"]

    assert database.run_here(lambda connection: decide(connection, overrule=False)) == ("failed", True)
    assert database.run_here(lambda connection: decide(connection, overrule=True)) == ("waiting", False)


def test_an_outcome_is_written_however_garbled_the_far_sides_words_are(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> None:
        WAYS[State.READY](connection, account)
        garbled = Outcome(Result.OK, remote_id="FAX \udce4", detail="250 \udcfcbernommen\0")
        assert finish_one(connection, begun(connection), garbled, START, None)

    database.run_here(send)
    assert database.read_here(only)["remote_id"] == "FAX ?"
    (attempt,) = database.read_here(lambda connection: rows(connection, schema.attempt))
    assert (attempt["remote_id"], attempt["detail"]) == ("FAX ?", "250 ?bernommen?")


@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.CANCELLED, State.UNKNOWN])
def test_there_is_nothing_to_cancel_any_more(database: Database, account: Account, state: State) -> None:
    def cancel(connection: sa.Connection) -> Cancelled:
        WAYS[state](connection, account)
        return deliveries.cancel(connection, only(connection)["job_id"], START)

    assert database.run_here(cancel) == Cancelled(0, 0, None)


def test_a_job_is_cancelled_part_by_part_while_workers_take_what_is_left(database: Database, account: Account) -> None:
    def states(connection: sa.Connection, job: int) -> list[str]:
        found = [row for row in rows(connection, schema.delivery) if row["job_id"] == job]
        return [row["state"] + "!" * row["cancel_requested"] for row in found]

    def cancel(connection: sa.Connection) -> None:
        other = ordered(connection, account, "+493023125000", type=JobType.FAX)
        turns.stage(connection, START, 1)
        begun(connection, channel=Channel.FAX)
        job = ordered(connection, account, *(f"+49171392000{number}" for number in range(8)), type=JobType.FAX)
        turns.stage(connection, START, 7)
        for _ in range(4):
            begun(connection, channel=Channel.FAX)
        assert states(connection, job) == [*["sending"] * 4, *["ready"] * 3, "waiting"]

        assert deliveries.cancel(connection, job, START, 0, 3) == Cancelled(4, 4, 3)
        assert states(connection, job) == [*["sending!"] * 4, *["ready"] * 3, "waiting"]
        assert begun(connection, channel=Channel.FAX).job_id == job
        claimed = claim_one(connection, channel=Channel.FAX)
        assert deliveries.cancel(connection, job, START, 3, 3) == Cancelled(2, 1, 6)
        assert not begin_one(connection, claimed, START, START + LEASE)
        assert states(connection, job) == [*["sending!"] * 5, "cancelled", "ready", "waiting"]

        assert deliveries.cancel(connection, job, START) == Cancelled(7, 5, None)  # somebody asks once more
        assert deliveries.cancel(connection, job, START, 6, 3) == Cancelled(0, 0, None)
        assert states(connection, job) == [*["sending!"] * 5, *["cancelled"] * 3]
        assert states(connection, other) == ["sending"]

    database.run_here(cancel)
    ended = [delivery for kind, delivery in database.read_here(events) if kind == "delivery.final"]
    assert ended == [7, 8, 9]


def test_cancelling_one_job_leaves_the_others(database: Database, account: Account) -> None:
    def cancel(connection: sa.Connection) -> list[str]:
        first, _ = ordered(connection, account), ordered(connection, account)
        deliveries.cancel(connection, first, START)
        return [row["state"] for row in rows(connection, schema.delivery)]

    assert database.run_here(cancel) == ["cancelled", "waiting"]


def test_the_job_is_final_with_its_last_recipient_whatever_ended_the_others(
    database: Database, account: Account, clock: Clock
) -> None:
    def end_one_by_one(connection: sa.Connection) -> list[tuple[int, int, datetime | None]]:
        recipients = (*map(Recipient, (MOBILE, *OTHERS)), Recipient("bad", code=47), Recipient(MOBILE, "again"))
        job = ordered(connection, account, roll=ShortRoll(recipients))
        turns.stage(connection, START, 10)
        seen = []

        def look() -> None:
            (row,) = rows(connection, schema.job)
            seen.append((row["open"], row["not_ok"], row["final_at"]))

        look()
        for outcome in (OK, BUSY):
            finish_one(connection, begun(connection, now=clock()), outcome, clock.forward(minutes=1), None)
            look()
        last = begun(connection, now=clock())
        deliveries.cancel(connection, job, clock.forward(minutes=1))
        look()
        finish_one(connection, last, OK, clock.forward(minutes=1), None)
        look()
        return seen

    end = START + timedelta(minutes=4)
    assert database.run_here(end_one_by_one) == [(4, 1, None), (3, 1, None), (2, 2, None), (1, 3, None), (0, 3, end)]


def test_two_accounts_do_not_mix(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> list[tuple[str, bool]]:
        other = add_account(connection, "10002", sandbox=False)
        ordered(connection, account)
        ordered(connection, other)
        turns.stage(connection, START, 10)
        claimed = deliveries.claim(connection, "w1", Channel.SMS, 5, START + LEASE)
        return [(one.account_number, one.sandbox) for one in claimed]

    assert database.run_here(send) == [("10001", True), ("10002", False)]
