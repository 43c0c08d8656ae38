"""Judged recipients, in memory and on disk: one suite for both, and no order in which they differ."""

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depesche.model.roll import Entry, Recipient, Roll, ShortRoll
from depesche.store.roll import LongRoll, kept

A, B = Recipient("+491713920000", "a"), Recipient("+491713920003", "b")
BAD = Recipient("0900 1", "bad", code=45)

Make = Callable[[Sequence[Recipient]], Roll]


@pytest.fixture(params=["short", "long"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    opened: list[LongRoll] = []

    def long(recipients: Sequence[Recipient]) -> LongRoll:
        roll = LongRoll(tmp_path / f"{len(opened)}.db")
        opened.append(roll)
        for start in range(0, len(recipients), 2):
            roll.extend(recipients[start : start + 2])
        return roll

    yield (lambda recipients: ShortRoll(tuple(recipients))) if request.param == "short" else long
    for roll in opened:
        roll.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("recipients", "good", "bad", "same_as"),
    [
        ([], 0, 0, []),
        ([A], 1, 0, [None]),
        ([BAD], 0, 1, [None]),
        ([A, B], 2, 0, [None, None]),
        ([A, Recipient(A.address, "again")], 1, 0, [None, 0]),
        ([B, A, BAD, A, B, A], 2, 1, [None, None, None, 1, 0, 1]),
        ([BAD, BAD, A], 1, 2, [None, None, None]),
        ([Recipient(A.address, "bad", code=9), A, A], 1, 1, [None, None, 1]),
        ([Recipient("", ""), Recipient("", "second")], 1, 0, [None, 0]),
    ],
)
def test_rows_are_counted_and_doubles_point_at_the_first_good_one(
    make: Make, recipients: list[Recipient], good: int, bad: int, same_as: list[int | None]
) -> None:
    roll = make(recipients)
    assert (roll.rows, roll.good, roll.bad) == (len(recipients), good, bad)
    assert roll.first == (recipients[0] if recipients else None)
    whole = [Entry(*row) for row in zip(itertools.count(), recipients, same_as, strict=False)]
    assert list(roll.entries(0, len(recipients))) == whole
    assert list(roll.entries(0, 100)) == whole, "it can be read again and again"
    assert list(roll.entries(1, 2)) == whole[1:3]
    assert list(roll.entries(len(recipients), 5)) == []


def test_the_addresses_are_the_good_ones_each_once(make: Make) -> None:
    roll = make([B, BAD, A, A, B])
    assert sorted(roll.addresses()) == sorted([A.address, B.address])


def test_a_long_roll_takes_no_file_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "roll.db"
    path.write_bytes(b"something else, and longer than a page" * 100)
    with pytest.raises(sqlite3.Error):
        LongRoll(path)


def test_a_long_roll_is_of_no_use_after_its_context(tmp_path: Path) -> None:
    with LongRoll(tmp_path / "roll.db") as roll:
        roll.extend([A])
    with pytest.raises(sqlite3.Error):
        list(roll.entries(0, 1))


ROWS = st.lists(
    st.builds(
        Recipient,
        st.sampled_from(["+491", "+492", "+493", "x\0y", "ä", ""]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
        st.sampled_from([0, 0, 0, 47, -5]),
    ),
    max_size=12,
)


@given(ROWS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_on_disk_it_is_what_it_would_be_in_memory(tmp_path: Path, recipients: list[Recipient]) -> None:
    short = ShortRoll(tuple(recipients))
    path = tmp_path / "roll.db"
    with LongRoll(path) as long:
        for start in range(0, len(recipients), 5):
            long.extend(recipients[start : start + 5])
        assert (long.rows, long.good, long.bad, long.first) == (short.rows, short.good, short.bad, short.first)
        assert list(long.entries(0, 99)) == list(short.entries(0, 99))
        assert kept(path, 3, 4) == list(short.entries(3, 4))
        assert sorted(long.addresses()) == sorted(short.addresses())
    path.unlink()
