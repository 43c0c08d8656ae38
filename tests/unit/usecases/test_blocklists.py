"""Blacklists: what an operator puts on them and takes off, and what a file brings."""

import resource
from pathlib import Path
from typing import Any

import pytest

from builders import MOBILE, START, everything, rows
from customers import Enter, OpenHouse, Order, customer_of
from depesche.store import schema
from depesche.usecases import accounts, blocklists
from depesche.usecases.accounts import NotPossible
from depesche.usecases.blocklists import Imported, Unread

pytestmark = pytest.mark.anyio


def audited(opened: OpenHouse) -> list[dict[str, Any]]:
    return opened.house.database.read_here(lambda connection: rows(connection, schema.audit))


async def listed(opened: OpenHouse, whose: str | None) -> list[tuple[str, bool, str]]:
    return [(one.address, one.prefix, one.note) for one in await blocklists.listed(opened.house, whose, 100)]


async def code_of(opened: OpenHouse, number: str = "10001", **order: Any) -> int:
    """What an order of this account is answered with now."""
    account = await accounts.show(opened.house, number)
    return (await customer_of(opened.house, account).send(Order(**order))).code


async def brought(
    opened: OpenHouse, path: Path, whose: str | None = None
) -> tuple[Imported, list[Unread], list[Imported]]:
    unread: list[Unread] = []
    told: list[Imported] = []
    return await blocklists.bring(opened.house, "anna", whose, path, unread.append, told.append), unread, told


async def test_entries_are_kept_in_one_form_and_told_to_be_new_or_known(opened: OpenHouse, enter: Enter) -> None:
    enter(country="AT")
    added = await blocklists.add(opened.house, "anna", "10001", ["01 234567", "A@Example.de"], "no fax")
    assert [(entry.address, is_new) for entry, is_new in added] == [("+431234567", True), ("a@example.de", True)]
    again = await blocklists.add(opened.house, "anna", "10001", ["+43 1 234567", "0664*"], "other")
    assert [(entry.address, entry.prefix, is_new) for entry, is_new in again] == [
        ("+431234567", False, False),
        ("+43664", True, True),
    ]
    assert await listed(opened, "10001") == [
        ("+431234567", False, "no fax"),
        ("+43664", True, "other"),
        ("a@example.de", False, "no fax"),
    ]
    assert await listed(opened, None) == []


async def test_what_is_blocked_is_refused_at_once_and_accepted_when_it_is_taken_off(
    opened: OpenHouse, enter: Enter
) -> None:
    enter("10001")
    enter("10002")
    await blocklists.add(opened.house, "anna", "10001", [MOBILE])
    assert (await code_of(opened, "10001"), await code_of(opened, "10002")) == (9, 0)
    await blocklists.remove(opened.house, "anna", "10001", ["0171 3920000"])
    assert await code_of(opened, "10001") == 0
    await blocklists.add(opened.house, "anna", None, ["0171"], prefix=True)
    assert (await code_of(opened, "10001", text="neu"), await code_of(opened, "10002", text="neu")) == (-5, -5)
    await blocklists.add(opened.house, "anna", "10001", ["@example.com"])
    assert await code_of(opened, "10001", job_type=2, recipient="x@EXAMPLE.com") == 9
    assert await code_of(opened, "10001", job_type=2, recipient="x@sub.example.com") == 0


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["+493023125000", "4711"], "4711: there can be no such number"),
        (["+493023125000", "Meier"], "Meier: it is neither a telephone number nor a mail address"),
        (["+493023125000", "*"], "it is not the beginning of telephone numbers"),
    ],
)
async def test_if_one_entry_is_none_nothing_is_added(
    opened: OpenHouse, enter: Enter, texts: list[str], reason: str
) -> None:
    enter()
    before = opened.house.database.read_here(everything)
    with pytest.raises(NotPossible, match=reason):
        await blocklists.add(opened.house, "anna", "10001", texts)
    with pytest.raises(NotPossible, match="its note is longer than 200 characters"):
        await blocklists.add(opened.house, "anna", "10001", [MOBILE], "x" * 201)
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await blocklists.add(opened.house, "anna", "10009", [MOBILE])
    assert opened.house.database.read_here(everything) == before


async def test_if_one_entry_is_not_on_the_list_nothing_is_removed(opened: OpenHouse) -> None:
    await blocklists.add(opened.house, "anna", None, [MOBILE])
    before = opened.house.database.read_here(everything)
    with pytest.raises(NotPossible, match=r"\+49171\* is not on the list: nothing was removed"):
        await blocklists.remove(opened.house, "anna", None, [MOBILE, "0171*"])
    assert opened.house.database.read_here(everything) == before


async def test_every_change_is_on_record(opened: OpenHouse, enter: Enter, tmp_path: Path) -> None:
    enter()
    await blocklists.add(opened.house, "anna", "10001", [MOBILE, "0172*"], "no")
    await blocklists.add(opened.house, "anna", "10001", [MOBILE])
    await blocklists.remove(opened.house, "bernd", "10001", ["0172*"])
    (tmp_path / "list.csv").write_text(f"{MOBILE}\nMeier\n")
    await brought(opened, tmp_path / "list.csv")
    await brought(opened, tmp_path / "list.csv")
    assert [(row["actor"], row["action"], row["account_id"], row["at"], row["data"]) for row in audited(opened)] == [
        ("anna", "blocklist.add", 1, START, {"entries": [MOBILE, "+49172*"], "note": "no"}),
        ("bernd", "blocklist.remove", 1, START, {"entries": ["+49172*"]}),
        ("anna", "blocklist.import", None, START, {"file": "list.csv", "lines": [1, 2], "added": 1}),
    ]


async def test_a_file_brings_numbers_beginnings_and_addresses_with_their_notes(
    opened: OpenHouse, enter: Enter, tmp_path: Path
) -> None:
    enter(country="AT")
    path = tmp_path / "list.csv"
    path.write_bytes(
        'Address,Note\r\n01 234567,"Meier, Wien"\r\n\r\n+49171*,Müller\r\n@example.com\r\n'.encode("cp1252")
    )
    counts, unread, told = await brought(opened, path, "10001")
    assert (counts, unread, told) == (Imported(3, added=3), [], [counts])
    assert await listed(opened, "10001") == [
        ("+431234567", False, "Meier, Wien"),
        ("+49171", True, "Müller"),
        ("@example.com", False, ""),
    ]


async def test_a_line_that_is_no_entry_is_told_and_the_others_are_added(opened: OpenHouse, tmp_path: Path) -> None:
    await blocklists.add(opened.house, "anna", None, ["+493023125000"])
    path = tmp_path / "list.csv"
    long = "x" * 201
    path.write_text(
        f'{MOBILE}\n"two\nlines",x\n+493023125000\n{MOBILE}\n+493023125001,{long}\n,note alone\n', "utf-8-sig"
    )
    counts, unread, _ = await brought(opened, path)
    assert counts == Imported(6, added=1, known=2, refused=3)
    assert [(one.line, one.text) for one in unread] == [(3, "two\nlines"), (6, "+493023125001"), (7, "")]
    assert "longer than 200" in unread[1].reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'+493023125000\n"open', "list.csv, line 2: unexpected end of data"),
        (b"+493023125000\n\0", "zero bytes"),
        (b"+493023125000\n" + b"9" * 200_000, "field larger than field limit"),
    ],
)
async def test_a_file_that_cannot_be_read_to_its_end_adds_nothing(
    opened: OpenHouse, tmp_path: Path, data: bytes, reason: str
) -> None:
    (tmp_path / "list.csv").write_bytes(data)
    with pytest.raises(NotPossible, match=reason):
        await brought(opened, tmp_path / "list.csv")
    assert await listed(opened, None) == []


async def test_an_empty_file_brings_nothing(opened: OpenHouse, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"address,note\n")
    assert (await brought(opened, tmp_path / "list.csv"))[0] == Imported(0)


async def test_a_long_file_comes_in_chunks_and_memory_does_not_grow_with_it(
    opened: OpenHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocklists, "CHUNK", 500)
    path = tmp_path / "list.csv"
    note = "x" * 190
    with path.open("w") as lines:
        lines.writelines(f"+49171{3_000_000 + place},{note}\n" for place in range(20_000))
    await brought(opened, _head(path, 1000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts, _, told = await brought(opened, path)
    assert counts == Imported(20_000, added=19_000, known=1000)
    assert [step.done for step in told] == list(range(500, 20_001, 500))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096, "KiB; the file has as many"


def _head(path: Path, rows: int) -> Path:
    head = path.with_name("head.csv")
    with path.open() as lines:
        head.write_text("".join(next(lines) for _ in range(rows)))
    return head


async def test_the_list_of_an_account_that_there_is_not_cannot_be_shown(opened: OpenHouse) -> None:
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await blocklists.listed(opened.house, "10009", 10)
    assert await blocklists.listed(opened.house, None, 10) == []
