"""Few recipients, judged. What holds for many as well is in tests/conformance/store/test_roll.py."""

from depesche.model.roll import Entry, Recipient, ShortRoll

A, B, BAD = Recipient("+491", "a"), Recipient("+492", "b"), Recipient("+491", "bad", code=9)


def test_addresses_come_in_the_order_given() -> None:
    assert list(ShortRoll((B, BAD, A, B)).addresses()) == ["+492", "+491"]


def test_a_bad_row_is_nobodys_double() -> None:
    assert list(ShortRoll((BAD, BAD, A, A)).entries(0, 9)) == [
        Entry(0, BAD, None),
        Entry(1, BAD, None),
        Entry(2, A, None),
        Entry(3, A, 2),
    ]


def test_without_rows_there_is_no_first_one() -> None:
    nobody = ShortRoll(())
    assert (nobody.rows, nobody.good, nobody.bad, nobody.first) == (0, 0, 0, None)
