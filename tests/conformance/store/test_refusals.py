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


def test_the_newest_come_first_those_of_one_account_or_all(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        other = add_account(connection, "10002")
        lines = [replace(LINE, reason=str(number)) for number in range(5)]
        for whose, line in zip((account.id, other.id, None, account.id, None), lines, strict=True):
            refusals.write(connection, whose, line)
        assert [line.reason for line in refusals.newest(connection, None, 10)] == ["4", "3", "2", "1", "0"]
        assert [line.reason for line in refusals.newest(connection, account.id, 10)] == ["3", "0"]
        assert refusals.newest(connection, account.id, 1) == [lines[3]]

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
