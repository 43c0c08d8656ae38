"""How an account's sheets look is kept, whole, on every database."""

from functools import partial

from builders import START, rows
from depesche.model.account import Account
from depesche.model.cover import Cover
from depesche.store import covers, schema
from depesche.store.database import Database

WHOLE = Cover("data:image/png;base64," + "A" * 400_000, "Grüße\n\N{PILE OF POO}", "<p>{{text}}\n'\\" + "ä" * 99_000)


def test_an_account_without_one_has_an_empty_one(database: Database, account: Account) -> None:
    assert database.read_here(lambda connection: covers.of(connection, account.id)) == Cover()


def test_the_last_one_is_kept_and_an_empty_one_leaves_nothing(database: Database, account: Account) -> None:
    for wanted in (Cover(footer="x"), WHOLE):
        database.run_here(partial(covers.put, account_id=account.id, wanted=wanted, now=START))
        assert database.read_here(lambda connection: covers.of(connection, account.id)) == wanted
    (row,) = database.read_here(lambda connection: rows(connection, schema.cover))
    assert row["changed_at"] == START
    database.run_here(lambda connection: covers.put(connection, account.id, Cover(), START))
    assert database.read_here(lambda connection: rows(connection, schema.cover)) == []
