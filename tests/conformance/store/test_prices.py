"""Price lists, as they are kept."""

from decimal import Decimal

import sqlalchemy as sa

from builders import add_account
from depesche.model.jobtype import JobType
from depesche.model.tariff import Price
from depesche.store import accounts, prices
from depesche.store.database import Database

LINES = (
    Price(JobType.FAX, "", Decimal("0.10"), Decimal("0.2")),
    Price(JobType.FAX, "+49", Decimal(0), Decimal("0.0795")),
    Price(JobType.SMS, "", Decimal(0), Decimal("0.09")),
)


def test_a_list_is_given_back_to_the_ten_thousandth(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        prices.replace(connection, "gold", reversed(LINES))
        assert prices.lines(connection, "gold") == list(LINES)
        assert prices.of_type(connection, "gold", JobType.SMS) == [LINES[2]]
        assert sorted(prices.of_type(connection, "gold", JobType.FAX), key=lambda line: line.prefix) == list(LINES[:2])
        assert prices.of_type(connection, "gold", JobType.MAIL) == []

    database.run_here(work)


def test_a_new_list_takes_the_place_of_the_old_one_and_of_no_other(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        prices.replace(connection, "gold", LINES)
        prices.replace(connection, "silver", LINES[:1])
        prices.replace(connection, "gold", LINES[2:])
        assert prices.lines(connection, "gold") == [LINES[2]]
        assert prices.lines(connection, "silver") == [LINES[0]]
        assert prices.names(connection) == ["gold", "silver"]
        prices.replace(connection, "gold", ())
        assert prices.names(connection) == ["silver"]

    database.run_here(work)


def test_an_account_knows_whether_its_list_has_lines(database: Database) -> None:
    def work(connection: sa.Connection) -> list[bool]:
        seen = []
        add_account(connection, "10001", tariff="gold")
        for lines in ((), LINES, ()):
            prices.replace(connection, "gold", lines)
            found = accounts.by_number(connection, "10001")
            assert found is not None
            seen.append(found.has_prices)
        return seen

    assert database.run_here(work) == [False, True, False]
