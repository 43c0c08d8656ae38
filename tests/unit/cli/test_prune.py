"""`depesche prune`, and how long an account keeps what is its own."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from builders import rows
from commands import Depesche
from depesche.model.rules import Rule
from depesche.store import refusals, schema
from depesche.store.refusals import Refusal
from depesche.store.sqlite import Sqlite


@pytest.fixture
def data(quick: Depesche, tmp_path: Path) -> Path:
    """A folder with an account, and an old refusal."""
    assert quick("account", "add", "20001", "--name", "Praxis", "--sandbox", "--generate").returncode == 0
    old = Refusal(datetime.now(UTC) - timedelta(days=91), "20001", Rule.NO_RECIPIENT, "")
    with closing(Sqlite(tmp_path / "data" / "depesche.db")) as database:
        database.run_here(partial(refusals.write, account_id=None, new=old))
    return tmp_path / "data"


def audited(data: Path) -> list[tuple[str, Any]]:
    with closing(Sqlite(data / "depesche.db")) as database:
        return [(row["action"], row["data"]) for row in database.read_here(partial(rows, table=schema.audit))[1:]]


KINDS = (
    *("documents", "deleted_faxes", "kept_faxes", "jobs", "fax_records"),
    *("refusals", "daily_sums", "ledger_lines", "audit_lines"),
)


def test_what_would_go_is_told_and_left(quick: Depesche, data: Path) -> None:
    for _ in range(2):
        done = quick("prune", "--dry-run", "--json")
        assert json.loads(done.stdout) == dict.fromkeys(KINDS, 0) | {"refusals": 1}
    assert audited(data) == []


def test_what_went_is_told_and_is_on_the_audit_record(quick: Depesche, data: Path) -> None:
    assert json.loads(quick("prune", "--json").stdout) == dict.fromkeys(KINDS, 0) | {"refusals": 1}
    assert "no order was refused" in quick("refusal", "list").stdout
    assert audited(data) == [("retention.prune", {"refusals": 1})]
    assert json.loads(quick("prune", "--dry-run", "--json").stdout) == dict.fromkeys(KINDS, 0)


def test_people_get_a_table_and_are_told_when_nothing_is_old_enough(quick: Depesche, data: Path) -> None:
    shown = [" ".join(quick("prune", *options).stdout.split()) for options in (("--dry-run",), (), ())]
    assert "What Old enough" in shown[0]
    assert "What Gone" in shown[1]
    assert "refusals 1 daily sums 0" in shown[1]
    assert ["nothing is old enough" in one for one in shown] == [False, False, True]


def test_how_old_is_a_setting(quick: Depesche, data: Path) -> None:
    done = quick("prune", "--dry-run", "--json", DEPESCHE_RETENTION__REFUSAL_DAYS="92")
    assert json.loads(done.stdout) == dict.fromkeys(KINDS, 0)


def test_an_account_gets_ages_of_its_own_and_loses_them(quick: Depesche, data: Path) -> None:
    given = "--document-days 30 --fax-days 1 --kept-fax-days 60 --record-days 0"
    shown = " ".join(quick("account", "set", "20001", *given.split()).stdout.split())
    assert "Kept documents 30 days, deleted faxes 1 day, other faxes 60 days, records for ever" in shown
    names = ("document_days", "fax_days", "kept_fax_days", "record_days")
    account = json.loads(quick("account", "show", "20001", "--json").stdout)
    assert [account[name] for name in names] == [30, 1, 60, 0]
    bare = "--document-days none --fax-days none --kept-fax-days none --record-days none"
    assert "for ever" not in quick("account", "set", "20001", *bare.split()).stdout
    account = json.loads(quick("account", "show", "20001", "--json").stdout)
    assert [account[name] for name in names] == [None] * 4


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        ("--record-days 36501", 1, "record days: 36500 are the most, and 0 is for ever"),
        ("--fax-days -1", 2, "--fax-days -1: a number is expected, or none"),
        ("--document-days ever", 2, "--document-days ever: a number is expected, or none"),
    ],
)
def test_an_age_that_makes_no_sense_is_told(quick: Depesche, data: Path, words: str, code: int, reason: str) -> None:
    done = quick("account", "set", "20001", *words.split())
    assert (done.returncode, reason in done.stderr) == (code, True)
