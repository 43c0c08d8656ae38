"""Price lists: what an operator imports, shows and tries."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import START, everything, rows
from customers import Enter, OpenHouse
from depesche.model.jobtype import JobType
from depesche.store import schema
from depesche.usecases import tariffs
from depesche.usecases.accounts import NotPossible
from depesche.usecases.tariffs import Price

pytestmark = pytest.mark.anyio

FILE = """\
Type,Prefix,Base,Unit
fax,,0.05,0.25
fax,+49,0,0.07
FAX,+49171,0.0001,1
sms,,0,0.09

letter,,0.85,0.12
mail,,0.01,0.02
"""


def audited(opened: OpenHouse) -> list[dict[str, Any]]:
    return opened.house.database.read_here(lambda connection: rows(connection, schema.audit))


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


async def price(opened: OpenHouse, kind: JobType, address: str = "", units: int = 1, **by: Any) -> tuple[str, str]:
    """The price, and the prefix of the line that decides; ``-`` if there is none."""
    found = await tariffs.price(opened.house, kind, address, units, **{"name": None, "account": None, **by})
    return f"{found.price.normalize():f}", "-" if found.line is None else found.line.prefix


async def test_a_file_becomes_the_price_list_in_place_of_what_it_was(opened: OpenHouse) -> None:
    new = await tariffs.bring(opened.house, "anna", "standard", lines(FILE))
    assert len(new) == 6
    assert await tariffs.show(opened.house, "standard") == sorted(new, key=lambda line: (line.type, line.prefix))
    await tariffs.bring(opened.house, "anna", "standard", ["sms,,0,1\n"])
    assert await tariffs.show(opened.house, "standard") == [Price(JobType.SMS, "", Decimal(0), Decimal(1))]


async def test_the_longest_prefix_decides_what_a_delivery_costs(opened: OpenHouse) -> None:
    await tariffs.bring(opened.house, "anna", "standard", lines(FILE))
    assert await price(opened, JobType.FAX, "030 23125 000", 3) == ("0.21", "+49")
    assert await price(opened, JobType.FAX, "0171/3920000", 2) == ("2.0001", "+49171")
    assert await price(opened, JobType.FAX, "+43 1 234567", 2) == ("0.55", "")
    assert await price(opened, JobType.SMS, "0171/3920000", 2) == ("0.18", "")
    assert await price(opened, JobType.LETTER, units=2) == ("1.09", "")
    assert await price(opened, JobType.MAIL, "a@example.com", 7) == ("0.03", "")
    assert await price(opened, JobType.QSIGN, "a@example.com") == ("0", "-")


async def test_a_price_is_that_of_the_accounts_list_and_country(opened: OpenHouse, enter: Enter) -> None:
    enter(tariff="gold", country="AT")
    await tariffs.bring(opened.house, "anna", "standard", ["fax,,1,0\n"])
    await tariffs.bring(opened.house, "anna", "gold", ["fax,,2,0\n", "fax,+43,3,0\n"])
    assert await price(opened, JobType.FAX, "01 234567", account="10001") == ("3", "+43")
    assert await price(opened, JobType.FAX, "+493023125000", name="gold") == ("2", "")
    assert await price(opened, JobType.FAX, "+493023125000", name="none") == ("0", "-")
    with pytest.raises(NotPossible, match="no such telephone number is sent to"):
        await price(opened, JobType.FAX, "0900 123456")
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await price(opened, JobType.FAX, "+493023125000", account="10009")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("fax,,1", "3 columns, and not type, prefix, base, unit$"),
        ("fax,+49,0,07,0,25", "6 columns.*: amounts are written with a point"),
        ('fax,,"0,07",1', "base 0,07: amounts are written with a point, 0.07"),
        ('fax,,1,"1,5"', "unit 1,5: amounts are written with a point, 1.5"),
        ("fax,,,1", "base is empty"),
        ("fax,,1,", "unit is empty"),
        ("fax,,-1,1", "base -1 is no amount in euro"),
        ("fax,,1,0.00001", "unit 0.00001 is no amount in euro, .* at most four decimals"),
        ("fax,,1e3,1", "base 1e3 is no amount"),
        ("fax,,NaN,1", "base NaN is no amount"),
        ("fax,,1 €,1", "base 1 € is no amount"),
        ("brief,,1,1", "brief is none of fax, sms, mail, letter, letter-colour, qsign"),
        (",,1,1", "an empty type is none of"),
        ("fax,49,1,1", r"49 is not the beginning of a number in E.164, such as \+49171"),
        ("fax,0049,1,1", "0049 is not the beginning"),
        ("fax,+49 171,1,1", r"\+49 171 is not the beginning"),
        ("mail,+49,1,1", "mail goes to no number: its prefix is empty"),
        ("letter,+49,1,1", "letter goes to no number"),
        ("sms,,1,1", "a line above has the same type and prefix"),
        ('fax,,"1', "unexpected end of data"),
    ],
)
async def test_if_one_line_is_wrong_it_is_told_and_nothing_is_imported(
    opened: OpenHouse, line: str, reason: str
) -> None:
    await tariffs.bring(opened.house, "anna", "standard", ["qsign,,1,1\n"])
    before = opened.house.database.read_here(everything)
    with pytest.raises(NotPossible, match=f"nothing was imported:\nline 3: {reason}"):
        await tariffs.bring(opened.house, "anna", "standard", lines(f"type,prefix,base,unit\nsms,,1,1\n{line}\n"))
    assert opened.house.database.read_here(everything) == before


async def test_all_wrong_lines_are_told_but_not_without_end() -> None:
    with pytest.raises(NotPossible) as told:
        tariffs.read(["x\n"] * 100)
    assert str(told.value).count("\n") == tariffs.MOST_ERRORS + 1
    assert str(told.value).endswith("and 80 more")


@pytest.mark.parametrize("text", ["", "type,prefix,base,unit\n", "\n\n"])
async def test_a_file_without_lines_is_no_price_list(opened: OpenHouse, text: str) -> None:
    with pytest.raises(NotPossible, match="there are no lines in it"):
        await tariffs.bring(opened.house, "anna", "standard", lines(text))


async def test_a_price_list_has_an_end(opened: OpenHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tariffs, "MOST_LINES", 10)
    with pytest.raises(NotPossible, match="a price list has at most 10 lines"):
        await tariffs.bring(opened.house, "anna", "standard", (f"fax,+{place},1,1\n" for place in range(1, 1000)))


@pytest.mark.parametrize("name", ["", " ", "a\n", "x" * 41])
async def test_a_price_list_has_a_name(opened: OpenHouse, name: str) -> None:
    with pytest.raises(NotPossible):
        await tariffs.bring(opened.house, "anna", name, lines(FILE))


async def test_lists_are_told_with_their_accounts_also_those_without_lines(opened: OpenHouse, enter: Enter) -> None:
    enter("10001")
    enter("10002", tariff="gold")
    enter("10003", tariff="gold")
    await tariffs.bring(opened.house, "anna", "gold", lines(FILE))
    await tariffs.bring(opened.house, "anna", "unused", ["sms,,1,1\n"])
    found = await tariffs.listed(opened.house)
    assert [(one.name, one.lines, one.accounts) for one in found] == [
        ("gold", 6, ("10002", "10003")),
        ("standard", 0, ("10001",)),
        ("unused", 1, ()),
    ]


async def test_a_list_that_accounts_use_is_removed_by_force_alone(opened: OpenHouse, enter: Enter) -> None:
    enter("10001", tariff="gold")
    await tariffs.bring(opened.house, "anna", "gold", lines(FILE))
    with pytest.raises(NotPossible, match="account 10001 would send for nothing"):
        await tariffs.remove(opened.house, "anna", "gold")
    await tariffs.remove(opened.house, "anna", "gold", force=True)
    for gone in (tariffs.remove(opened.house, "anna", "gold"), tariffs.show(opened.house, "gold")):
        with pytest.raises(NotPossible, match="there is no price list gold"):
            await gone


async def test_every_change_is_on_record_with_its_prices(opened: OpenHouse) -> None:
    await tariffs.bring(opened.house, "anna", "gold", ["letter-colour,,1.5,0.25\n"])
    await tariffs.bring(opened.house, "anna", "gold", ["sms,+49,0,1\n", "sms,,0,2\n"])
    await tariffs.remove(opened.house, "bernd", "gold")
    assert [(row["actor"], row["action"], row["account_id"], row["at"], row["data"]) for row in audited(opened)] == [
        (
            "anna",
            "tariff.import",
            None,
            START,
            {"tariff": "gold", "lines": [["letter-colour", "", "1.5", "0.25"]], "lines_before": 0},
        ),
        (
            "anna",
            "tariff.import",
            None,
            START,
            {"tariff": "gold", "lines": [["sms", "+49", "0", "1"], ["sms", "", "0", "2"]], "lines_before": 1},
        ),
        ("bernd", "tariff.remove", None, START, {"tariff": "gold", "lines": 2}),
    ]


def test_what_is_free_without_a_prefix_is_known() -> None:
    found = tariffs.read(["fax,+49,1,1\n", "sms,,1,1\n", "mail,,1,1\n", "qsign,,1,1\n", "letter,,1,1\n"])
    assert tariffs.free(found) == ["fax", "letter-colour"]


@given(st.lists(st.text(max_size=30), max_size=5))
def test_whatever_the_file_holds_it_is_a_price_list_or_told_to_be_none(text: list[str]) -> None:
    try:
        found = tariffs.read(text)
    except NotPossible:
        return
    assert found
