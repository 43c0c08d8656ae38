"""Characters, lines and words before they are set: what a typesetter must not be given."""

import re
from collections.abc import Iterable, Iterator

import phonenumbers

from depesche.render import codepages
from depesche.render.errors import Damaged

LONGEST_RUN = 80
"""Letters without a break; the typesetter's time grows with the square of a longer one, so it gets break points."""

LONGEST_LINE = 4000
"""A longer one is cut between two words, for the same reason."""

LONGEST_NAME = 200

PARAGRAPH_LINES = 50

_LINE_ENDS = re.compile("\r\n|[\r\v\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[^\t\n\f -~\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")
_LONG_RUN = re.compile(rf"\S{{{LONGEST_RUN},}}")
_PIECE = re.compile(r"[^/?&=_.,;:-]{1,40}[/?&=_.,;:-]{0,40}|[/?&=_.,;:-]{1,40}")
_BREAK_POINT = "\N{ZERO WIDTH SPACE}"
_DOS_END = "\x1a"


def decoded(data: bytes) -> str:
    """The text of a file, whatever its coding (`codepages`). Raises: Damaged: it is empty, or UTF-16 that is none."""
    if not data:
        raise Damaged("the text is empty")
    if codepages.has_mark_of_utf_16(data):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise Damaged("the text is no UTF-16") from error
    return codepages.decoded(data)


def sheets(text: str) -> list[list[str]]:
    """The lines of each sheet; a form feed begins a new one. Nothing unprintable is left in them."""
    text = _UNPRINTABLE.sub("", _LINE_ENDS.sub("\n", text.rstrip(_DOS_END)))
    text = _LONG_RUN.sub(lambda run: _BREAK_POINT.join(_PIECE.findall(run[0])), text)
    parts = text.removesuffix("\f").split("\f")
    return [[cut for line in part.rstrip("\n").split("\n") for cut in _cut(line)] for part in parts]


def one_line(text: str) -> str:
    """A name for a heading: printable, of a length that leaves room for the others."""
    return " ".join(_UNPRINTABLE.sub("", text).split())[:LONGEST_NAME]


def _cut(line: str) -> Iterator[str]:
    while len(line) > LONGEST_LINE:
        blank = max(line.rfind(" ", 1, LONGEST_LINE), line.rfind(_BREAK_POINT, 1, LONGEST_LINE))
        end = blank + 1 if blank > 0 else LONGEST_LINE
        yield line[:end]
        line = line[end:]
    yield line


def paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """The lines joined into pieces that are set at once: few, but none long."""
    piece: list[str] = []
    size = 0
    for line in lines:
        if piece and (len(piece) >= PARAGRAPH_LINES or size + len(line) > LONGEST_LINE):
            yield "\n".join(piece)
            piece, size = [], 0
        piece.append(line)
        size += len(line)
    yield "\n".join(piece)


def telephone(number: str) -> str:
    """A number in E.164 as people write it internationally (E.123); anything else as it is."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
