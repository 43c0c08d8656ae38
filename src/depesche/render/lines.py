"""Long text broken into lines and pages in one face, for the `Press`.

Characters are set one after the other, as European scripts allow; what takes more than that, shaping or writing from
right to left, is left to WeasyPrint: see `can_set`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont

from depesche.render.errors import NotWhole

_FONTS = Path("/usr/share/fonts")

_EUROPEAN = frozenset(
    character
    for page in ("cp1250", "cp1251", "cp1252", "cp1253")
    for character in bytes(range(0x20, 0x100)).replace(b"\x7f", b"").decode(page, "ignore")
)
"""What every Liberation face has (WGL4), and what needs no more than one glyph after the other."""

_BREAK_POINT = "\N{ZERO WIDTH SPACE}"
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"
_WORD = re.compile(rf"\t| +|{_BREAK_POINT}|-*(?:[^\t {_BREAK_POINT}-]|-(?![^\W\d]))+-?|-+")
"""A tab, blanks, a break point, or what stays on one line: up to a blank, or a hyphen within a word."""

_UNITS = 2048
"""Pixels of an em at which a face is measured: its own grid, on which nothing is rounded."""


class Face:
    """A TrueType face of Debian's fonts-liberation."""

    def __init__(self, name: str) -> None:
        """Raises: OSError: it is not installed."""
        path = next(_FONTS.rglob(f"{name}.ttf"), _FONTS / f"{name}.ttf")
        self.data = path.read_bytes()
        self._measured = ImageFont.truetype(path, _UNITS, layout_engine=ImageFont.Layout.BASIC)
        ascent, descent = self._measured.getmetrics()
        self.ascent, self.descent = ascent / _UNITS, descent / _UNITS
        self._advances: dict[str, float] = {}

    def advance(self, text: str) -> float:
        """The width in ems."""
        return sum(map(self._advance, text))

    def _advance(self, character: str) -> float:
        if character not in self._advances:
            self._advances[character] = self._measured.getlength(character) / _UNITS
        return self._advances[character]


@dataclass(frozen=True, slots=True)
class Look:
    """How lines are set; lengths in points, from the upper left corner of the sheet."""

    face: str
    size: float
    leading: float
    left: float
    right: float
    top: float
    bottom: float
    tab: int
    """Widths of a blank from one tab stop to the next."""


Line = list[tuple[float, str]]
"""Pieces of a line, each with the points to the left of it."""


def can_set(text: Iterable[str], look: Look) -> bool:
    """Whether all characters are European ones, and the face is there."""
    try:
        face(look.face)
    except OSError:
        return False
    return set().union(*text) <= _EUROPEAN | {"\t", _BREAK_POINT, _SOFT_HYPHEN}


@cache
def face(name: str) -> Face:
    """Raises: OSError: it is not installed."""
    return Face(name)


def leaves(
    sheets: Iterable[Iterable[str]], look: Look, first_top: float, most: int, first_bottom: float | None = None
) -> list[list[Line]]:
    """The lines of each page; every sheet begins a new one. `first_top`, `first_bottom`: of the first page.

    Raises: NotWhole: they are more than `most`.
    """
    pages: list[list[Line]] = []
    room = 0
    for sheet in sheets:
        room = 0
        for line in (set_line for text in sheet for set_line in _broken(text, look)):
            if not room:
                top, bottom = (look.top, look.bottom) if pages else (first_top, first_bottom or look.bottom)
                room = max(1, int((bottom - top) / look.leading + 1e-6))
                pages.append([])
                if len(pages) > most:
                    raise NotWhole(f"the text takes more than {most} pages")
            pages[-1].append(line)
            room -= 1
    return pages


def _broken(text: str, look: Look) -> Iterator[Line]:
    """A line of text as the lines that it takes."""
    measure, width = face(look.face), look.right - look.left
    stop = look.tab * measure.advance(" ") * look.size
    line: Line = [(0.0, "")]
    at = 0.0
    for word in _WORD.findall(text.replace(_SOFT_HYPHEN, "")):
        if word == "\t":
            at = (at // stop + 1) * stop
            line.append((at, ""))
        elif word != _BREAK_POINT:
            for piece in _pieces(word, measure, width / look.size):
                taken = measure.advance(piece) * look.size
                if at + taken > width and at and piece.strip(" "):
                    yield line
                    line, at = [(0.0, "")], 0.0
                line[-1] = line[-1][0], line[-1][1] + piece
                at += taken
    yield line


def _pieces(word: str, measure: Face, width: float) -> Iterator[str]:
    """A word as it is, or cut where it is wider than a line of `width` ems."""
    if not word.strip(" ") or measure.advance(word) <= width:
        yield word
        return
    begin, taken = 0, 0.0
    for number, character in enumerate(word):
        taken += measure.advance(character)
        if taken > width and number > begin:
            yield word[begin:number]
            begin, taken = number, measure.advance(character)
    yield word[begin:]
