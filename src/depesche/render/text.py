"""Text set on sheets of A4, as PDF: the page in front of a fax (SendText) and text files.

The customer's text is text: it is escaped, never read as HTML, and its quotes, dashes and blanks stay as they are.
Nothing is fetched. Running text is hyphenated in its language; text files are set in a face of even width, because
columns in them are made of blanks. Long text goes through the `Press`, which looks alike but cannot hyphenate.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files
from itertools import chain
from string import Template
from typing import Any

from weasyprint import HTML  # type: ignore[import-untyped]
from weasyprint.urls import FatalURLFetchingError  # type: ignore[import-untyped]

from depesche.model.cover import Cover
from depesche.render.cover import own_sheets
from depesche.render.errors import NotWhole
from depesche.render.inline import Inline, Omissions, listening
from depesche.render.lines import Look, can_set, face, leaves
from depesche.render.memory import enough
from depesche.render.order import STANDARD, TextPage
from depesche.render.pages import Sheets
from depesche.render.press import MM, Press
from depesche.render.typography import decoded, one_line, paragraphs, sheets, telephone

FACE = '"Liberation Sans", "DejaVu Sans", sans-serif'
PLAIN_FACE = '"Liberation Mono", "DejaVu Sans Mono", monospace'

LONG = 100_000
"""Longer texts go through the press if it has their characters, and are set without hyphenation in any case."""

LETTER = Look(
    "LiberationSans-Regular", size=11.5, leading=11.5 * 1.4,
    left=25 * MM, right=190 * MM, top=28 * MM, bottom=277 * MM, tab=16,
)  # fmt: skip
TYPED = Look(
    "LiberationMono-Regular", size=10, leading=10 * 1.2,
    left=20 * MM, right=190 * MM, top=15 * MM, bottom=282 * MM, tab=8,
)  # fmt: skip
"""As in text.css, for letters and for text files."""

FOOTER_TOP = 267 * MM
"""Where the text of a first sheet with a footer ends."""

HEAD_SIZE, HEAD_RULE = 9.5, 0.25 * MM

POINTS_PER_PIXEL = 72 / 96
"""Of CSS."""

PIXELS = 1
"""Of a picture on the standard template, which has none."""

SHEET_LINES = 64
SHEET_COLUMNS = 220
"""No sheet holds more lines and no line more letters: what is too long is known before it is set."""

_FOOTER = Template(
    "@page :first { margin-bottom: 30mm; @bottom-left { content: $text; width: 100%; white-space: pre-wrap;"
    " vertical-align: top; margin-top: 4mm; padding-top: 1.5mm; border-top: 0.25mm solid; font: 8.5pt/1.25 $face; } }"
)
_STYLE = Template((files("depesche.render") / "text.css").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class _Words:
    """The template's words in one language."""

    language: str
    kind: str
    recipient: str
    several: str
    """Pattern of what stands for several recipients."""

    sender: str
    date: str
    pages: str
    page: str
    of: str
    day: str
    """Pattern of a date; the month's name is put in for {month}."""

    months: str


_GERMAN = _Words(
    "de", "Telefax", "An", "Verteiler ({} Empfänger)", "Von", "Datum", "Seiten", "Seite", "von",
    "{0.day}. {month} {0.year}, {0:%H:%M} Uhr",
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
)  # fmt: skip
_ENGLISH = _Words(
    "en", "Fax", "To", "Distribution list ({} recipients)", "From", "Date", "Pages", "Page", "of",
    "{0.day} {month} {0.year}, {0:%H:%M}",
    "January February March April May June July August September October November December",
)  # fmt: skip


def text_page(page: TextPage, others: int, most: int, pixels: int = PIXELS) -> Sheets:
    """The sheets in front of a fax of which `others` more pages follow; `pixels`: of a picture on them at most.

    Raises: NotWhole: they are more than `most`; Damaged: the account's own template or logo cannot be set.
    """
    words = _GERMAN if page.language.lower().startswith("de") else _ENGLISH
    lines = sheets(page.text)
    _refuse_long(lines, most)
    if page.cover.html:
        return own_sheets(page, _day(page.sent_on, words), _recipient(page, words), others, most, pixels)
    is_long = len(page.text) > LONG
    if is_long and can_set(chain([one_line(page.sender)], *lines), LETTER):
        return _pressed_page(page, words, lines, others, most, pixels)
    style = "long" if is_long else "hyphens"
    body = (_heading(page, words), f"<main class={style}>", *_paragraphs(lines), "</main>", *_blanks(others))
    return _set(words, body, others, most, page.cover, pixels)


def plain_text(data: bytes, most: int) -> Sheets:
    """A text file. Raises: Damaged: empty or not decodable; NotWhole: it has more than `most` sheets."""
    text = decoded(data)
    lines = sheets(text)
    _refuse_long(lines, most)
    if len(text) > LONG and can_set(chain(*lines), TYPED):
        return _pressed_file(lines, most)
    return _set(_GERMAN, ("<main class=plain>", *_paragraphs(lines), "</main>"), 0, most)


def _refuse_long(lines: Iterable[list[str]], most: int) -> None:
    rows = sum(-(-len(line) // SHEET_COLUMNS) or 1 for sheet in lines for line in sheet)
    _refuse_more(-(-rows // SHEET_LINES), most)


def _refuse_more(pages: int, most: int) -> None:
    if pages > most:
        raise NotWhole(f"the text takes more than {most} pages")


def _heading(page: TextPage, words: _Words, pages: str = "") -> str:
    """Who to whom, when, how much; `pages`: if WeasyPrint does not count them."""
    sender, number = one_line(page.sender), one_line(telephone(page.sender_number))
    facts = (
        (words.recipient, "", one_line(_recipient(page, words))),
        (words.date, "", _day(page.sent_on, words)),
        (words.sender, "", number or sender),
        (words.pages, "" if pages else "pages", pages),
    )
    shown = (
        f"<dt>{term if kind or fact else ''}</dt><dd class='{kind}'>{escape(fact)}</dd>" for term, kind, fact in facts
    )
    logo = f'<img class=logo src="{escape(page.cover.logo)}">' if page.cover.logo else ""
    return (
        f"{logo}<header><h1>{escape(sender)}</h1><div class=kind>{words.kind}</div></header><dl>{''.join(shown)}</dl>"
    )


def _recipient(page: TextPage, words: _Words) -> str:
    return telephone(page.recipient) if page.recipients == 1 else words.several.format(page.recipients)


def _day(moment: datetime, words: _Words) -> str:
    return words.day.format(moment, month=words.months.split()[moment.month - 1])


def _paragraphs(lines: Iterable[list[str]]) -> Iterator[str]:
    """The customer's lines, none lost and none joined."""
    for number, sheet in enumerate(lines):
        style = " class=sheet" if number else ""
        for piece in paragraphs(sheet):
            # a line end at the end of a paragraph does not count (CSS Text 3 §4.1.1), so an empty last line needs two
            yield f"<p{style}>{escape(piece)}{'<br>' if not piece or piece.endswith(chr(10)) else ''}</p>"
            style = ""


def _blanks(others: int) -> Iterator[str]:
    """The pages that follow stand in as blank ones while the pages are counted; they are left out of the document."""
    return ("<div class=file></div>" for _ in range(others))


def _set(
    words: _Words, body: Iterable[str], others: int, most: int, cover: Cover = STANDARD, pixels: int = PIXELS
) -> Sheets:
    document, warnings = _rendered(words, body, cover, pixels)
    pages = len(document.pages) - others
    _refuse_more(pages, most)
    return Sheets(document.copy(document.pages[:pages]).write_pdf(), pages, warnings)


def _rendered(words: _Words, body: Iterable[str], cover: Cover, pixels: int) -> tuple[Any, tuple[str, ...]]:
    """The laid out document, and what it lacks."""
    style = _STYLE.substitute(face=FACE, plain=PLAIN_FACE, page=json.dumps(words.page), of=json.dumps(words.of))
    style += _FOOTER.substitute(face=FACE, text=css_string(cover.footer)) if cover.footer else ""
    html = f"<html lang={words.language}><style>{style}</style><body>{''.join(body)}</body></html>"
    omissions = Omissions()
    inline = Inline(pixels, omissions)
    try:
        with listening(omissions, sys.maxsize) if cover.logo else nullcontext():
            rendered = HTML(string=html, url_fetcher=inline).render()
    except FatalURLFetchingError as error:
        raise inline.fault or error from error
    if inline.fault:
        raise inline.fault
    return rendered, omissions.warnings()


def css_string(text: str) -> str:
    """As a string of CSS within a ``<style>`` (CSS Syntax 3 §4.3.5): nothing in it ends either."""
    return '"' + "".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in text) + '"'


def _pressed_page(
    page: TextPage, words: _Words, lines: Sequence[list[str]], others: int, most: int, pixels: int
) -> Sheets:
    """A heading by WeasyPrint, and the rest by the press."""
    top, *_ = _alone(page, words, 1, pixels)
    pages = leaves(lines, LETTER, top, most, FOOTER_TOP if page.cover.footer else None)
    _, heading, warnings = _alone(page, words, len(pages) + others, pixels)
    with enough():
        press = Press(LETTER.face)
        for number, leaf in enumerate(pages, 1):
            sheet = press.page()
            if number == 1:
                press.lay(sheet, heading)
            else:
                _head(press, sheet, one_line(page.sender), f"{words.page} {number} {words.of} {len(pages) + others}")
            press.lines(sheet, leaf, LETTER, LETTER.top if number > 1 else top)
            press.end(sheet)
        return Sheets(press.save(), len(pages), warnings)


def _alone(page: TextPage, words: _Words, pages: int, pixels: int) -> tuple[float, bytes, tuple[str, ...]]:
    """The heading without the text: the points from the upper edge to where the text begins, the sheet as PDF, and what
    is not on it.
    """
    body = (_heading(page, words, str(pages)), "<main id=text></main>")
    document, warnings = _rendered(words, body, page.cover, pixels)
    _, top, *_ = document.pages[0].anchors["text"]
    return top * POINTS_PER_PIXEL, document.write_pdf(), warnings


def _head(press: Press, sheet: Any, sender: str, number: str) -> None:
    """What stands above the text from the second sheet on, as text.css has it."""
    rule = 22 * MM - HEAD_RULE
    measure = face(LETTER.face)
    base = rule - 1.5 * MM - measure.descent * HEAD_SIZE
    room = 0.6 * (LETTER.right - LETTER.left) / HEAD_SIZE
    while measure.advance(sender) > room:
        sender = f"{sender[:-2]}…"
    press.text(sheet, sender, HEAD_SIZE, LETTER.left, base)
    press.text(sheet, number, HEAD_SIZE, LETTER.right - measure.advance(number) * HEAD_SIZE, base)
    press.rule(sheet, LETTER.left, LETTER.right, rule, HEAD_RULE)


def _pressed_file(lines: Sequence[list[str]], most: int) -> Sheets:
    pages = leaves(lines, TYPED, TYPED.top, most)
    with enough():
        press = Press(TYPED.face)
        for leaf in pages:
            sheet = press.page()
            press.lines(sheet, leaf, TYPED, TYPED.top)
            press.end(sheet)
        return Sheets(press.save(), len(pages))
