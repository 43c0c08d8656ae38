"""The sheets in front of a fax, and text files."""

import ctypes
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]
import pytest

from depesche.render import text as text_module
from depesche.render.errors import Damaged, NotWhole
from depesche.render.order import TextPage
from depesche.render.pages import Sheets
from depesche.render.pdf import PdfPages
from depesche.render.text import plain_text, text_page
from documents import black, extent, file
from peers.listener import listener

PAGE = TextPage(
    "Sehr geehrte Damen und Herren,\n\nmit freundlichen Grüßen",
    "Müller & Söhne GmbH",
    "+493023125100",
    "+4940123456789",
    datetime(2026, 3, 2, 14, 5, tzinfo=ZoneInfo("Europe/Berlin")),
)
MOST = 500


def texts(sheets: Sheets) -> list[str]:
    """What is written on each sheet."""
    with pdfium.PdfDocument(sheets.pdf) as document:
        found = [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
    assert len(found) == sheets.pages
    return found


def flat(text: str) -> str:
    return " ".join(text.split())


def lines_of(text: str) -> list[float]:
    """The heights of the lines that a sheet has, in points from its lower edge."""
    sheets = text_page(replace(PAGE, text=text), 0, MOST)
    with pdfium.PdfDocument(sheets.pdf) as document:
        page = document[0].get_textpage()
        return [page.get_charbox(number)[1] for number in range(page.count_chars())]


def test_the_heading_tells_who_to_whom_when_and_how_much() -> None:
    (sheet,) = texts(text_page(PAGE, 3, MOST))
    for part in ("Müller & Söhne GmbH", "Telefax", "An", "+49 40 123456789", "Von", "+49 30 23125100",
                 "Datum", "2. März 2026, 14:05 Uhr", "Seiten", "4"):  # fmt: skip
        assert part in flat(sheet)


@pytest.mark.parametrize(
    ("language", "shown"), [("de", "Verteiler (12 Empfänger)"), ("en", "Distribution list (12 recipients)")]
)
def test_several_recipients_are_a_list_in_the_senders_language(language: str, shown: str) -> None:
    (sheet,) = texts(text_page(replace(PAGE, recipient="", recipients=12, language=language), 0, MOST))
    assert shown in flat(sheet)


def test_english_senders_write_english() -> None:
    (sheet,) = texts(text_page(replace(PAGE, language="en"), 0, MOST))
    for part in ("Fax", "To", "From", "Date", "2 March 2026, 14:05", "Pages"):
        assert part in flat(sheet)
    assert "Telefax" not in sheet


def test_a_sender_without_a_number_is_named() -> None:
    (sheet,) = texts(text_page(replace(PAGE, sender_number=""), 0, MOST))
    assert flat(sheet).count("Müller & Söhne GmbH") == 2


def test_what_nobody_knows_has_no_label_either() -> None:
    (sheet,) = texts(text_page(replace(PAGE, sender="", sender_number="", recipient=""), 0, MOST))
    assert flat(sheet).startswith("Telefax Datum 2. März 2026, 14:05 Uhr Seiten 1 Sehr geehrte")


def test_labels_and_what_they_tell_stand_on_one_line() -> None:
    with pdfium.PdfDocument(text_page(PAGE, 10, MOST).pdf) as document:
        page = document[0].get_textpage()
        for label, fact in (("An", "+49 40"), ("Datum", "2. März"), ("Von", "+49 30"), ("Seiten", "11")):
            places = [page.search(text, match_case=True).get_next()[0] for text in (label, fact)]
            origins = [_base(page, place) for place in places]
            assert origins[0] == pytest.approx(origins[1], abs=0.3)


def _base(page: Any, number: int) -> float:
    """The height of a letter's base line."""
    x, y = ctypes.c_double(), ctypes.c_double()
    assert pdfium_c.FPDFText_GetCharOrigin(page, number, x, y)
    return y.value


@pytest.mark.parametrize("others", [0, 1, 12, 480])
def test_the_number_of_pages_is_that_of_the_whole_fax(others: int) -> None:
    sheets = text_page(replace(PAGE, text="Zeile\n" * 120), others, MOST)
    assert sheets.pages == 3
    first, second, third = texts(sheets)
    assert f"Seiten {3 + others}" in flat(first)
    assert "Seite 1" not in first
    assert f"Müller & Söhne GmbH Seite 2 von {3 + others}" in flat(second)
    assert f"Seite 3 von {3 + others}" in flat(third)


def test_overflowing_text_goes_on_without_losing_a_line() -> None:
    text = "\n".join(f"Zeile {number}." for number in range(200))
    written = "\n".join(texts(text_page(replace(PAGE, text=text), 0, MOST)))
    assert [f"Zeile {number}." in written for number in range(200)] == [True] * 200


def test_long_names_are_broken_and_cut() -> None:
    names = replace(PAGE, sender="S" * 300, recipient="R" * 300, sender_number="N" * 300)
    (sheet,) = texts(text_page(names, 0, MOST))
    for letter in "SRN":
        assert sheet.count(letter) == pytest.approx(200, abs=5)
    assert "Telefax" in sheet


def test_text_is_never_read_as_html() -> None:
    text = "<h1>groß</h1> &amp; <script>alert(1)</script> <!-- nichts --> </main></body></html> ]]>"
    (sheet,) = texts(text_page(replace(PAGE, text=text, sender="<i>S</i>", recipient="<u>R</u>"), 0, MOST))
    for part in (text, "<i>S</i>", "<u>R</u>"):
        assert part in flat(sheet)


def test_nothing_is_fetched_and_no_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("GEHEIM")
    with listener() as (address, asked):
        text = (
            f"<img src='{address}/a'><link rel=stylesheet href='{address}/b'><style>@import '{address}/c';</style>"
            f"<object data='file://{secret}'></object><iframe src='{secret}'></iframe> url({address}/d)"
        )
        for page in (replace(PAGE, text=text), replace(PAGE, sender=text), replace(PAGE, recipient=text)):
            assert "GEHEIM" not in "".join(texts(text_page(page, 0, MOST)))
        assert not asked


def test_line_breaks_and_blank_lines_are_kept() -> None:
    once, twice, thrice = (max(lines_of(text)) - min(lines_of(text)) for text in ("a\nb", "a\n\nb", "a\n\n\nb"))
    assert thrice - twice == pytest.approx(twice - once, abs=0.1)
    assert twice - once == pytest.approx(11.5 * 1.4, abs=0.1)


@pytest.mark.parametrize("before", [48, 49, 50, 51, 99])
def test_blank_lines_are_kept_where_pieces_of_text_meet(before: int) -> None:
    """Lines are set in pieces of fifty."""
    with_blanks = text_page(replace(PAGE, text="x\n" * before + "\n\n\nEnde"), 0, MOST)
    with_letters = text_page(replace(PAGE, text="x\n" * before + "x\nx\nx\nEnde"), 0, MOST)
    assert _height_of("Ende", with_blanks) == pytest.approx(_height_of("Ende", with_letters))


def _height_of(word: str, sheets: Sheets) -> tuple[int, float]:
    """Its page and its height there."""
    with pdfium.PdfDocument(sheets.pdf) as document:
        for number, page in enumerate(document):
            text = page.get_textpage()
            found = text.search(word).get_next()
            if found:
                return number, text.get_charbox(found[0])[1]
    raise AssertionError(word)


def test_blanks_and_tabs_at_the_beginning_of_a_line_indent_it() -> None:
    plain, blanks, tab = (_left_of(text) for text in ("X", "    X", "\tX"))
    assert plain < blanks < tab


def _left_of(text: str) -> float:
    sheets = text_page(replace(PAGE, text=text), 0, MOST)
    with pdfium.PdfDocument(sheets.pdf) as document:
        page = document[0].get_textpage()
        return float(page.get_charbox(page.count_chars() - 1)[0])


def test_long_german_words_are_hyphenated_where_german_does() -> None:
    text = "Donaudampfschifffahrtsgesellschaft und Rechtsschutzversicherung " * 20
    broken = texts(text_page(replace(PAGE, text=text), 0, MOST))[0].replace("\N{HYPHEN}\n", "-")
    assert "Donaudampfschiff-fahrtsgesellschaft" in broken


@pytest.mark.parametrize("text", ["x" * 20_000, "ä" * 20_000, "=" * 20_000, "wort " * 20_000])
def test_text_without_a_line_end_stays_inside_the_margins(text: str) -> None:
    sheets = text_page(replace(PAGE, text=text), 0, MOST)
    with file(sheets.pdf) as document:
        left, _, right, bottom = extent(PdfPages(document, 10_000_000).draw(0).bits)
    assert left > 20 + 24 * 8
    assert right < 1728 - 20 - 19 * 8
    assert bottom < 2292 - 19 * 7.7


def test_control_characters_do_no_harm() -> None:
    text = "".join(map(chr, range(32))) + "\x7f\x80\x9f\ud800\ufffe\uffff Ende"
    assert "Ende" in texts(text_page(replace(PAGE, text=text, sender=text, recipient=text), 0, MOST))[0]


@pytest.mark.parametrize("text", ["", "\n", "   ", "\f"])
def test_a_text_of_nothing_makes_a_sheet_with_a_heading(text: str) -> None:
    assert "Telefax" in texts(text_page(replace(PAGE, text=text), 0, MOST))[0]


def test_other_scripts_are_written_in_faces_that_have_them() -> None:
    written = "".join(texts(text_page(replace(PAGE, text="Ελληνικά Кириллица € № ½ ✓ Ž"), 0, MOST)))
    for word in ("Ελληνικά", "Кириллица", "€", "№", "½", "✓", "Ž"):
        assert word in written


def test_letters_are_large_enough_for_a_fax() -> None:
    blank, capital = (text_page(replace(PAGE, text=text), 0, MOST) for text in ("", "H"))
    drawn = []
    for sheets in (blank, capital):
        with file(sheets.pdf) as document:
            drawn.append(black(PdfPages(document, 10_000_000).draw(0).bits))
    rows = (drawn[0] != drawn[1]).any(1).sum()
    assert rows >= 0.7 * 11 * 196 / 72


@pytest.mark.parametrize(
    ("text", "most"), [("x\n" * 10_000, 100), ("x\f" * 30, 20), ("x\n" * 120, 2), ("wort " * 100_000, 4)]
)
def test_text_of_more_sheets_than_allowed_is_not_whole(text: str, most: int) -> None:
    with pytest.raises(NotWhole):
        text_page(replace(PAGE, text=text), 0, most)


def test_a_text_file_is_set_in_a_face_of_even_width() -> None:
    widths = set()
    for letters in ("iiiiiiiiii.", "WWWWWWWWWW."):
        with pdfium.PdfDocument(plain_text(letters.encode(), MOST).pdf) as document:
            widths.add(round(document[0].get_textpage().get_charbox(10)[0], 1))
    assert len(widths) == 1


def test_eighty_columns_fit_on_a_line_of_a_text_file() -> None:
    (sheet,) = texts(plain_text(b"1234567890" * 8 + b"\r\n", MOST))
    assert "1234567890" * 8 in sheet


def test_a_text_file_has_no_heading_and_may_have_form_feeds() -> None:
    first, second = texts(plain_text("Eins Ä\fZwei Ö\f".encode("cp1252"), MOST))
    assert (first.strip(), second.strip()) == ("Eins Ä", "Zwei Ö")


def test_an_empty_text_file_is_damaged() -> None:
    with pytest.raises(Damaged):
        plain_text(b"", MOST)


def test_a_text_file_of_more_sheets_than_allowed_is_not_whole() -> None:
    with pytest.raises(NotWhole):
        plain_text(b"x\n" * 1000, 5)


LINES = "".join(
    f"Zeile {number}: Sehr geehrte Damen und Herren, die Rechnung (Nr. {number}) liegt bei.\tX  \n\n    Mit herzlichen "
    "Grüßen von Haus zu Haus — und eine Zeile, die für ein Blatt zu lang ist und darum auf der nächsten weitergeht.\n"
    for number in range(40)
)
Letter = tuple[str, float, float]


def letters(sheets: Sheets) -> list[list[Letter]]:
    """The visible letters of each sheet from above to below, with their left lower corners."""
    found = []
    with pdfium.PdfDocument(sheets.pdf) as document:
        for page in document:
            text = page.get_textpage()
            boxes = ((text.get_text_range(number, 1), text.get_charbox(number)) for number in range(text.count_chars()))
            shown = [(one.replace("\xad", "-"), box[0], box[1]) for one, box in boxes if one.strip()]
            found.append(sorted(shown, key=lambda letter: (-round(letter[2]), letter[1])))
    return found


@pytest.mark.parametrize("plain", [False, True])
def test_a_long_text_looks_like_a_short_one(plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def both() -> Sheets:
        return plain_text(LINES.encode(), MOST) if plain else text_page(replace(PAGE, text=LINES), 7, MOST)

    short = letters(both())
    monkeypatch.setattr(text_module, "LONG", 0)
    long = letters(both())
    assert len(short) == len(long) > 1
    for ours, theirs in zip(long, short, strict=True):
        assert sorted(one[0] for one in ours) == sorted(one[0] for one in theirs)
        assert [one[1] for one in ours] == pytest.approx([one[1] for one in theirs], abs=2)
        assert [one[2] for one in ours] == pytest.approx([one[2] for one in theirs], abs=0.5)


def test_a_long_text_is_whole_and_numbered() -> None:
    lines = [f"Zeile {number} <b>von</b> 9000" for number in range(9000)]
    sheets = text_page(replace(PAGE, text="\n".join(lines), sender="Müller " * 28), 3, MOST)
    written = [sheet.replace("\N{NO-BREAK SPACE}", " ") for sheet in texts(sheets)]
    assert [line for sheet in written for line in sheet.split("\n") if line.startswith("Zeile")] == lines
    assert f"Seiten {sheets.pages + 3}" in flat(written[0])
    for number, sheet in enumerate(written[1:], 2):
        assert re.match(rf"Müller Müller .*… ?Seite {number} von {sheets.pages + 3} ", flat(sheet))


def test_a_long_text_of_another_script_is_set_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "LONG", 100)
    text = "Γράμμα и письмо " * 10
    for letter in ("", "\N{HEBREW LETTER ALEF}", "u\N{COMBINING DIAERESIS}"):
        assert "Telefax" in texts(text_page(replace(PAGE, text=text + letter), 0, MOST))[0]
        assert "письмо" in texts(plain_text((text + letter).encode(), MOST))[0]


def test_a_long_text_takes_a_fraction_of_the_time() -> None:
    """Measured against WeasyPrint, which takes a Hebrew letter, in processor time."""
    text = "Sehr geehrte Damen und Herren, die Rechnung ist zum Monatsende fällig. " * 1500
    times = []
    for letter in ("x", "\N{HEBREW LETTER ALEF}"):
        began = process_time()
        text_page(replace(PAGE, text=text + letter), 0, MOST)
        times.append(process_time() - began)
    assert times[0] < times[1] / 2


@pytest.mark.parametrize("plain", [False, True])
def test_a_long_text_of_more_sheets_than_allowed_is_not_whole(plain: bool) -> None:
    text = "Zeile\n" * 20_000
    with pytest.raises(NotWhole):
        plain_text(text.encode(), 315) if plain else text_page(replace(PAGE, text=text), 0, 315)
