"""Text set on sheets of A4, as PDF: the page in front of a fax (SendText) and text files.

The customer's text is text: it is escaped, never read as HTML, and its quotes, dashes and blanks stay as they are.
Nothing is fetched. Running text is hyphenated in its language; text files are set in a face of even width, because
columns in them are made of blanks.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from weasyprint import HTML  # type: ignore[import-untyped]
from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]

from depesche.render.errors import NotWhole
from depesche.render.order import TextPage
from depesche.render.typography import decoded, one_line, paragraphs, sheets, telephone

FACE = '"Liberation Sans", "DejaVu Sans", sans-serif'
PLAIN_FACE = '"Liberation Mono", "DejaVu Sans Mono", monospace'

HYPHENATED = 100_000
"""Longer texts are set without hyphenation: it takes most of the time."""

SHEET_LINES = 64
SHEET_COLUMNS = 220
"""No sheet holds more lines and no line more letters: what is too long is known before it is set."""

_STYLE = Template((files("depesche.render") / "text.css").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Sheets:
    """A finished PDF document."""

    pdf: bytes
    pages: int


@dataclass(frozen=True, slots=True)
class _Words:
    """The template's words in one language."""

    language: str
    kind: str
    recipient: str
    sender: str
    date: str
    pages: str
    page: str
    of: str
    day: str
    """Pattern of a date; the month's name is put in for {month}."""

    months: str


_GERMAN = _Words(
    "de", "Telefax", "An", "Von", "Datum", "Seiten", "Seite", "von", "{0.day}. {month} {0.year}, {0:%H:%M} Uhr",
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
)  # fmt: skip
_ENGLISH = _Words(
    "en", "Fax", "To", "From", "Date", "Pages", "Page", "of", "{0.day} {month} {0.year}, {0:%H:%M}",
    "January February March April May June July August September October November December",
)  # fmt: skip


def text_page(page: TextPage, others: int, most: int) -> Sheets:
    """The sheets in front of a fax of which `others` more pages follow.

    Raises: NotWhole: they are more than `most`.
    """
    words = _GERMAN if page.language.lower().startswith("de") else _ENGLISH
    lines = sheets(page.text)
    _refuse_long(lines, most)
    style = "hyphens" if len(page.text) <= HYPHENATED else "long"
    body = (_heading(page, words), f"<main class={style}>", *_paragraphs(lines), "</main>", *_blanks(others))
    return _set(words, body, others, most)


def plain_text(data: bytes, most: int) -> Sheets:
    """A text file. Raises: Damaged: empty or not decodable; NotWhole: it has more than `most` sheets."""
    lines = sheets(decoded(data))
    _refuse_long(lines, most)
    return _set(_GERMAN, ("<main class=plain>", *_paragraphs(lines), "</main>"), 0, most)


def _refuse_long(lines: Iterable[list[str]], most: int) -> None:
    rows = sum(-(-len(line) // SHEET_COLUMNS) or 1 for sheet in lines for line in sheet)
    _refuse_more(-(-rows // SHEET_LINES), most)


def _refuse_more(pages: int, most: int) -> None:
    if pages > most:
        raise NotWhole(f"the text takes more than {most} pages")


def _heading(page: TextPage, words: _Words) -> str:
    """Who to whom, when, how much."""
    sender, number = one_line(page.sender), one_line(telephone(page.sender_number))
    facts = (
        (words.recipient, "", one_line(telephone(page.recipient))),
        (words.date, "", _day(page.sent_on, words)),
        (words.sender, "", number or sender),
        (words.pages, "pages", ""),
    )
    shown = (f"<dt>{term}</dt><dd class='{kind}'>{escape(fact)}</dd>" for term, kind, fact in facts)
    return f"<header><h1>{escape(sender)}</h1><div class=kind>{words.kind}</div></header><dl>{''.join(shown)}</dl>"


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


def _set(words: _Words, body: Iterable[str], others: int, most: int) -> Sheets:
    style = _STYLE.substitute(face=FACE, plain=PLAIN_FACE, page=json.dumps(words.page), of=json.dumps(words.of))
    html = f"<html lang={words.language}><style>{style}</style><body>{''.join(body)}</body></html>"
    document: Any = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",))).render()
    pages = len(document.pages) - others
    _refuse_more(pages, most)
    return Sheets(document.copy(document.pages[:pages]).write_pdf(), pages)
