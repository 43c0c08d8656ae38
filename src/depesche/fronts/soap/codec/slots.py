"""Where the text of an element goes while it arrives: into a parameter's value, or out as the bytes of a file."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from depesche.fronts.soap.codec.binary import Base64Decoder
from depesche.fronts.soap.codec.fault import SoapFault, SoapVersion
from depesche.fronts.soap.codec.values import parse_integer, parse_moment
from depesche.fronts.soap.operations import Operation, Parameter, XmlType

PIECE = 256 << 10
"""Bytes of a file that are gathered before they are handed on."""

SHORT = 1 << 10
"""Bytes of a parameter that is no long text, in UTF-8."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may be, in bytes."""

    body: int
    file: int
    """Of one file, decoded."""

    text: int
    """Of one long text, in UTF-8."""


@dataclass(slots=True)
class Call:
    """A request, as far as it has been read. What was not given is in none of the three."""

    operation: Operation
    namespace: str
    """Of the method element; empty if it has none."""

    version: SoapVersion
    texts: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    moments: dict[str, datetime | None] = field(default_factory=dict)
    size: int = 0
    """Bytes of the values that are kept here, as they came, the one that is still arriving included."""


@dataclass(frozen=True, slots=True)
class FileStarted:
    """The first bytes of a file are there. A parameter without any has no file."""

    name: str
    """Of the parameter, as in the table."""


@dataclass(frozen=True, slots=True)
class FileData:
    """Decoded bytes of a file."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FileEnded:
    """All bytes of a file were given."""

    name: str


FileEvent = FileStarted | FileData | FileEnded


class Slot(Protocol):
    """An open element that has a value."""

    def add(self, text: str) -> None:
        """More of its text. Raises: SoapFault."""
        ...

    def finish(self) -> None:
        """The element ends. Raises: SoapFault."""
        ...


class TextSlot:
    """A value that is kept in memory, for one parameter, or for several that refer to the same element."""

    __slots__ = ("_call", "_limit", "_parameters", "_pieces")

    def __init__(self, call: Call, parameters: list[Parameter], limit: int) -> None:
        self._call = call
        self._parameters = parameters
        self._limit = limit
        self._pieces: list[str] = []

    def add(self, text: str) -> None:
        size = len(text) if text.isascii() else len(text.encode())
        self._limit -= size
        self._call.size += size
        if self._limit < 0:
            raise SoapFault(f"{self._parameters[0].name} is longer than allowed")
        self._pieces.append(text)

    def finish(self) -> None:
        text = "".join(self._pieces)
        for parameter in self._parameters:
            self._store(parameter, text)

    def _store(self, parameter: Parameter, text: str) -> None:
        call, name, kind = self._call, parameter.name, parameter.type
        try:
            if kind is XmlType.STRING:
                call.texts[name] = text
            elif kind is XmlType.DATE_TIME:
                call.moments[name] = parse_moment(text)
            else:
                call.numbers[name] = parse_integer(text, 64 if kind is XmlType.LONG else 32)
        except ValueError:
            raise SoapFault(f"{name} is no {kind.value}") from None


class FileSlot:
    """A base64 value, decoded as it comes; several parameters that refer to the same element get a copy each."""

    __slots__ = ("_decoder", "_events", "_gathered", "_limit", "_names", "_pieces", "_started")

    def __init__(self, events: list[FileEvent], parameters: list[Parameter], limit: int) -> None:
        self._events = events
        self._names = [parameter.name for parameter in parameters]
        self._limit = limit
        self._decoder = Base64Decoder()
        self._pieces: list[bytes] = []
        self._gathered = 0
        self._started = False

    def add(self, text: str) -> None:
        try:
            data = self._decoder.feed(text)
        except ValueError as error:
            raise self._no_base64(error) from None
        if not data:
            return
        self._limit -= len(data)
        if self._limit < 0:
            raise SoapFault(f"{self._names[0]} is larger than allowed")
        if not self._started:
            self._started = True
            self._events += map(FileStarted, self._names)
        self._pieces.append(data)
        self._gathered += len(data)
        if self._gathered >= PIECE:
            self._hand_on()

    def finish(self) -> None:
        try:
            self._decoder.close()
        except ValueError as error:
            raise self._no_base64(error) from None
        if self._gathered:
            self._hand_on()
        if self._started:
            self._events += map(FileEnded, self._names)

    def _hand_on(self) -> None:
        data = b"".join(self._pieces)
        self._events += (FileData(name, data) for name in self._names)
        self._pieces.clear()
        self._gathered = 0

    def _no_base64(self, error: ValueError) -> SoapFault:
        reason = "it holds other characters" if isinstance(error, UnicodeError) else str(error)
        return SoapFault(f"{self._names[0]} is no base64Binary: {reason}")
