"""SIP messages: start line, headers, body (RFC 3261 §7), read from octets and written as octets.

There is one reading of a message, or none: lines end alike from the first to the last, what must stand once stands
once, and the length that is told is there.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

from depesche.channels.fax.sip import grammar
from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.grammar import BLANK, TOKEN, Parameters
from depesche.channels.fax.sip.headers import Headers
from depesche.channels.fax.sip.uri import NameAddr, Uri

LONGEST_MESSAGE = 65_535
"""Octets: what a datagram can hold, and so much of a stream."""

MOST_HEADERS = 256

MOST_VIAS = 70
"""As many as Max-Forwards usually lets pass (§8.1.1.6)."""

MOST_LENGTH = 10**9
"""Of what Content-Length may say, to be a length at all."""

VERSION = "SIP/2.0"

_CALL_ID = re.compile(rb"^(?:Call-ID|i)[ \t]*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)

_MANDATORY = {"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq"}
_ONCE = ("From", "To", "Call-ID", "CSeq", "Max-Forwards")


@dataclass(frozen=True, slots=True)
class Via:
    """One step of the way that a request came (§20.42)."""

    transport: str
    """In upper case: UDP, TCP, TLS, or one that we do not know."""

    host: str
    """In lower case; IPv6 without its brackets."""

    port: int | None = None
    parameters: Parameters = ()

    @classmethod
    def parse(cls, text: str) -> "Via":
        """Raises: Malformed."""
        return _via(text)

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        to = f"{grammar.bracketed(self.host)}{port}"
        return f"{VERSION}/{self.transport} {to}{grammar.written(self.parameters)}"

    def parameter(self, name: str) -> str | None:
        """The first one by that name in any case, without quotes; empty if it has no value."""
        return grammar.parameter(self.parameters, name)

    def with_parameter(self, name: str, value: str | None) -> "Via":
        """The same with this parameter, where it was or behind the others; `value` None: without a value."""
        names = [one.lower() for one, _ in self.parameters]
        place = names.index(name.lower()) if name.lower() in names else len(names)
        kept = self.parameters
        return replace(self, parameters=(*kept[:place], (name, value), *kept[place + 1 :]))


_VIA = re.compile(
    r"SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*(?P<transport>[A-Za-z0-9\-.!%*_+`'~]+)[ \t]+"
    r"(?P<host>\[[^\]]*\]|[^][ \t:;,<>\"]+)(?:[ \t]*:[ \t]*(?P<port>[0-9]+))?[ \t]*(?P<parameters>;.*)?",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)


@lru_cache(64)
def _via(text: str) -> Via:
    found = _VIA.fullmatch(text.strip(BLANK))
    if found is None:
        raise Malformed("it has no form that we know")
    transport, host, port, parameters = found.groups()
    given = grammar.parameters(parameters or "")
    return Via(transport.upper(), grammar.host(host), grammar.port(port), given)


@dataclass(frozen=True, slots=True)
class CSeq:
    """Which request of its sender this is (§20.16)."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises: Malformed."""
        number, _, method = text.strip(BLANK).replace("\t", " ").partition(" ")
        method = method.lstrip(BLANK)
        if not TOKEN.fullmatch(method):
            raise Malformed("it has no method")
        return cls(grammar.whole(number, 2**32 - 1), method)

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


class _Message:
    """What requests and responses have in common. A header that is missing or wrong raises Malformed when asked for."""

    __slots__ = ()
    headers: Headers

    @property
    def vias(self) -> list[Via]:
        """The topmost, which is the last hop's, first."""
        return [Via.parse(one) for one in self.headers.every("Via")]

    @property
    def via(self) -> Via:
        """The topmost."""
        return Via.parse(self._one("Via"))

    @property
    def branch(self) -> str:
        """Of the topmost Via; empty if it has none, as RFC 2543 allowed."""
        return self.via.parameter("branch") or ""

    @property
    def cseq(self) -> CSeq:
        return CSeq.parse(self._one("CSeq"))

    @property
    def call_id(self) -> str:
        return self._one("Call-ID")

    @property
    def from_(self) -> NameAddr:
        return NameAddr.parse(self._one("From"))

    @property
    def to(self) -> NameAddr:
        return NameAddr.parse(self._one("To"))

    def _one(self, name: str) -> str:
        value = self.headers.get(name)
        if value is None:
            raise Malformed(f"{name} is missing")
        return value


@dataclass(slots=True)
class Request(_Message):
    """What is asked for."""

    method: str
    uri: Uri
    headers: Headers
    body: bytes = b""


@dataclass(slots=True)
class Response(_Message):
    """What became of a request, or how far it is."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""


class BadRequest(Malformed):
    """A request that cannot be read, but answered."""

    def __init__(self, reason: str, response: Response) -> None:
        super().__init__(reason)
        self.response = response
        """What to send back, to where the request came from. Its To has a tag, the same each time the request comes."""


def parse(data: bytes) -> Request | Response:
    """Read a datagram; what stands behind the length that it tells is cut off (§18.3).

    Raises: Malformed, and BadRequest if whoever sent it can be told.
    """
    if len(data) > LONGEST_MESSAGE:
        raise Malformed("the message is too long")
    begin = begin_of_head(data)
    end = end_of_head(data, begin)
    if end is None:
        raise Malformed("the head has no end")
    head = Head.read(data[begin : end[0]])
    body = data[end[1] :]
    if head.length is not None:
        if head.length > len(body):
            head.blame("Content-Length is more than there is")
        body = body[: head.length]
    return head.message(body)


def glance(data: bytes) -> str | None:
    """The Call-ID of what seems to be a request, at a hundredth of the cost of reading it; empty if it shows none.

    None: it seems to be an answer.
    """
    if data.lstrip(b"\r\n").startswith(VERSION.encode()):
        return None
    found = _CALL_ID.search(data)
    return found[1].decode("utf-8", "replace") if found else ""


def encode(message: Request | Response) -> bytes:
    """Write a message, Content-Length last of its headers. Raises: ValueError, if it would not be one."""
    if isinstance(message, Request):
        if not TOKEN.fullmatch(message.method):
            raise ValueError(f"{message.method!r} is no method")
        start = f"{message.method} {message.uri} {VERSION}"
    else:
        if "\n" in message.reason or "\r" in message.reason or not 100 <= message.status <= 699:
            raise ValueError(f"{message.status} {message.reason!r} is no status")
        start = f"{VERSION} {message.status} {message.reason}"
    fields = [f"{name}: {value}\r\n" for name, value in message.headers.items() if name != "Content-Length"]
    head = f"{start}\r\n{''.join(fields)}Content-Length: {len(message.body)}\r\n\r\n"
    return head.encode(errors="replace") + message.body


def begin_of_head(data: bytes | bytearray) -> int:
    """Where the first line begins: line ends before it are passed over (§7.5)."""
    begin = 0
    while data[begin : begin + 2] == b"\r\n":
        begin += 2
    return begin


def end_of_head(data: bytes | bytearray, begin: int, seen: int = 0) -> tuple[int, int] | None:
    """Where the head ends that begins at `begin`, and where the body begins. None: it has no end yet.

    Lines end with CRLF or, if the first does, with LF alone. `seen`: so far into `data` there is none.
    """
    first = data.find(b"\n", begin)
    if first < 0:
        return None
    line = b"\r\n" if data[begin:first][-1:] == b"\r" else b"\n"
    end = data.find(line * 2, max(first + 1 - len(line), seen))
    return None if end < 0 else (end, end + 2 * len(line))


@dataclass(slots=True)
class Head:
    """Start line and headers, whose body is still to come."""

    start: str
    headers: Headers
    length: int | None
    """Content-Length; None: not told, or not so that it could be read."""

    fault: str = ""
    """What is wrong with the headers: the first thing that was found."""

    status: int = 400
    """What to answer a request with that has a fault."""

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Take the octets before the empty line apart. Raises: Malformed, if there is no telling where lines end."""
        start, *lines = _lines(data)
        if len(lines) > MOST_HEADERS:
            raise Malformed("there are too many headers")
        headers, told, fault = Headers.read(lines)
        head = cls(start, headers, None, fault)
        if len(told) > 1:
            head.blame("Content-Length is there more than once")
        elif told:
            try:
                head.length = grammar.whole(told[0], MOST_LENGTH)
            except Malformed:
                head.blame("Content-Length is no length")
        return head

    def blame(self, fault: str, status: int = 400) -> None:
        """Note what is wrong; what was noted first counts."""
        if not self.fault:
            self.fault, self.status = fault, status

    def message(self, body: bytes) -> Request | Response:
        """The whole. Raises: Malformed, and BadRequest if whoever sent it can be told."""
        if _is_ours(self.start.partition(" ")[0]):
            return self._response(body)
        method, uri, version = self._request_line()
        try:
            return self._request(method, uri, version, body)
        except Malformed as error:
            refusal = self._refusal(method, error.reason)
            if refusal is None:
                raise
            raise BadRequest(error.reason, refusal) from error

    def _request_line(self) -> tuple[str, str, str]:
        """Raises: Malformed, if it is not even a request that somebody spoilt."""
        method, _, rest = self.start.partition(" ")
        uri, _, version = rest.rstrip(BLANK).rpartition(" ")
        if not TOKEN.fullmatch(method) or (version != VERSION and not _ANY_VERSION.fullmatch(version)):
            raise Malformed("the first line is none of SIP")
        if rest[-1] in BLANK:
            self.blame("a blank ends the first line")
        return method, uri, version

    def _request(self, method: str, uri: str, version: str, body: bytes) -> Request:
        if not _is_ours(version):
            self.fault, self.status = "the version is not known", 505
            raise Malformed(self.fault)
        try:
            request = Request(method, Uri.parse(uri), self.headers, body)
        except Malformed as error:
            raise Malformed(f"Request-URI: {error.reason}") from None
        self._judge(request)
        if request.cseq.method != method:
            raise Malformed("CSeq names another method")
        return request

    def _response(self, body: bytes) -> Response:
        status, _, reason = self.start.partition(" ")[2].partition(" ")
        if not _STATUS.fullmatch(status):
            raise Malformed("there is no such status")
        response = Response(int(status), reason, self.headers, body)
        self._judge(response)
        return response

    def _judge(self, message: Request | Response) -> None:
        """Raises: Malformed, if what every message must have is not there once and right."""
        if self.fault:
            raise Malformed(self.fault)
        first = self.headers.first
        for key, name in _MANDATORY.items():
            if key not in first:
                raise Malformed(f"{name} is missing")
        for name in self.headers.repeated:
            if name in _ONCE:
                raise Malformed(f"{name} is there more than once")
        key = "via"
        try:
            vias = message.vias
            for key, read in _READERS:
                read(first[key])
        except Malformed as error:
            raise Malformed(f"{_MANDATORY[key]}: {error.reason}") from None
        if not 1 <= len(vias) <= MOST_VIAS:
            raise Malformed("Via: there is none, or too many")

    def _refusal(self, method: str, reason: str) -> Response | None:
        """None: an ACK is never answered (§17.1.1.3), and nobody is where no Via can be read."""
        try:
            top = Via.parse(self.headers.get("Via") or "")
        except Malformed:
            return None
        if method == "ACK":
            return None
        seed = f"{top} {self.headers.get('Call-ID')} {self.headers.get('CSeq')}"
        headers = Headers()
        for name in _MANDATORY.values():
            values = [value for key, value in self.headers.items() if key == name]
            for value in values if name == "Via" else values[:1]:
                headers.add(name, _tagged(value, seed) if name == "To" else value)
        return Response(self.status, f"{_PHRASES[self.status]}: {reason}", headers)


def _call_id(text: str) -> str:
    if not text or " " in text or "\t" in text:
        raise Malformed("it is no word")
    return text


_READERS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("from", NameAddr.parse),
    ("to", NameAddr.parse),
    ("call-id", _call_id),
    ("cseq", CSeq.parse),
)
_PHRASES = {400: "Bad Request", 505: "Version Not Supported", 513: "Message Too Large"}


def _is_ours(version: str) -> bool:
    return version == VERSION or (version.isascii() and version.upper() == VERSION)


_STATUS = re.compile("[1-6][0-9]{2}")
_ANY_VERSION = re.compile(r"SIP/[0-9]+\.[0-9]+", re.ASCII | re.IGNORECASE)
_FOLD = re.compile(r"\n[ \t]+")


def _lines(data: bytes) -> list[str]:
    """Folded lines are joined by one blank (§7.3.1). Octets that are no UTF-8 are read as Latin-1."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    lines = text.split("\r\n" if "\r" in text else "\n")
    ends = len(lines) - 1
    if text.count("\n") != ends or text.count("\r") not in (0, ends):
        raise Malformed("lines end in different ways")
    if "\n " in text or "\n\t" in text:
        lines = _FOLD.sub(" ", "\n".join(lines)).split("\n")
    return lines


def _tagged(value: str, seed: str) -> str:
    """A To with a tag, which is the same for the same `seed` (§8.2.7); as it came if it cannot be read."""
    try:
        to = NameAddr.parse(value)
    except Malformed:
        return value
    return value if to.tag else str(to.with_tag(hashlib.sha256(seed.encode(errors="replace")).hexdigest()[:16]))
