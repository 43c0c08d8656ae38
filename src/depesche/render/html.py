"""HTML documents set on sheets of A4, as PDF, as a browser would print them; by WeasyPrint.

A document's own style sheets win over ours (html.css), its size of the page too. What is too wide for the paper is set
on a larger sheet that is made smaller, as browsers do, so that nothing is cut off. No script runs.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from weasyprint import CSS, HTML  # type: ignore[import-untyped]
from weasyprint.formatting_structure import boxes  # type: ignore[import-untyped]
from weasyprint.urls import FatalURLFetchingError  # type: ignore[import-untyped]

from depesche.render.codepages import has_mark_of_utf_16, utf_16
from depesche.render.errors import Damaged, RenderError
from depesche.render.inline import BASE, Inline, Omissions, SystemFonts, listening
from depesche.render.pages import Sheets

DEEPEST = 256
"""Elements in elements; browsers stop at 512."""

FRAMES = 20_000
"""Of Python's stack; WeasyPrint goes down into the elements."""

MOST_SHRUNK = 3.0
"""A page that is wider than the paper by a larger factor is cut off: nobody could read it."""

TOLERANCE = 2.0
"""Pixels of CSS that something may be too wide; blanks at the end of lines are."""

DECLARED = 4096
"""Octets in which a document may say its encoding."""

NOT_SHOWN = ("iframe", "frame", "video", "audio", "applet")
"""Elements that show something from elsewhere."""

_XML = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_META = re.compile(rb"<meta\b[^>]{0,500}?\bcharset\s*=", re.IGNORECASE)

_STYLE = (files("depesche.render") / "html.css").read_text("utf-8")


def html_document(data: bytes, most: int, pixels: int) -> Sheets:
    """An HTML file; `pixels`: of one picture in it at most.

    Raises: Damaged: empty, nested too deeply, with a picture that is larger than allowed; NotWhole: it has more than
    `most` pages; MemoryError.
    """
    if not data.strip():
        raise Damaged("the HTML document is empty")
    return set_html(data, most, pixels, encoding(data))


def set_html(html: bytes | str, most: int, pixels: int, charset: str | None = None) -> Sheets:
    """The same for HTML that is no file."""
    omissions = Omissions()
    inline = Inline(pixels, omissions)
    try:
        with listening(omissions, most), _deep():
            document = HTML(string=html, encoding=charset, url_fetcher=inline)
            document.base_url = BASE
            _look_at(document.etree_element, omissions)
            pdf, pages = _printed(document, omissions)
    except FatalURLFetchingError as error:
        raise inline.fault or error from error
    except (RenderError, MemoryError, OSError):
        raise
    except Exception as error:  # sizes without end, addresses that are none: it may be anything
        raise inline.fault or Damaged(f"the HTML document cannot be set: {type(error).__name__}") from error
    if inline.fault:
        raise inline.fault
    return Sheets(pdf, pages, omissions.warnings())


def encoding(data: bytes) -> str | None:
    """What the document does not say in HTML: UTF-16, UTF-8, XML's declaration; None: it says so itself.

    The mark at the beginning wins, then ``<meta>``; what says nothing and is no UTF-8 is Windows-1252.
    """
    head = data[:DECLARED]
    if not has_mark_of_utf_16(head) and (codec := utf_16(head)):
        return codec
    if _META.search(head):
        return None
    declared = _XML.match(head)
    if declared:
        return declared[1].decode("ascii")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"


@contextmanager
def _deep() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _look_at(root: Any, omissions: Omissions) -> None:
    """Refuse what is nested too deeply, and note what is not shown. Raises: Damaged."""
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise Damaged(f"the elements of the HTML document are nested more than {DEEPEST} deep")
        for element in level:
            if element.tag in NOT_SHOWN:
                omissions.name(element.get("src") or f"what {element.tag} shows")
            for name in ("src", "href", "data"):
                if not _is_address(element.get(name, "")):
                    omissions.name(element.attrib.pop(name))
            if "attachment" in element.get("rel", "").lower():
                omissions.name(element.get("href") or "an attachment")
                del element.attrib["rel"]
        level = [child for element in level for child in element]


def _is_address(text: str) -> bool:
    """Whether it can be taken to pieces; WeasyPrint believes that everything can."""
    try:
        urlsplit(text)
    except ValueError:
        return False
    return True


def _printed(document: Any, omissions: Omissions) -> tuple[bytes, int]:
    """The document as PDF, and its pages."""
    set_up = _set(document, omissions)
    excess = max(map(_excess, set_up.pages))
    if excess > 1:
        scale = min(excess, MOST_SHRUNK)
        page = set_up.pages[0]
        size = f"@page {{ size: {page.width * scale}px {page.height * scale}px !important }}"
        set_up = _set(document, omissions, size)
        omissions.say(f"the HTML document is wider than the paper: it was reduced to {100 / scale:.0f} %")
        if excess > MOST_SHRUNK:
            omissions.say("what is still too wide is cut off")
        return set_up.write_pdf(zoom=1 / scale), len(set_up.pages)
    return set_up.write_pdf(), len(set_up.pages)


def _set(document: Any, omissions: Omissions, more: str = "") -> Any:
    fonts = SystemFonts(omissions)
    style = CSS(string=_STYLE + more, url_fetcher=document.url_fetcher, font_config=fonts)
    rendered = document.render(font_config=fonts, stylesheets=[style], presentational_hints=True)
    rendered.metadata.attachments = []
    return rendered


def _excess(page: Any) -> float:
    """By what factor a page had to be wider to hold all that is on it; 1 at least."""
    sheet = page._page_box  # noqa: SLF001  WeasyPrint tells it in no other way
    right = sheet.position_x + sheet.margin_left + sheet.border_left_width + sheet.padding_left + sheet.width
    furthest = max(_edges(sheet.children[0]), default=right)
    return max(1.0, float(furthest - right - TOLERANCE + page.width) / float(page.width))


def _edges(root: Any) -> Iterator[float]:
    """The right edges of what can be seen below a box, as far as nothing clips it."""
    waiting = [root]
    while waiting:
        box = waiting.pop()
        if isinstance(box, (boxes.TextBox, boxes.ReplacedBox, boxes.TableBox)):
            yield box.position_x + box.margin_width()
        if isinstance(box, boxes.ParentBox) and (box is root or box.style["overflow"] == "visible"):
            waiting.extend(box.children)
