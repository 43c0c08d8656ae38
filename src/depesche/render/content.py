"""Content streams of PDF pages, read as far as colours are concerned (ISO 32000-1 §7.2, §7.8.2, §8.6.8, §8.9.7)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SPACE = rb"\x00\t\n\x0c\r "
_DELIMITER = rb"()<>\[\]{}/%"

_TOKEN = re.compile(
    rb"[" + _SPACE + rb"]+|%[^\r\n]*"
    rb"|(?P<name>/[^" + _SPACE + _DELIMITER + rb"]*)"
    rb"|(?P<opening>\()"
    rb"|(?P<nested><<|>>|[\[\]{}])"
    rb"|<[0-9A-Fa-f" + _SPACE + rb"]*>"
    rb"|(?P<word>[^" + _SPACE + _DELIMITER + rb"]+)"
)
_IN_STRING = re.compile(rb"[^()\\]+|\\.?|[()]", re.DOTALL)
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)")
_PICTURE_END = re.compile(rb"[" + _SPACE + rb"]EI(?=[" + _SPACE + rb"]|$)")


class Unreadable(Exception):
    """It is no content stream that we understand."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operator with its operands."""

    operator: bytes
    operands: tuple[bytes, ...]
    """Names and numbers; of anything else only that it is there."""

    start: int
    """Where the operands begin."""

    stop: int
    """Behind the operator; of an inline picture behind its end."""

    data: bytes = b""
    """Of an inline picture."""

    def numbers(self) -> tuple[float, ...]:
        """The operands, or those in front of a name. Raises: Unreadable."""
        operands = self.operands[:-1] if self.operands and self.operands[-1].startswith(b"/") else self.operands
        if not all(_NUMBER.fullmatch(operand) for operand in operands):
            raise Unreadable(f"operands of {self.operator!r}")
        return tuple(map(float, operands))


def steps(content: bytes) -> Iterator[Step]:
    """All operators in their order. Raises: Unreadable."""
    position, start, depth = 0, -1, 0
    operands: list[bytes] = []
    while position < len(content):
        found = _TOKEN.match(content, position)
        if found is None:
            raise Unreadable(f"octet {content[position]} in a content stream")
        kind, first, position = found.lastgroup, position, found.end()
        if kind is None and content[first : first + 1] != b"<":
            continue
        start = first if start < 0 else start
        if kind == "opening":
            position = _string_end(content, position)
        elif kind == "nested":
            depth += 1 if found[0] in b"<<[{" else -1
        if kind != "word" or depth or _NUMBER.fullmatch(found[0]) or found[0] in (b"true", b"false", b"null"):
            operands.append(found[0] if kind in ("name", "word") else b"(")
            continue
        data = b""
        if found[0] == b"ID":
            data, position = _picture(content, position)
        if found[0] != b"BI":
            yield Step(found[0], tuple(operands), start, position, data)
            operands, start = [], -1


def _string_end(content: bytes, position: int) -> int:
    depth = 1
    while depth:
        found = _IN_STRING.match(content, position)
        if found is None:
            raise Unreadable("a string without an end")
        depth += (found[0] == b"(") - (found[0] == b")")
        position = found.end()
    return position


def _picture(content: bytes, position: int) -> tuple[bytes, int]:
    """The octets of an inline picture, and where it ends."""
    found = _PICTURE_END.search(content, position + 1)
    if found is None:
        raise Unreadable("an inline picture without an end")
    return content[position + 1 : found.start()], found.end()
