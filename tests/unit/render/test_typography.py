"""Characters and lines before they are set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.render.errors import Damaged
from depesche.render.typography import (
    LONGEST_LINE,
    LONGEST_RUN,
    PARAGRAPH_LINES,
    decoded,
    paragraphs,
    sheets,
    telephone,
)

BREAK_POINT = "\u200b"


@pytest.mark.parametrize(
    "data",
    [
        "Grüße €".encode(),
        b"\xef\xbb\xbf" + "Grüße €".encode(),
        "Grüße €".encode("utf-16"),
        b"\xfe\xff" + "Grüße €".encode("utf-16-be"),
        "Grüße €".encode("cp1252"),
    ],
)
def test_text_files_are_read_in_the_usual_codings(data: bytes) -> None:
    assert decoded(data) == "Grüße €"


def test_octets_that_windows_1252_does_not_know_do_no_harm() -> None:
    assert (
        decoded("Schöne Grüße aus Köln: \x81".encode("latin-1")) == "Schöne Grüße aus Köln: \N{REPLACEMENT CHARACTER}"
    )


@pytest.mark.parametrize("data", [b"", b"\xff\xfea", b"\xfe\xff\xd8\x00\x00"])
def test_empty_text_and_broken_utf_16_are_damaged(data: bytes) -> None:
    with pytest.raises(Damaged):
        decoded(data)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\v", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_end_ends_a_line(end: str) -> None:
    assert sheets(f"eins{end}{end}drei{end}") == [["eins", "", "drei"]]


def test_a_form_feed_begins_a_new_sheet_but_not_an_empty_last_one() -> None:
    assert sheets("eins\f\nzwei\f") == [["eins"], ["", "zwei"]]
    assert sheets("eins\f\fdrei") == [["eins"], [""], ["drei"]]


def test_control_characters_vanish_and_tabs_stay() -> None:
    assert sheets("a\x00\x07\x1b[1m\tb\x7f\x9fc\ufffe\ud800\x1a") == [["a[1m\tbc"]]


def test_quotes_dashes_and_blanks_stay_as_they_are() -> None:
    text = "  \"so\" 'und' so - und -- so,\N{NO-BREAK SPACE}\N{EN DASH}  <b>&amp;</b>"
    assert sheets(text) == [[text]]


def test_long_runs_of_letters_get_points_where_they_may_be_broken() -> None:
    address = "https://www.example.com/" + "/".join(["ordner"] * 20)
    (line,) = sheets(f"siehe {address} dort")[0]
    assert line.replace(BREAK_POINT, "") == f"siehe {address} dort"
    assert f"/{BREAK_POINT}ordner" in line


def test_short_runs_are_left_alone() -> None:
    assert BREAK_POINT not in sheets("x" * (LONGEST_RUN - 1))[0][0]


@given(st.text(st.sampled_from("ab ./-\n\f\tä€"), max_size=2000).map(lambda text: text * 9))
def test_nothing_but_line_ends_is_lost_or_added(text: str) -> None:
    kept = "".join("".join(lines) for lines in sheets(text)).replace(BREAK_POINT, "")
    assert kept == text.replace("\n", "").replace("\f", "")


@given(st.lists(st.text(st.sampled_from("ab "), max_size=9000), max_size=200))
def test_no_piece_that_is_set_at_once_is_long(lines: list[str]) -> None:
    cut = sheets("\n".join(lines))[0]
    pieces = list(paragraphs(cut))
    assert "\n".join(pieces) == "\n".join(cut)
    assert all(len(piece) <= LONGEST_LINE + PARAGRAPH_LINES for piece in pieces)
    assert all(piece.count("\n") < PARAGRAPH_LINES for piece in pieces)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+4940123456789", "+49 40 123456789"),
        ("+493023125100", "+49 30 23125100"),
        ("+12125551234", "+1 212-555-1234"),
        ("intern 17", "intern 17"),
        ("", ""),
        ("+", "+"),
    ],
)
def test_numbers_are_written_as_people_write_them(number: str, written: str) -> None:
    assert telephone(number) == written
