"""Texts in every usual coding, as iconv writes them."""

import subprocess

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.render.codepages import code_page, decoded, utf_16
from depesche.render.detect import HEAD, Format, detect
from depesche.render.text import plain_text

LETTER = """Müller & Söhne GmbH
Änderungsstraße 5
20095 Hamburg

Sehr geehrte Damen und Herren,

für Ihre Bemühungen möchten wir uns herzlich bedanken. Übrigens: Größere
Mengen liefern wir selbstverständlich frei Haus. Öffnungszeiten: täglich
außer Sonntag. Rückfragen an Frau Schäfer, Tel. 0221 4711.

Mit freundlichen Grüßen
"""
SHORT = {
    "one word": "Grüße",
    "a name": "Jörg Weiß",
    "capitals": "RECHNUNG FÜR GRÖSSERE MENGEN",
    "a street": "Königstraße 12",
    "a beginning": "Übersicht",
    "an end": "Menü",
}
WINDOWS = {
    "quotation marks": "Das Wort „gut“ steht – wie immer – am Anfang … und Frau Müller sagt: ‚Ja‘.",
    "an apostrophe": "So geht’s nicht.",
    "the euro": "Summe: 1.234,56 €\r\nAnzahlung: € 100,00",
    "signs": "§ 5 Abs. 2: 20 °C, 12 m², 3 m³, 5 µm, ½ Liter, © 2026",
    "French": "Chère Madame, j’ai bien reçu votre lettre du 3 août. Voilà où ça mène: l’été, le Noël, l’œuvre.",
    "Spanish": "El señor Núñez está aquí mañana: más días, según él. ¿Qué? ¡Sí!",
    "Italian": "La città è più bella così, perché è già libertà.",
    "Danish": "Kære Søren, på gensyn i Århus. Ærø og Møn er øer.",
    "Portuguese": "São João não está, amanhã também não. A organização é nossa, à tarde, três lições.",
    "Swedish": "Hälsningar från Malmö, på återseende. Åsa och Östen.",
}
DOS = {
    "rules": "┌──────────┬───────┐\r\n│ Müller   │ 12,50 │\r\n├──────────┼───────┤\r\n│ Größe    │ 14,90 │\r\n"
    "└──────────┴───────┘\r\n",
    "double rules": "╔═══════╗\r\n║ Menü  ║\r\n╚═══════╝\r\n",
    "bars": "Umsatz ████████▓▓▒▒░░ 80 %\r\n",
}
MIXED = "╒═════╤══╕\r\n│Größe│12│\r\n╞═════╪══╡\r\n│Länge│14│\r\n╘═════╧══╛\r\n"
"""Rules of CP437 alone."""


def written(text: str, codec: str) -> bytes:
    """By iconv(1)."""
    ran = subprocess.run(
        ["/usr/bin/iconv", "-f", "UTF-8", "-t", codec], input=text.encode(), capture_output=True, check=True
    )
    return ran.stdout


def texts(data: bytes) -> list[str]:
    """What is written on each sheet."""
    with pdfium.PdfDocument(plain_text(data, 20).pdf) as document:
        return [page.get_textpage().get_text_range() for page in document]


UNICODE = ("UTF-8", "UTF-16LE", "UTF-16BE")
EIGHT_BITS = ("WINDOWS-1252", "ISO-8859-1", "ISO-8859-15", "CP850", "CP437", "MACINTOSH")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("codec", UNICODE)
def test_unicode_is_read_with_and_without_its_mark(codec: str, mark: str) -> None:
    data = written(mark + LETTER, codec)
    assert detect("brief.txt", data[:HEAD]) == (Format.TEXT, None)
    assert "".join(texts(data)).split() == LETTER.split()


@pytest.mark.parametrize("codec", EIGHT_BITS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_letter_is_read_in_every_code_page_and_with_every_line_end(codec: str, end: str) -> None:
    data = written(LETTER.replace("\n", end), codec)
    assert detect("brief.txt", data[:HEAD]) == (Format.TEXT, None)
    (sheet,) = texts(data)
    assert [line.strip() for line in sheet.splitlines() if line.strip()] == [
        line for line in LETTER.splitlines() if line
    ]


@pytest.mark.parametrize("codec", [*UNICODE, *EIGHT_BITS])
@pytest.mark.parametrize("text", SHORT.values(), ids=SHORT)
def test_few_umlauts_are_enough(text: str, codec: str) -> None:
    assert decoded(written(text, codec)) == text


@pytest.mark.parametrize("text", WINDOWS.values(), ids=WINDOWS)
def test_what_windows_writes_is_not_taken_for_another_code_page(text: str) -> None:
    data = written(text, "WINDOWS-1252")
    assert decoded(data) == text
    assert code_page(data) == "cp1252"


@pytest.mark.parametrize("codec", ["CP850", "CP437"])
@pytest.mark.parametrize("text", DOS.values(), ids=DOS)
def test_tables_of_dos_have_their_rules(text: str, codec: str) -> None:
    data = written(text, codec)
    assert decoded(data) == text
    assert "".join(texts(data)).split() == text.split()


def test_rules_that_one_code_page_of_dos_has_tell_which_it_is() -> None:
    assert decoded(written(MIXED, "CP437")) == MIXED


@pytest.mark.parametrize("codec", ["ISO-8859-15", "CP858", "MACINTOSH"])
def test_the_euro_is_found_where_each_code_page_has_it(codec: str) -> None:
    text = "Summe für Größe 5: 1.234,56 €\r\n"
    assert decoded(written(text, codec)) == text


def test_form_feeds_and_tabs_are_kept_in_every_coding() -> None:
    for codec in (*UNICODE, *EIGHT_BITS):
        first, second = texts(written("Größe:\tgroß\f\tzweite Säule", codec))
        assert (first.split(), second.split()) == (["Größe:", "groß"], ["zweite", "Säule"])


@pytest.mark.parametrize("text", ["Привет, мир! Это письмо.", "Γειά και πάλι. 12", "שלום עולם 5", "你好。 OK 12"])
@pytest.mark.parametrize("codec", ["UTF-16LE", "UTF-16BE"])
def test_other_scripts_in_utf_16_need_no_mark(text: str, codec: str) -> None:
    assert decoded(written(text * 20, codec)) == text * 20


@pytest.mark.parametrize("cut", [1, 2])
def test_utf_8_that_is_cut_off_or_joined_is_utf_8_all_the_same(cut: int) -> None:
    data = ("Größe und Länge, für alle schönen Fälle: äöü ÄÖÜ ß " * 3 + "€").encode()[:-cut]
    assert decoded(data).startswith("Größe und Länge, für")
    assert decoded(b"Gr\xfc\xdfe: " + data).endswith("ÄÖÜ ß \ufffd")


@pytest.mark.parametrize("data", [bytes(100), b"\0a" * 50 + b"a\0" * 50, bytes(range(256)), b"\1\0\2\0\3\0\4\0" * 20])
def test_binary_data_is_no_utf_16(data: bytes) -> None:
    assert utf_16(data) is None


@given(st.binary(max_size=300))
def test_any_octets_become_some_text(data: bytes) -> None:
    assert isinstance(decoded(data), str)


@given(st.text(st.sampled_from("abc äöüß\n"), min_size=1))
def test_no_letter_is_lost(text: str) -> None:
    assert len(decoded(text.encode("cp1252"))) == len(text)
