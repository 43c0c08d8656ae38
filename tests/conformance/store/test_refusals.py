"""The lines that refused orders leave."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from builders import START, add_account
from depesche.model.account import Account
from depesche.model.rules import Rule
from depesche.store import refusals
from depesche.store.database import Database
from depesche.store.refusals import LONGEST_REASON, Refusal

LINE = Refusal(START, "10001", Rule.DOUBLE, "the same order is job 7")


def test_the_newest_come_first_those_who_named_one_account_or_all(database: Database, account: Account) -> None:
    """Whoever guesses at a password of the account names it as well, and is nobody."""

    def work(connection: sa.Connection) -> None:
        other = add_account(connection, "10002")
        named = ((account.id, "10001"), (other.id, "10002"), (None, "99999"), (None, "10001"), (account.id, "10001"))
        lines = [replace(LINE, account=number, reason=str(place)) for place, (_, number) in enumerate(named)]
        for (whose, _), line in zip(named, lines, strict=True):
            refusals.write(connection, whose, line)
        assert [line.reason for line in refusals.newest(connection, None, 10)] == ["4", "3", "2", "1", "0"]
        assert [line.reason for line in refusals.newest(connection, "10001", 10)] == ["4", "3", "0"]
        assert refusals.newest(connection, "10001", 1) == [lines[4]]
        assert refusals.newest(connection, "1000", 1) == []

    database.run_here(work)


def test_what_a_stranger_says_is_cut(database: Database) -> None:
    def work(connection: sa.Connection) -> Refusal:
        refusals.write(connection, None, replace(LINE, account="9" * 1000, reason="x" * 1000))
        return refusals.newest(connection, None, 1)[0]

    written = database.run_here(work)
    assert (written.account, written.reason) == ("9" * 64, "x" * LONGEST_REASON)


def test_the_oldest_make_room(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST", 3)

    def work(connection: sa.Connection) -> list[str]:
        for number in range(10):
            refusals.write(connection, None, replace(LINE, reason=str(number)))
        return [line.reason for line in refusals.newest(connection, None, 100)]

    assert database.run_here(work) == ["9", "8", "7"]
