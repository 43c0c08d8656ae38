"""The operator's commands as people and scripts type them: accounts, money, price lists, blacklists, refusals."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from commands import Depesche, depesche_in
from depesche.cli import columns
from depesche.usecases import accounts

PRICES = "type,prefix,base,unit\nfax,,0.05,0.25\nfax,+49,0,0.07\nsms,,0,0.09\n"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sandbox account and a price list."""
    place = tmp_path_factory.mktemp("ready")
    run = depesche_in(place)
    (place / "prices.csv").write_text(PRICES)
    new = ("20001", "--name", "Praxis Weiß", "--sandbox", "--bulk", "--generate", "--fax", "030 23125 300")
    for command in (("account", "add", *new), ("tariff", "import", "standard", "prices.csv")):
        done = run(*command)
        assert done.returncode == 0, done.stderr
    return place / "data"


@pytest.fixture
def data(ready: Path, tmp_path: Path) -> Path:
    """A copy of it, where commands are run."""
    return Path(shutil.copytree(ready, tmp_path / "data"))


def told(quick: Depesche, *command: str, code: int = 0) -> Any:
    """What the command tells machines."""
    done = quick(*command, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_payment_and_limits_are_set_shown_and_taken_away(quick: Depesche, data: Path) -> None:
    given = "--payment prepaid --paid-since 2026-03-02 --tariff standard --day-spend 49.5 --day-pages 100"
    done = quick(
        "account",
        "set",
        "20001",
        *given.split(),
        "--most-recipients",
        "7",
        "--most-pages",
        "8",
        "--double-minutes",
        "0",
    )
    assert done.returncode == 0, done.stderr
    for words in (
        "prepaid, paid since 2026-03-02",
        "49.50 euro a day, 100 pages a day, 7 recipients an order, 8 pages a document, the same order again after 0",
        "0.00 euro",
    ):
        assert words in done.stdout
    account = told(quick, "account", "show", "20001")
    assert (account["day_spend"], account["day_pages"], account["paid_since"]) == ("49.50", 100, "2026-03-02")
    bare = "--day-spend none --day-pages none --most-recipients none --most-pages none --paid-since none"
    bare += " --double-minutes none"
    assert quick("account", "set", "20001", *bare.split()).returncode == 0
    account = told(quick, "account", "show", "20001")
    limits = ("day_spend", "day_pages", "most_recipients", "most_pages", "double_minutes", "paid_since")
    assert [account[name] for name in limits] == [None] * 6
    assert "Limits         none" in quick("account", "show", "20001").stdout


def test_quiet_hours_are_set_shown_and_taken_away(quick: Depesche, data: Path) -> None:
    shown = quick("account", "set", "20001", "--quiet", "20:00-7:30").stdout
    assert "Quiet hours    20:00 to 07:30: no fax and no SMS" in shown
    account = told(quick, "account", "show", "20001")
    assert (account["quiet_from"], account["quiet_until"]) == ("20:00", "07:30")
    assert "Quiet hours" not in quick("account", "set", "20001", "--quiet", "none").stdout
    account = told(quick, "account", "show", "20001")
    assert (account["quiet_from"], account["quiet_until"]) == (None, None)


def test_numbers_and_sender_addresses_are_taken_away_by_the_word_none(quick: Depesche, data: Path) -> None:
    addresses = ("--sender-address", "a@example.com", "--sender-address", "b@example.com")
    assert quick("account", "set", "20001", *addresses).returncode == 0
    assert told(quick, "account", "show", "20001")["sender_addresses"] == ["a@example.com", "b@example.com"]
    assert quick("account", "set", "20001", "--sender-address", "none", "--fax", "none").returncode == 0
    account = told(quick, "account", "show", "20001")
    assert (account["sender_addresses"], account["numbers"]) == ([], [])


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        ("--mail-from praxis", 1, "praxis is no mail address"),
        ("--sms-from Praxis-Dr-Weiss", 1, "at most 11 letters and digits"),
        ("--day-spend 1,5", 2, "--day-spend 1,5: an amount in euro is expected, with a point, such as 12.50"),
        ("--day-spend viel", 2, "--day-spend viel: an amount in euro is expected, such as 12.50"),
        ("--day-spend -1", 1, "less than nothing cannot be spent"),
        ("--day-pages 1.5", 2, "--day-pages 1.5: a number is expected, or none"),
        ("--most-pages 0", 1, "most pages: 1 is the least"),
        ("--paid-since 2.3.2026", 2, "--paid-since 2.3.2026: a day is expected, such as 2026-12-31, or none"),
        ("--quiet 20-7", 2, "--quiet 20-7: two times are expected, such as 20:00-07:00, or none"),
        ("--quiet 20:00", 2, "--quiet 20:00: two times are expected"),
        ("--quiet 20:00-24:00", 2, "--quiet 20:00-24:00: two times are expected"),
        ("--quiet 07:00-7:00", 1, "quiet hours that begin and end at 07:00 are none"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(
    quick: Depesche, data: Path, words: str, code: int, reason: str
) -> None:
    done = quick("account", "set", "20001", *words.split())
    assert (done.returncode, done.stdout) == (code, "")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_help_of_add_tells_what_an_account_begins_with(quick: Depesche, data: Path) -> None:
    quick("account", "add", "20002", "--name", "Neu", "--generate")
    account = told(quick, "account", "show", "20002")
    quiet = ("quiet_from", "quiet_until")  # one option
    kept = {name: value for name, value in accounts.DEFAULTS.items() if name not in quiet} | {"quiet": None}
    assert set(columns.DEFAULTS) == {name for name, value in kept.items() if value not in ("", [])}
    assert columns.DEFAULTS["job_types"] == ", ".join(account["types"])
    plain = ("country", "status_encoding", "weight", "payment", "tariff")
    assert {name: columns.DEFAULTS[name] for name in plain} == {name: str(kept[name]) for name in plain}
    assert {name for name, value in kept.items() if value is None} - {"trial_until"} == {
        name for name, word in columns.DEFAULTS.items() if word == "none" and name != "payment"
    }
    assert (account["bulk"], account["foreign"], account["sandbox"], account["trial_until"]) == (False,) * 3 + (None,)
    adding, setting = (" ".join(quick("account", verb, "--help").stdout.split()) for verb in ("add", "set"))
    assert all(f"[default: {word}]" in adding for word in columns.DEFAULTS.values())
    assert "[default: no-bulk]" not in setting


def test_what_will_not_go_well_is_told_beside_the_account(quick: Depesche, data: Path) -> None:
    added = quick("account", "add", "20002", "--name", "Neu", "--generate", "--payment", "debit")
    assert "it is live, and no line is set up" in added.stderr
    assert "no payment of it is known" in added.stderr
    shown = quick("account", "show", "20002")
    assert "nowhere: it is live, and no line is set up" in shown.stdout
    sandbox = {"DEPESCHE_SANDBOX": "true"}
    assert "no line is set up" not in quick("account", "show", "20002", **sandbox).stdout
    over = quick("account", "set", "20001", "--trial-until", "2020-01-01")
    assert over.stderr == "note: its trial is over since 2020-01-01: its orders are refused\n"
    assert quick("account", "show", "20001", "--json").stderr == ""
    assert told(quick, "account", "show", "20001")["doubts"] == [over.stderr.removeprefix("note: ").strip()]


def test_an_empty_password_is_none(quick: Depesche, data: Path) -> None:
    done = quick("account", "add", "20002", "--name", "Neu", "--password-stdin", stdin="\n")
    assert (done.returncode, done.stderr) == (1, "error: the password is empty\n")


def test_accounts_are_listed_for_machines(quick: Depesche, data: Path) -> None:
    (account,) = told(quick, "account", "list")
    assert (account["account"], account["numbers"], account["sandbox"]) == ("20001", ["+493023125300"], True)


def test_money_goes_in_is_reserved_and_booked(quick: Depesche, data: Path) -> None:
    quick("account", "set", "20001", "--payment", "prepaid", "--day-spend", "10")
    order = ("send", "--type", "sms", "--text", "Hallo", "--to", "0171 3920000", "--data", "data")
    assert "code 54 NO_PAYMENT" in quick(*order).stderr
    assert quick("ledger", "deposit", "20001", "0.1", "--note", "transfer [1]").returncode == 0
    assert quick(*order, "--at", "2099-01-01").returncode == 0
    standing = told(quick, "ledger", "show", "20001")
    assert [standing[name] for name in ("balance", "reserved", "available")] == ["0.10", "0.09", "0.01"]
    assert (standing["today"], standing["paid_since"] is None) == ({"spent": "0.09", "pages": 1}, False)
    assert "code 2 ACCOUNT_EMPTY" in quick(*order).stderr
    assert quick("job", "cancel", "1", "--data", "data").returncode == 0
    assert quick(*order).returncode == 0
    shown = quick("ledger", "show", "20001").stdout
    assert "0.09 of 10.00 euro, 1 pages or messages" in shown
    charge, deposit = [line.split() for line in shown.splitlines()[-2:]]
    assert charge[2:] == ["charge", "-0.09", "2"]
    assert deposit[2:] == ["deposit", "+0.10", "transfer", "[1]"]


def test_packages_and_corrections_are_booked(quick: Depesche, data: Path) -> None:
    quick("account", "set", "20001", "--payment", "package")
    assert "500 pages or messages" in quick("ledger", "units", "20001", "500", "--no-first-payment").stdout
    corrected = quick("ledger", "correct", "20001", "--units", "-7", "--amount", "-3.205", "--note", "wrong")
    assert corrected.returncode == 0, corrected.stderr
    standing = told(quick, "ledger", "show", "20001")
    assert (standing["allowance"], standing["balance"], standing["paid_since"]) == (493, "-3.205", None)
    assert [entry["kind"] for entry in standing["entries"]] == ["correction", "deposit"]


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        ("deposit 20001 5,00", 2, "AMOUNT 5,00: an amount in euro is expected, with a point"),
        ("deposit 20001 0", 1, "nothing is to be booked"),
        ("deposit 20001 0.00001", 1, "at most four decimals"),
        ("deposit 20009 5", 1, "there is no account 20009"),
        ("units 20001 0", 2, "Invalid value for 'N'"),
        ("correct 20001 --note x", 2, "what is to be corrected?"),
        ("correct 20001 --amount 1", 2, "--note"),
    ],
)
def test_a_booking_that_makes_no_sense_is_told(quick: Depesche, data: Path, words: str, code: int, reason: str) -> None:
    done = quick("ledger", *words.split())
    assert (done.returncode, reason in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_price_list_is_shown_as_it_was_imported_and_can_be_tried(quick: Depesche, data: Path, tmp_path: Path) -> None:
    file = quick("tariff", "show", "--csv").stdout
    (tmp_path / "gold.csv").write_text(file)
    imported = quick("tariff", "import", "gold", "gold.csv")
    assert imported.stdout == "price list gold has 3 lines\n"
    assert imported.stderr == "note: free where no prefix fits: mail, letter, letter-colour, qsign\n"
    assert told(quick, "tariff", "show", "gold") == told(quick, "tariff", "show")
    tried = quick("tariff", "price", "fax", "030 23125 000", "--pages", "3")
    assert tried.stdout == "0.21 euro: fax to +493023125000, by standard: base 0.00, unit 0.07 for 3, prefix +49\n"
    priced = told(quick, "tariff", "price", "letter", "--account", "20001")
    assert (priced["price"], priced["line"]) == ("0.00", None)
    both = quick("tariff", "price", "letter", "--account", "20001", "--tariff", "gold")
    assert (both.returncode, both.stderr) == (2, "error: give --tariff or --account, not both\n")
    lists = told(quick, "tariff", "list")
    assert [(one["name"], one["lines"], one["accounts"]) for one in lists] == [
        ("gold", 3, []),
        ("standard", 3, ["20001"]),
    ]
    assert quick("tariff", "remove", "gold").returncode == 0
    assert quick("tariff", "remove", "standard").returncode == 1
    removed = quick("tariff", "remove", "standard", "--force")
    assert removed.stdout == "price list standard is removed\n"
    assert quick("tariff", "list").stderr == "note: standard has no lines: what its accounts send is free\n"


def test_a_wrong_line_of_a_price_list_is_told_with_its_number(quick: Depesche, data: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(PRICES + "fax,+43,0,07,1\nfax,0049,1,1\n")
    done = quick("tariff", "import", "standard", "bad.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[1:] == [
        "line 5: 5 columns, and not type, prefix, base, unit: amounts are written with a point, 0.07",
        "line 6: 0049 is not the beginning of a number in E.164, such as +49171, or empty for all others",
    ]
    assert quick("tariff", "show", "--csv").stdout.count("\n") == 4


def test_entries_are_blocked_listed_and_freed(quick: Depesche, data: Path) -> None:
    own, general = ("--account", "20001"), ("--everyone",)
    added = quick("blocklist", "add", "030 23125 000", "0172*", "@example.com", *own, "--note", "no [fax]")
    assert added.stdout == "+493023125000 is blocked\n+49172* is blocked\n@example.com is blocked\n"
    assert quick("blocklist", "add", "0172", "--prefix", *own).stdout == "+49172* was blocked already\n"
    assert quick("blocklist", "add", "+49171", "--prefix", *general).stdout == "+49171* is blocked\n"
    listed = told(quick, "blocklist", "list", *own)
    assert [(entry["address"], entry["prefix"], entry["note"]) for entry in listed] == [
        ("+49172", True, "no [fax]"),
        ("+493023125000", False, "no [fax]"),
        ("@example.com", False, "no [fax]"),
    ]
    short = quick("blocklist", "list", *own, "--limit", "2")
    assert short.stdout.splitlines()[2].split()[:3] == ["+49172*", "no", "[fax]"]
    assert (len(short.stdout.splitlines()), short.stderr) == (4, "note: there are more than these 2: see --limit\n")
    order = ("send", "--type", "sms", "--text", "Hallo", "--data", "data", "--to")
    assert "code 9 BLACKLISTED" in quick(*order, "0172 3920000").stderr
    assert "code -5 NUMBER_BARRED" in quick(*order, "0171 3920000").stderr
    assert quick("blocklist", "remove", "+49171*", *general).stdout == "+49171* is not blocked any more\n"
    assert quick("blocklist", "list", *general).stdout == "nothing is blocked\n"
    assert quick(*order, "0171 3920000").returncode == 0


@pytest.mark.parametrize("words", ["list", "add 1", "remove 1", "import list.csv", "list --everyone --account 20001"])
def test_it_has_to_be_said_whose_blacklist_is_meant(quick: Depesche, data: Path, tmp_path: Path, words: str) -> None:
    (tmp_path / "list.csv").touch()
    done = quick("blocklist", *words.split())
    assert (done.returncode, done.stderr) == (2, "error: whose list? Give --account or --everyone\n")


def test_a_file_of_entries_is_imported_as_far_as_its_lines_are_entries(
    quick: Depesche, data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    path.write_text("address,note\n0171 3920000,Meier\n+49172*\nquatsch\n+491713920000\n")
    done = quick("blocklist", "import", "list.csv", "--everyone")
    assert (done.returncode, done.stdout) == (1, "2 added, 1 known already, 1 refused\n")
    assert "note: line 4: quatsch: it is neither a telephone number nor a mail address" in done.stderr
    again = told(quick, "blocklist", "import", "list.csv", "--everyone", code=1)
    assert [again[name] for name in ("rows", "added", "known", "refused")] == [4, 0, 3, 1]
    assert [line["line"] for line in again["lines"]] == [4]
    path.write_text("quatsch\n" * 150)
    many = quick("blocklist", "import", "list.csv", "--everyone")
    assert many.stderr.splitlines()[-1] == "note: and 50 more lines are no entries"
    assert many.stderr.count("quatsch") == 100
    path.write_text('+49172*\n"')
    broken = quick("blocklist", "import", "list.csv", "--everyone")
    assert (broken.returncode, "list.csv, line 2" in broken.stderr) == (1, True)


def test_refused_orders_are_listed_with_code_rule_and_reason(quick: Depesche, data: Path) -> None:
    assert quick("refusal", "list").stdout == "no order was refused\n"
    order = ("send", "--type", "sms", "--text", "Hallo", "--data", "data", "--to")
    quick(*order, "+4930")
    quick("account", "set", "20001", "--no-bulk")
    quick(*order, "0171 3920000", "--to", "0172 3920000")
    newest, oldest = told(quick, "refusal", "list")
    assert (newest["code"], newest["row"], newest["rule"]) == (1, 16, "BULK_NOT_RELEASED")
    assert (oldest["code"], oldest["row"], oldest["rule"]) == (46, 17, "NUMBER_INVALID")
    assert oldest["reason"] == "+4930: no such number can exist"
    shown = quick("refusal", "list", "--account", "20001", "--limit", "1").stdout
    assert len(shown.splitlines()) == 3
    assert "more than one recipient is not released for the account" in shown
    assert quick("refusal", "list", "--account", "4711").returncode == 1
