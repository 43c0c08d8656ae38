"""The caller's half of the FAX.de interface: SOAP 1.1 rpc/encoded calls written, answers read."""

import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from xml.parsers import expat
from xml.sax.saxutils import escape

from depesche.cli.common import Exit, Failed, NoAnswer
from depesche.fronts.soap.codec.encoder import ILLEGAL, SLICE
from depesche.fronts.soap.codec.values import ZERO_DATE, format_moment, parse_integer, parse_moment
from depesche.fronts.soap.operations import RETURN, Operation, Parameter, XmlType

NAMESPACE = "urn:XMLWSIntf-IntfXMLWS"
"""The default of the setting ``soap.namespace``, again: `config` takes a quarter of a second to import."""

DEPTH = 16
"""Levels of an answer: the interface's has four, a Fault may have some more."""

_PARTS = 4
"""Level on which the values of an answer stand."""

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    '<e:Body><m:{name} xmlns:m="{namespace}" e:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
)
_TAIL = "</m:{name}></e:Body></e:Envelope>"


class NotUnderstood(NoAnswer):
    """An answer is not one of the interface."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the server's answer is not understood: {reason}")


@dataclass(frozen=True, slots=True)
class File:
    """An open file on its way out."""

    file: BinaryIO
    size: int


Value = str | int | datetime | File


@dataclass(frozen=True, slots=True)
class Call:
    """A call of known size, whose files are read while it is sent."""

    segments: tuple[bytes | File, ...]

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return sum((part.size + 2) // 3 * 4 if isinstance(part, File) else len(part) for part in self.segments)

    def __iter__(self) -> Iterator[bytes]:
        for part in self.segments:
            if isinstance(part, File):
                yield from _base64(part)
            else:
                yield part


@dataclass(frozen=True, slots=True)
class Answer:
    """The values of an answer by their names; one that is missing is empty."""

    values: Mapping[str, str]

    @property
    def code(self) -> int:
        """Raises: NoAnswer."""
        if RETURN.name not in self.values:
            raise NotUnderstood("there is no return code in it")
        return self.number(RETURN.name)

    def text(self, name: str) -> str:
        return self.values.get(name, "")

    def number(self, name: str) -> int:
        """Raises: NoAnswer."""
        try:
            return parse_integer(self.text(name), 64)
        except ValueError:
            raise NotUnderstood(f"{name} is no number") from None

    def moment(self, name: str) -> datetime | None:
        """Raises: NoAnswer."""
        try:
            moment = parse_moment(self.text(name))
        except ValueError:
            raise NotUnderstood(f"{name} is no time") from None
        return None if moment == parse_moment(ZERO_DATE) else moment

    def data(self, name: str) -> bytes:
        """Raises: NoAnswer."""
        try:
            return binascii.a2b_base64("".join(self.text(name).split()), strict_mode=True)
        except ValueError:
            raise NotUnderstood(f"{name} is not base64") from None


def write(operation: Operation, values: Mapping[str, Value]) -> Call:
    """The call. Parameters without a value are left out. Raises: Failed."""
    segments: list[bytes | File] = [_HEAD.format(name=operation.name, namespace=NAMESPACE).encode()]
    for parameter in operation.ins:
        value = values.get(parameter.name)
        if value is not None:
            segments.append(f'<{parameter.name} xsi:type="xsd:{parameter.type.value}">'.encode())
            segments.append(value if isinstance(value, File) else _written(parameter, value))
            segments.append(f"</{parameter.name}>".encode())
    segments.append(_TAIL.format(name=operation.name).encode())
    return Call(tuple(segments))


def read(pieces: Iterable[bytes]) -> Answer:
    """The answer, wherever its pieces were cut. Raises: NoAnswer."""
    return _Reader().read(pieces)


class _Reader:
    """Collects what stands four levels deep: the values, or what a Fault says."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._values: dict[str, list[str]] = {}
        self._reason: list[str] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = _refuse

    def read(self, pieces: Iterable[bytes]) -> Answer:
        try:
            for piece in pieces:
                self._parser.Parse(piece, False)
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise NotUnderstood(f"it is no XML ({expat.ErrorString(error.code)})") from None
        if self._reason:
            raise NoAnswer(f"the server cannot do that: {''.join(self._reason).strip()}")
        return Answer({name: "".join(text) for name, text in self._values.items()})

    def _start(self, name: str, _attributes: Mapping[str, str]) -> None:
        self._path.append(name.rpartition(" ")[2])
        if len(self._path) > DEPTH:
            raise NotUnderstood("it is nested too deep")
        if len(self._path) == _PARTS and self._path[2] != "Fault":
            self._values.setdefault(self._path[3], [])

    def _end(self, _name: str) -> None:
        self._path.pop()

    def _text(self, text: str) -> None:
        if len(self._path) < _PARTS:
            return
        if self._path[2] != "Fault":
            self._values[self._path[3]].append(text)
        elif self._path[-1] in ("faultstring", "Text"):
            self._reason.append(text)


def _written(parameter: Parameter, value: str | int | datetime) -> bytes:
    if isinstance(value, datetime):
        return format_moment(value).encode()
    text = str(value)
    found = ILLEGAL.search(text)
    if found:
        raise Failed(f"the character U+{ord(found[0]):04X} in {parameter.name} cannot be sent", Exit.USAGE)
    assert parameter.type is not XmlType.BASE64
    return escape(text, {"\r": "&#13;"}).encode()


def _base64(part: File) -> Iterator[bytes]:
    left = part.size
    while left:
        block = part.file.read(min(SLICE, left))
        if len(block) < min(SLICE, left):
            raise Failed(f"{part.file.name} became shorter while it was read")
        left -= len(block)
        yield binascii.b2a_base64(block, newline=False)


def _refuse(*_declaration: object) -> None:
    raise NotUnderstood("it has a document type declaration")
