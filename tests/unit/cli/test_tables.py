"""Tables for people, JSON for machines, and nothing from elsewhere that commands a terminal."""

import json
from datetime import UTC, datetime

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


def test_references_are_shown_where_there_are_some(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_rows([Row("+4930", "OK")])
    assert "Reference" not in capsys.readouterr().out
    tables.print_rows([Row("+4930", "OK", reference="a"), Row("+4931", "OK")])
    assert "Reference" in capsys.readouterr().out


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


def test_no_moment_is_no_text() -> None:
    assert local_time(None) == ""
