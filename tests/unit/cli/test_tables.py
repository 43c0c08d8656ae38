"""Tables for people, JSON for machines, and nothing from elsewhere that commands a terminal."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from depesche.cli import tables
from depesche.cli.common import local_time, out, plain
from depesche.cli.gateway import Fax, Row

AT = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)


def test_a_recipient_is_not_broken_on_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(out, "width", 80)
    row = Row("+493023125002", "Send failed", 1, "+49 30 23125 002 abcd", 31, AT, "Rechnung 4711")
    tables.print_rows([row])
    shown = capsys.readouterr().out
    assert "+493023125002" in shown
    assert "Send failed" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize("width", [200, 100, 80, 60, 40, 25])
def test_no_terminal_is_too_narrow_for_all_that_there_is_to_tell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(out, "width", width)
    table = tables.titled("Delivery", "Recipient", "Attempt", "Begun", "Result", "Call")
    address = "a.very.long.address.of.somebody@mail.example.com"
    call = "2 pages, 31 s, 14400 bit/s, MMR, ECM, +49 30 23125 002\nbroken off"
    table.add_row("17", address, "2", "2026-03-02 09:00:30", "Send failed", plain(call))
    tables.show(table)
    shown = capsys.readouterr().out
    assert all(len(line) <= width for line in shown.splitlines())
    cells = ("17", address, "2", "2026-03-02 09:00:30", "Send failed", call)
    assert not Counter("".join("".join(cells).split())) - Counter(shown)
    for word in ("Delivery", "Recipient", "Attempt", "Begun", "Result", "Call", "Send", "failed", "broken"):
        assert word in shown


@pytest.mark.parametrize("width", range(70, 100))
def test_the_room_is_shared_so_that_every_column_has_what_it_needs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(out, "width", width)
    address, reference = "a.very.long.address@mail.example.com", "Rechnung 4711 mit langem Text " * 4
    tables.print_rows([Row(address, "Send failed", 1, "+49 30 23125 002 abcd", 31, AT, reference)])
    shown = capsys.readouterr().out
    assert all(len(line) <= width for line in shown.splitlines())
    assert not Counter("".join(f"{address}{reference}Reference".split())) - Counter(shown)


def test_a_pipe_gets_each_line_whole(capsys: pytest.CaptureFixture[str]) -> None:
    address = "somebody@" + "sub." * 200 + "example.com"
    tables.print_rows([Row(address, "OK", reference="Rechnung 4711 " * 100)])
    shown = capsys.readouterr().out
    assert address in shown
    assert "Rechnung 4711 " * 100 in shown
    assert len(shown.splitlines()) == 3


def test_a_long_word_of_a_property_is_not_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(out, "width", 30)
    out.print(tables.described([("Warning", "x" * 100)]))
    assert capsys.readouterr().out.count("x") == 100


def test_references_are_shown_where_there_are_some(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_rows([Row("+4930", "OK")])
    assert "Reference" not in capsys.readouterr().out
    tables.print_rows([Row("+4930", "OK", reference="a"), Row("+4931", "OK")])
    assert "Reference" in capsys.readouterr().out


def test_a_fax_that_broke_off_is_told_from_a_whole_one(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_faxes([Fax(number, "+4930", AT, "+4940", "", 3, whole) for number, whole in ((1, True), (2, None))])
    assert "broken off" not in capsys.readouterr().out
    tables.print_faxes([Fax(3, "+4930", AT, "+4940", "", 3, complete=False)])
    assert "3 (broken off)" in capsys.readouterr().out


def test_what_the_far_side_sent_is_text_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b[2J\x9b31m[bold]x[/]"
    tables.print_rows([Row(evil, evil, remote_id=evil, reference=evil)])
    tables.print_faxes([Fax(1, evil, AT, evil, evil, 1)])
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert "\N{REPLACEMENT CHARACTER}" in shown


def test_markup_is_not_read_in_text_from_elsewhere() -> None:
    assert plain("[bold]x[/] [ref-17]\n").plain == "[bold]x[/] [ref-17]\n"


def test_json_has_times_in_utc_and_letters_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_json({"at": AT, "name": "Weiß", "none": None})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"at": "2026-03-02T09:00:30+00:00", "name": "Weiß", "none": None}
    assert "Weiß" in shown


def test_properties_without_a_value_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    out.print(tables.described([("Job", 7), ("Finished", ""), ("Pages", 0)]))
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [["Job", "7"], ["Pages", "0"]]


def test_json_has_money_as_text_that_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_json({"whole": Decimal(12), "part": Decimal("0.0725"), "day": date(2026, 3, 2)})
    assert json.loads(capsys.readouterr().out) == {"whole": "12.00", "part": "0.0725", "day": "2026-03-02"}


def test_no_moment_is_no_text() -> None:
    assert local_time(None) == ""
