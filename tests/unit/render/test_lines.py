"""Long text as lines and pages."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from depesche.render import lines as lines_module
from depesche.render.errors import NotWhole
from depesche.render.lines import Face, Line, Look, can_set, face, leaves

SANS, MONO = "LiberationSans-Regular", "LiberationMono-Regular"
TYPED = Look(MONO, size=10, leading=12, left=0, right=60.1, top=0, bottom=36, tab=4)
"""Ten columns, three lines a page."""

LETTER = Look(SANS, size=10, leading=12, left=0, right=200, top=0, bottom=10_000_000, tab=16)


def written(*sheets: list[str], look: Look = TYPED, most: int = 100, first_top: float = 0) -> list[list[str]]:
    """What stands on each page, a tab where a piece stands apart."""
    pages = leaves(sheets, look, first_top, most)
    return [["\t".join(text for _, text in line) for line in page] for page in pages]


def broken(text: str) -> list[str]:
    return [line.rstrip(" ") for page in written([text]) for line in page]


def width(line: Line, look: Look) -> float:
    """Up to the last letter: blanks at the end do not count."""
    at, text = line[-1]
    return at + face(look.face).advance(text.rstrip(" ")) * look.size


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("1234567890", ["1234567890"]),
        ("12345 7890 x", ["12345 7890", "x"]),
        ("12345 78901", ["12345", "78901"]),
        ("123456789012345678901", ["1234567890", "1234567890", "1"]),
        ("ab 1234567890123", ["ab", "1234567890", "123"]),
        ("    abc", ["    abc"]),
        ("abc          def", ["abc", "def"]),
        ("Haupt-Eingang", ["Haupt-", "Eingang"]),
        ("Summe: -12345", ["Summe:", "-12345"]),
        ("gcc -verbose", ["gcc", "-verbose"]),
        ("1234567 --ab", ["1234567", "--ab"]),
        ("12345\N{NO-BREAK SPACE}78901", ["12345\N{NO-BREAK SPACE}7890", "1"]),
        ("12345\N{ZERO WIDTH SPACE}678901", ["12345", "678901"]),
        ("Sil\N{SOFT HYPHEN}ben\N{SOFT HYPHEN}trennung", ["Silbentren", "nung"]),
    ],
)
def test_lines_are_broken_where_they_may_be(text: str, lines: list[str]) -> None:
    assert broken(text) == lines


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\tx", [(0, ""), (24, "x")]),
        ("a\tx", [(0, "a"), (24, "x")]),
        ("abcd\tx", [(0, "abcd"), (48, "x")]),
        ("a\t\tx", [(0, "a"), (24, ""), (48, "x")]),
    ],
)
def test_tabs_go_to_the_next_stop(text: str, line: Line) -> None:
    (page,) = leaves([[text]], TYPED, 0, 1)
    (found,) = page
    assert [text for _, text in found] == [text for _, text in line]
    assert [at for at, _ in found] == pytest.approx([at for at, _ in line], abs=0.05)


def test_a_tab_beyond_the_line_begins_a_new_one() -> None:
    assert broken("123456789\tx") == ["123456789\t", "x"]


def test_each_page_holds_what_fits_and_each_sheet_begins_one() -> None:
    assert written(["1", "2", "3", "4"], ["5"], [""]) == [["1", "2", "3"], ["4"], ["5"], [""]]
    assert written(["1", "2", "3", "4"], first_top=12) == [["1", "2"], ["3", "4"]]
    assert written(["1", "2"], first_top=30) == [["1"], ["2"]]


def test_more_pages_than_allowed_are_not_whole() -> None:
    assert len(written(["x"] * 9, most=3)) == 3
    with pytest.raises(NotWhole, match="more than 3"):
        written(["x"] * 10, most=3)


@given(st.text(st.sampled_from("abWÄßi .-/=\t\N{ZERO WIDTH SPACE}\N{NO-BREAK SPACE}€Жλ"), max_size=400))
def test_nothing_is_lost_and_nothing_stands_outside(text: str) -> None:
    for look in (TYPED, LETTER):
        lines = [line for page in leaves([[text]], look, 0, 10_000) for line in page]
        letters = "".join(piece for line in lines for _, piece in line)
        assert letters == text.replace("\t", "").replace("\N{ZERO WIDTH SPACE}", "")
        assert all(width(line, look) <= look.right + 1e-6 for line in lines if line[-1][1].strip(" "))


@pytest.mark.parametrize("name", [SANS, MONO])
def test_the_faces_have_all_that_they_are_asked_for(name: str) -> None:
    (path,) = Path("/usr/share/fonts").rglob(f"{name}.ttf")
    drawn = ImageFont.truetype(path, 40, layout_engine=ImageFont.Layout.BASIC)
    missing = bytes(drawn.getmask("\uffff"))
    assert [letter for letter in sorted(lines_module._EUROPEAN) if bytes(drawn.getmask(letter)) == missing] == []


@pytest.mark.parametrize("text", ["Grüße aus Łódź", "Привет", "Γειά", "5 € — „gut“", "a\tb\N{ZERO WIDTH SPACE}"])
def test_european_text_can_be_set(text: str) -> None:
    assert can_set([text], LETTER)


@pytest.mark.parametrize("text", ["שלום", "مرحبا", "你好", "ไทย", "u\N{COMBINING DIAERESIS}", "\N{GRINNING FACE}"])
def test_what_takes_more_cannot(text: str) -> None:
    assert not can_set(["Hallo", text], LETTER)


def test_without_its_face_nothing_can_be_set() -> None:
    nowhere = Look("NoSuchFace", 10, 12, 0, 100, 0, 100, 8)
    assert not can_set(["Hallo"], nowhere)
    with pytest.raises(OSError, match="NoSuchFace"):
        Face("NoSuchFace")
