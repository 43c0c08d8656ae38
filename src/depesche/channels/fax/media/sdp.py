"""Offers and answers of SDP for a fax: audio in G.711, or T.38 over UDPTL (RFC 4566, RFC 8866, RFC 3264; T.38 annex D).

What is read is what gateways write: names of T.38's attributes in any case, yes and no as ``:1``, ``:0`` or no value at
all, lines that end in a bare LF. What is written is as the standards want it.
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from depesche.channels.fax.media.errors import Garbled
from depesche.channels.fax.media.udptl import MAX_DATAGRAM, Correction
from depesche.channels.fax.t30.g711 import Law
from depesche.channels.fax.t30.t38 import MAX_BIT_RATE, VERSION

_LONGEST = 16384
"""Octets of a description."""

_MOST_STREAMS = 32
_SLOWEST = 2400
"""Bits a second of the slowest modem; an offer of less says nothing."""

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?\.?")
_TOKEN = re.compile(r"[!-~]{1,64}")
_DIGITS = re.compile(r"[0-9]{1,9}")

_AUDIO = ("audio", "RTP/AVP")
_IMAGE = ("image", "udptl")

_CORRECTIONS = {correction.value.lower(): correction for correction in Correction}
_RANKS = (Correction.NONE, Correction.REDUNDANCY, Correction.FEC)


class Refused(Exception):
    """There is nothing in a description that both can do (SIP: 488); the message says why."""


class Direction(Enum):
    """Which way a stream goes, as the end that says so sees it."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        return self in {Direction.SENDRECV, Direction.SENDONLY}

    @property
    def receives(self) -> bool:
        return self in {Direction.SENDRECV, Direction.RECVONLY}

    @property
    def answered(self) -> "Direction":
        """The same, as the other end has to say it."""
        swapped = {Direction.SENDONLY: Direction.RECVONLY, Direction.RECVONLY: Direction.SENDONLY}
        return swapped.get(self, self)


_DIRECTIONS = {direction.value: direction for direction in Direction}


@dataclass(frozen=True, slots=True)
class T38:
    """The parameters of T.38: those of one end, or what both agreed on."""

    version: int = VERSION
    max_bit_rate: int = MAX_BIT_RATE
    correction: Correction = Correction.REDUNDANCY
    max_datagram: int = MAX_DATAGRAM
    """Octets of a datagram that this end takes; agreed: that the far end takes."""

    max_buffer: int = 2000
    """Octets that this end may be behind."""

    local_tcf: bool = False
    """The training is made up at each end, which is for TCP alone."""

    fill_bit_removal: bool = False
    transcoding_mmr: bool = False
    transcoding_jbig: bool = False

    def agreed(self, far: "T38") -> "T38":
        """What holds between us and the far end.

        Raises: Refused.
        """
        if far.local_tcf:
            raise Refused("localTCF over UDP")
        return T38(
            version=min(self.version, far.version),
            max_bit_rate=min(self.max_bit_rate, far.max_bit_rate),
            correction=min(self.correction, far.correction, key=_RANKS.index),
            max_datagram=far.max_datagram,
            max_buffer=far.max_buffer,
        )


@dataclass(frozen=True, slots=True)
class Stream:
    """One ``m=`` line, and what belongs to it."""

    kind: str
    port: int
    """0: refused, or over."""

    protocol: str
    formats: tuple[str, ...]
    host: str = ""
    """IPv6 without brackets; "" if none is said."""

    direction: Direction = Direction.SENDRECV
    ptime: int | None = None
    """Milliseconds."""

    t38: T38 | None = None
    """Of an image."""

    @property
    def laws(self) -> tuple[Law, ...]:
        """Those that are offered, the best first."""
        known = {str(law.value): law for law in Law}
        return tuple(known[one] for one in self.formats if one in known)

    @property
    def is_audio(self) -> bool:
        """It can be our audio."""
        return self.port > 0 and (self.kind, self.protocol.upper()) == _AUDIO and bool(self.laws)

    @property
    def is_t38(self) -> bool:
        """It can be our T.38."""
        image = self.port > 0 and (self.kind, self.protocol.lower()) == _IMAGE
        return image and "t38" in (one.lower() for one in self.formats)

    @property
    def on_hold(self) -> bool:
        """The address that meant so before there were directions (RFC 3264 §8.4)."""
        return self.host in {"0.0.0.0", "::"}  # noqa: S104  nobody listens there


@dataclass(frozen=True, slots=True)
class Address:
    """Where media go."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class AgreedAudio:
    """G.711 over RTP."""

    far: Address
    law: Law
    sends: bool = True
    """The far end takes our packets: False while the call is held."""


@dataclass(frozen=True, slots=True)
class AgreedT38:
    """T.38 over UDPTL."""

    far: Address
    t38: T38


Agreed = AgreedAudio | AgreedT38


def parse(body: bytes) -> tuple[Stream, ...]:
    """The streams of a description, in their order.

    Raises: Garbled.
    """
    if len(body) > _LONGEST:
        raise Garbled(f"a description of {len(body)} octets")
    lines = _lines(body.decode("utf-8", "replace"))
    if next(lines, None) != ("v", "0"):
        raise Garbled("a description that does not begin with v=0")
    session = _Section()
    sections: list[_Section] = []
    section = session
    for kind, value in lines:
        if kind == "m":
            if len(sections) == _MOST_STREAMS:
                raise Garbled(f"more than {_MOST_STREAMS} streams")
            section = _Section(value)
            sections.append(section)
        elif kind == "c":
            section.host = _host(value)
        elif kind == "a":
            name, _, given = value.partition(":")
            section.attributes.append((name.strip().lower(), given.strip()))
    return tuple(_stream(one, session) for one in sections)


class Negotiation:
    """Our side of one call's offers and answers: one stream, audio or T.38, at one address.

    A stream keeps its place among the ``m=`` lines as long as the call lasts, and whatever else was offered is refused
    in its own place (RFC 3264 §6, §8).
    """

    def __init__(
        self,
        host: str,
        port: int,
        session: int,
        *,
        laws: Sequence[Law] = (Law.PCMA, Law.PCMU),
        t38: T38 | None = T38(),
    ) -> None:
        """`host` is an address, IPv6 without brackets; `session` a number of the call's own; `t38` None: never."""
        self.t38 = t38
        self._at = f"IN IP{ipaddress.ip_address(host).version} {host}"
        self._port = port
        self._session = session
        self._laws = tuple(laws)
        self._version = 0
        self._said: list[str] = []
        self._streams: list[list[str]] = []
        self._place = 0

    def offer_audio(self) -> bytes:
        """What we want to speak, the best first."""
        return self._offer(self._audio(self._laws, Direction.SENDRECV))

    def offer_t38(self) -> bytes:
        """In place of the audio, T.38.

        Raises: Refused: we do not.
        """
        if self.t38 is None:
            raise Refused("no T.38 on this line")
        return self._offer(self._image(self.t38))

    def answer(self, offer: bytes) -> tuple[bytes, Agreed]:
        """The answer to an offer, and what holds from then on. T.38 is preferred where both are offered.

        Raises: Garbled; Refused, and everything is as before.
        """
        streams = parse(offer)
        place, agreed = self._choose(streams)
        if isinstance(agreed, AgreedT38):
            own = self._own_t38
            ours = self._image(replace(agreed.t38, max_datagram=own.max_datagram, max_buffer=own.max_buffer))
        else:
            ours = self._audio([agreed.law], streams[place].direction.answered)
        self._streams = [ours if index == place else _refusal(one) for index, one in enumerate(streams)]
        self._place = place
        return self._described(), agreed

    def answered(self, answer: bytes) -> Agreed:
        """What holds once our last offer was answered.

        Raises: Garbled; Refused.
        """
        streams = parse(answer)
        if len(streams) < len(self._streams):
            raise Garbled(f"an answer with {len(streams)} streams to an offer of {len(self._streams)}")
        stream, wanted = streams[self._place], self._streams[self._place][0]
        if stream.port == 0:
            raise Refused("the far end took nothing of the offer")
        if stream.is_t38 and wanted.startswith("m=image"):
            return self._agreed_t38(stream)
        if stream.is_audio and wanted.startswith("m=audio"):
            return self._agreed_audio(stream)
        raise Refused("the answer is none to what was offered")

    @property
    def _own_t38(self) -> T38:
        return self.t38 or T38()

    def _choose(self, streams: Sequence[Stream]) -> tuple[int, Agreed]:
        """The stream that we take, and how.

        Raises: Garbled, Refused.
        """
        reasons = []
        if self.t38 is not None:
            for place, stream in enumerate(streams):
                if stream.is_t38:
                    try:
                        return place, self._agreed_t38(stream)
                    except Refused as refused:
                        reasons.append(str(refused))
        for place, stream in enumerate(streams):
            if stream.is_audio and any(law in self._laws for law in stream.laws):
                return place, self._agreed_audio(stream)
        raise Refused("; ".join(reasons) or "nothing in the offer that we can do")

    def _agreed_audio(self, stream: Stream) -> AgreedAudio:
        law = next((law for law in stream.laws if law in self._laws), None)
        if law is None:
            raise Refused("no law that both know")
        return AgreedAudio(_address(stream), law, stream.direction.receives and not stream.on_hold)

    def _agreed_t38(self, stream: Stream) -> AgreedT38:
        return AgreedT38(_address(stream), self._own_t38.agreed(stream.t38 or T38()))

    def _offer(self, ours: list[str]) -> bytes:
        if not self._streams:
            self._streams = [ours]
        self._streams[self._place] = ours
        return self._described()

    def _audio(self, laws: Sequence[Law], direction: Direction) -> list[str]:
        return [
            f"m=audio {self._port} RTP/AVP {' '.join(str(law.value) for law in laws)}",
            *(f"a=rtpmap:{law.value} {law.name}/8000" for law in laws),
            "a=ptime:20",
            "a=silenceSupp:off - - - -",
            f"a={direction.value}",
        ]

    def _image(self, t38: T38) -> list[str]:
        correction = [f"a=T38FaxUdpEC:{t38.correction.value}"] if t38.correction is not Correction.NONE else []
        return [
            f"m=image {self._port} udptl t38",
            f"a=T38FaxVersion:{t38.version}",
            f"a=T38MaxBitRate:{t38.max_bit_rate}",
            "a=T38FaxRateManagement:transferredTCF",
            f"a=T38FaxMaxBuffer:{t38.max_buffer}",
            f"a=T38FaxMaxDatagram:{t38.max_datagram}",
            *correction,
        ]

    def _described(self) -> bytes:
        """All of it; its version is a new one if anything is new (RFC 3264 §8)."""
        said = [line for stream in self._streams for line in stream]
        if said != self._said:
            self._said = said
            self._version += 1
        head = ("v=0", f"o=- {self._session} {self._version} {self._at}", "s=-", f"c={self._at}", "t=0 0")
        return "".join(f"{line}\r\n" for line in (*head, *said)).encode()


class _Section:
    """The lines of the session, or of one stream."""

    def __init__(self, media: str = "") -> None:
        self.media = media
        self.host: str | None = None
        self.attributes: list[tuple[str, str]] = []


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        stripped = line.rstrip("\r \t\0")
        if stripped:
            kind, separator, value = stripped.partition("=")
            if len(kind) != 1 or not separator:
                raise Garbled(f"no line of a description: {stripped[:40]!r}")
            yield kind, value


def _stream(section: _Section, session: _Section) -> Stream:
    words = section.media.split()
    if len(words) < 4 or not all(_TOKEN.fullmatch(word) for word in words):
        raise Garbled(f"no stream: {section.media[:40]!r}")
    kind, port, protocol, *formats = words
    host = section.host if section.host is not None else session.host
    number = _number(port.partition("/")[0])
    if number > 0xFFFF:
        raise Garbled(f"no port: {port!r}")
    if number and host is None:
        raise Garbled("a stream without an address")
    named = dict(reversed(section.attributes))  # the first of each name counts
    directions = [_DIRECTIONS[name] for name, _ in (*section.attributes, *session.attributes) if name in _DIRECTIONS]
    ptime = named.get("ptime", "").partition(".")[0]
    return Stream(
        kind=kind.lower(),
        port=number,
        protocol=protocol,
        formats=tuple(formats),
        host=host or "",
        direction=directions[0] if directions else Direction.SENDRECV,
        ptime=_number(ptime) if ptime else None,
        t38=_t38({**dict(reversed(session.attributes)), **named}) if kind.lower() == "image" else None,
    )


def _t38(named: dict[str, str]) -> T38:
    """What attributes say of T.38; its defaults are those of annex D where a gateway is silent."""

    def number(name: str) -> int | None:
        given = named.get(name, "")
        return _number(given) if given else None

    rate = number("t38maxbitrate")
    return T38(
        version=number("t38faxversion") or 0,
        max_bit_rate=rate if rate is not None and rate >= _SLOWEST else MAX_BIT_RATE,
        correction=_CORRECTIONS.get(named.get("t38faxudpec", "").lower(), Correction.NONE),
        max_datagram=number("t38faxmaxdatagram") or MAX_DATAGRAM,
        max_buffer=number("t38faxmaxbuffer") or T38().max_buffer,
        local_tcf=named.get("t38faxratemanagement", "").lower() == "localtcf",
        fill_bit_removal=_said(named, "t38faxfillbitremoval"),
        transcoding_mmr=_said(named, "t38faxtranscodingmmr"),
        transcoding_jbig=_said(named, "t38faxtranscodingjbig"),
    )


def _said(named: dict[str, str], name: str) -> bool:
    """Whether an attribute is there, and does not say no."""
    return name in named and named[name].lower() not in {"0", "no", "false", "off"}


def _number(text: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise Garbled(f"no number: {text[:20]!r}")
    return int(text)


def _host(value: str) -> str:
    """The address of a ``c=`` line."""
    words = value.split()
    if len(words) != 3 or words[0].upper() != "IN":
        raise Garbled(f"no address: {value[:40]!r}")
    host = words[2].partition("/")[0]
    kind = words[1].upper()
    try:
        if kind == "IP4":
            return str(ipaddress.IPv4Address(host))
        if kind == "IP6" and "%" not in host:  # a scope means something to one machine alone
            return str(ipaddress.IPv6Address(host))
    except ValueError:
        if _HOST.fullmatch(host):
            return host  # a name
    raise Garbled(f"no address: {value[:40]!r}")


def _address(stream: Stream) -> Address:
    return Address(stream.host, stream.port)


def _refusal(stream: Stream) -> list[str]:
    return [f"m={stream.kind} 0 {stream.protocol} {' '.join(stream.formats)}"]
