"""The report on a fax, set on sheets of A4: one to be filed, with the picture of page 1 dot by dot as it was sent.

WeasyPrint makes three bytes of each dot of a black and white picture; they are put back to the one bit that they had,
so that what can be taken out of the PDF (``pdfimages``) is the raster itself, and its SHA-256 can be compared.
"""

import base64
import io
import re
import sys
import zlib
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from string import Template
from typing import BinaryIO, cast

import pydyf  # type: ignore[import-untyped]
from PIL import Image
from weasyprint import HTML  # type: ignore[import-untyped]

from depesche.model.resolution import X_DPI, nearest
from depesche.render.inline import Inline, Omissions
from depesche.render.order import Lines, Points, Report, Table
from depesche.render.pages import Sheets, mapped
from depesche.render.text import FACE, PLAIN_FACE, css_string
from depesche.render.typography import one_line

VARIANT = "pdf/a-3b"
"""For archives: all that is needed to show it is in it."""

PICTURE_WIDTH, PICTURE_HEIGHT, ALARM_HEIGHT = 112.0, 156.0, 20.0
"""Millimetres that the picture has at most, and that it leaves to an alarm above it."""

MARKS = {"good": "✓", "bad": "✗", "open": "?"}

_SHA_256 = re.compile("[0-9a-f]{64}")
_STYLE = Template((files("depesche.render") / "report.css").read_text("utf-8"))


def report_sheets(report: Report, fax: BinaryIO | None) -> Sheets:
    """`fax`: a finished fax file, of which the first page is shown. Raises: MemoryError."""
    page = None if fax is None else _first_page(fax)
    style = _STYLE.substitute(
        face=FACE,
        plain=PLAIN_FACE,
        foot=css_string(one_line(report.foot)),
        page=css_string(report.page),
        of=css_string(report.of),
    )
    html = (
        f"<html lang={report.language}><head><title>{escape(report.title)}</title>"
        f'<meta name=author content="{escape(report.sender)}"><style>{style}</style></head>'
        f"<body>{_body(report, page)}</body></html>"
    )
    omissions = Omissions()
    inline = Inline(sys.maxsize, omissions)
    document = HTML(string=html, url_fetcher=inline).render()
    pdf = document.write_pdf(
        pdf_variant=VARIANT, finisher=None if page is None else lambda _, pdf: _as_it_was(pdf, page)
    )
    return Sheets(pdf, len(document.pages), omissions.warnings())


def _first_page(fax: BinaryIO) -> Image.Image:
    with Image.open(cast("BinaryIO", mapped(fax)), formats=["TIFF"]) as document:
        page = document.convert("1")
        page.info["dpi"] = document.info["dpi"]
        return page


def _as_it_was(pdf: pydyf.PDF, page: Image.Image) -> None:
    """One bit a dot, white is 1."""
    (picture,) = [thing for thing in pdf.objects if isinstance(thing, pydyf.Stream) and _is_picture(thing)]
    picture.extra["ColorSpace"] = "/DeviceGray"
    picture.extra["BitsPerComponent"] = 1
    picture.extra["Filter"] = "/FlateDecode"
    picture.extra.pop("DecodeParms", None)
    picture.stream = [zlib.compress(page.tobytes("raw", "1"), 9)]
    picture.compress = False


def _is_picture(stream: pydyf.Stream) -> bool:
    return bool(stream.extra.get("Subtype") == "/Image")


def _body(report: Report, page: Image.Image | None) -> str:
    alarm = "".join(f"<p>{escape(line)}</p>" for line in report.alarm)
    return "".join(
        (
            "<header>",
            f"<div><b>{escape(one_line(report.sender))}</b><span>{escape(one_line(report.sender_number))}</span></div>",
            f"<h1>{escape(report.title)}</h1></header>",
            f"<div class=alarm>{alarm}</div>" if alarm else "",
            f"<div class='result {report.mark}'><div class=mark>{MARKS[report.mark]}</div>",
            f"<div><h2>{escape(report.result)}</h2><p>{_clean(report.meaning)}</p></div></div>",
            f"<div class=two>{_list(report.parties)}{_list(report.times)}</div>",
            f"<section class=page>{_picture(report, page)}<div class=notes>{_list(report.notes)}</div></section>",
            _table(report.facts, "facts"),
            *(_table(table, "wide") for table in report.tables),
            f"<div class=points>{''.join(map(_points, report.points))}</div>",
        )
    )


def _picture(report: Report, page: Image.Image | None) -> str:
    if page is None:
        return f"<div class=picture><h3>{escape(report.picture)}</h3></div>"
    across, down = page.width / X_DPI, page.height / nearest(page.info["dpi"][1]).y_dpi
    height = PICTURE_HEIGHT - (ALARM_HEIGHT if report.alarm else 0)
    width = min(PICTURE_WIDTH, height * across / down)
    out = io.BytesIO()
    page.save(out, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
    size = f"width:{width:.2f}mm;height:{width * down / across:.2f}mm"
    alt = escape(report.picture)
    return f'<div class=picture><h3>{alt}</h3><img alt="{alt}" style="{size}" src="{source}"></div>'


def _list(lines: Lines) -> str:
    shown = (f"<dt>{escape(name)}</dt><dd>{_value(value)}</dd>" for name, value in lines)
    return f"<dl>{''.join(shown)}</dl>"


def _value(value: str) -> str:
    """The lines of it; the first one is what counts."""
    first, *rest = map(_clean, value.split("\n"))
    if _SHA_256.fullmatch(first):
        first = f"<code>{first[:32]}</code><code>{first[32:]}</code>"
    return first + "".join(f"<small>{line}</small>" for line in rest)


def _clean(text: str) -> str:
    """A sentence in HTML; what strangers wrote may be in it."""
    return escape("".join(character if character.isprintable() else " " for character in text))


def _table(table: Table, kind: str = "") -> str:
    heads = f"<thead><tr>{_cells(table.heads, 'th')}</tr></thead>" if any(table.heads) else ""
    rows = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in table.rows)
    note = f"<p class=note>{escape(table.note)}</p>" if table.note else ""
    body = f"<table>{heads}<tbody>{rows}</tbody></table>{note}"
    return f"<section class='{kind}'><h3>{escape(table.title)}</h3>{body}</section>"


def _cells(row: Iterable[str], tag: str) -> str:
    return "".join(f"<{tag}>{_value(cell)}</{tag}>" for cell in row)


def _points(points: Points) -> str:
    sentences = "".join(f"<li>{_clean(sentence)}</li>" for sentence in points.sentences)
    return f"<section><h3>{escape(points.title)}</h3><ul>{sentences}</ul></section>"
