"""What is said between us and the conversion process.

One JSON object a packet on Unix sockets that keep packets apart (SOCK_SEQPACKET); documents and results pass as open
file descriptors beside it. Answers come from a process that has read a stranger's document: nothing in them is
believed before it is checked.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from depesche.model.legibility import BEST, Flaw, Legibility
from depesche.render.detect import Format
from depesche.render.errors import ConverterFailed, Damaged, NotWhole, RenderError, Unsupported
from depesche.render.grid import Resolution
from depesche.render.tiff import Strip

PACKET = 1 << 17
"""Octets of one message at most."""

READY = b"ready"
"""What the conversion process says first."""

DESCRIPTORS = 32
"""Open files beside one message at most."""

LONGEST_REASON = 300

MOST_WARNINGS = 20
"""Of one conversion."""

MOST_FINDINGS = 20
"""Of one letter."""

LONGEST_SHEET = 1000.0
"""Millimetres: nothing lies farther from the corner of a sheet."""


class Task(StrEnum):
    """What a child is forked for."""

    COUNT = "count"
    """Count the pages of all inputs."""

    FAX = "fax"
    """Draw a range of the inputs' pages and write their strips."""

    LETTER = "letter"
    """Write all inputs as one PDF document."""

    TEXT_PAGE = "text page"
    """Set the one input, a `TextPage` as JSON, as a PDF document."""

    PLAIN_TEXT = "plain text"
    """Set the one input, a text file, as a PDF document."""

    HTML = "html"
    """Set the one input, an HTML file, as a PDF document."""

    PREVIEW = "preview"
    """Draw a range of pages of the one input, a finished fax or letter, as PNG files, one after the other."""

    REPORT = "report"
    """Set the first input, a `Report` as JSON, as a PDF document, with a picture of the second one's first page if
    there is one."""

    OFFICE = "office"
    """Write the one input, an Office document, as a PDF document; its pages are counted when that is opened."""


Box = tuple[float, float, float, float]
"""Left, top, right and bottom in millimetres from the upper left corner of the sheet."""


class LetterFault(StrEnum):
    """What is wrong with a letter on its sheets."""

    EMPTY = "empty"
    """The window of the envelope would show no address."""

    CUT = "cut"
    """The address runs over an edge of the window."""

    EDGE = "edge"
    """Something else that shows in the window runs over an edge of it."""

    UNSEEN = "unseen"
    """It could not be looked at: the page takes more memory than allowed."""

    TAKEN = "taken"
    """Something is printed where the print centre prints itself."""

    MARGIN = "margin"
    """Something lies so near to the edge of the sheet that printers leave it out."""

    @property
    def is_proven(self) -> bool:
        """Whether the address is out of the window for certain."""
        return self in {LetterFault.EMPTY, LetterFault.CUT}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where."""

    fault: LetterFault
    page: int = 1
    box: Box | None = None
    """None: it is nowhere."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What printer and print centre need of a sheet, in millimetres."""

    margin: float = 0
    """At each edge, that cannot be printed on."""

    strip: float = 0
    """At the left edge of each sheet, for a code of the print centre."""

    free: tuple[Box, ...] = ()
    """Left, top, width and height of places on the first sheet where the print centre prints."""


@dataclass(frozen=True, slots=True)
class Request:
    """One conversion. Inputs, then the output (except for `COUNT`), are the descriptors beside it."""

    task: Task
    formats: tuple[Format, ...]
    """Of the inputs."""

    memory: int
    """Octets of address space."""

    output: int
    """Octets that may be written."""

    seconds: float
    pixels: int
    """Of one picture at most."""

    most: int
    """Pages at most."""

    first: int = 0
    """FAX, PREVIEW: the first page to draw, from 0, over all inputs."""

    last: int = 0
    """FAX, PREVIEW: the page behind the last one; 0 = all."""

    others: int = 0
    """TEXT_PAGE: pages that follow the text."""

    colour: bool = False
    """LETTER, PREVIEW: whether a letter is printed in colour."""

    paper: Paper = Paper()
    """LETTER, PREVIEW: what the sheets of a letter have to keep free."""

    resolution: Resolution = Resolution.FINE
    """FAX: of the pages."""


@dataclass(frozen=True, slots=True)
class Done:
    """A conversion that went well."""

    pages: int
    """COUNT, FAX: of all inputs; else of what was written."""

    strips: tuple[Strip, ...] = ()
    """FAX: what was written, in order."""

    findings: tuple[Finding, ...] = ()
    """LETTER: what is wrong with it, no more than `MOST_FINDINGS`."""

    warnings: tuple[str, ...] = ()
    """HTML: what is not on the pages; no longer than `LONGEST_REASON`."""

    sizes: tuple[int, ...] = ()
    """PREVIEW: octets of each file."""

    legibility: tuple[Legibility, ...] = ()
    """FAX: of each page that was drawn."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a child ended, told by the process that forked it."""

    status: int
    """As from ``os.waitpid``."""

    memory: int
    """Octets that it had in memory at most."""


class ProtocolError(Exception):
    """The other side said something that it cannot have meant."""


_ERRORS: dict[str, type[RenderError]] = {
    kind.__name__: kind for kind in (Unsupported, Damaged, NotWhole, ConverterFailed)
}


_FLAWS = (None, *Flaw)
"""As numbers: thousands of pages have to go into one packet."""


def pack_request(request: Request) -> bytes:
    """A packet for the child."""
    return json.dumps(asdict(request) | {"formats": [f.name for f in request.formats]}).encode()


def unpack_request(packet: bytes) -> Request:
    """What the child is asked; it comes from us, so mistakes in it are bugs."""
    fields = json.loads(packet)
    fields["task"] = Task(fields["task"])
    fields["resolution"] = Resolution(fields["resolution"])
    fields["formats"] = tuple(Format[name] for name in fields["formats"])
    paper = fields["paper"]
    fields["paper"] = Paper(paper["margin"], paper["strip"], tuple(map(tuple, paper["free"])))
    return Request(**fields)


def pack_done(done: Done) -> bytes:
    """A packet for the parent."""
    strips = [[strip.rows, strip.octets] for strip in done.strips]
    warnings = [warning[:LONGEST_REASON] for warning in done.warnings[:MOST_WARNINGS]]
    findings = [[found.fault, found.page, found.box] for found in done.findings[:MOST_FINDINGS]]
    told = {"pages": done.pages, "strips": strips, "findings": findings, "warnings": warnings, "sizes": done.sizes}
    told["scores"] = [page.score for page in done.legibility]
    told["flaws"] = [_FLAWS.index(page.flaw) for page in done.legibility]
    return json.dumps(told, separators=(",", ":")).encode()


def pack_error(error: RenderError) -> bytes:
    """A packet for the parent."""
    return json.dumps({"error": type(error).__name__, "reason": str(error)[:LONGEST_REASON]}).encode()


def unpack_answer(packet: bytes, most: int) -> Done:
    """What the child answered, checked; `most`: pages at most.

    Raises: the RenderError that the child met with; ProtocolError.
    """
    fields = _object(packet)
    if "error" in fields:
        raise _error(fields)
    pages, strips = fields.get("pages"), fields.get("strips")
    if not isinstance(strips, list) or len(strips) > most:
        raise ProtocolError("no list of strips")
    return Done(
        _number(pages, most),
        tuple(_strip(strip) for strip in strips),
        _findings(fields.get("findings", []), most),
        _warnings(fields.get("warnings", [])),
        _sizes(fields.get("sizes", []), most),
        _legibility(fields.get("scores", []), fields.get("flaws", []), len(strips)),
    )


def pack_exit(ended: Exit) -> bytes:
    """A packet for the parent."""
    return json.dumps(asdict(ended)).encode()


def unpack_exit(packet: bytes) -> Exit:
    """How a child ended. Raises: ProtocolError."""
    fields = _object(packet)
    status, memory = fields.get("status"), fields.get("memory")
    if type(status) is not int or type(memory) is not int:
        raise ProtocolError("no exit status")
    return Exit(status, memory)


def _object(packet: bytes) -> Mapping[str, Any]:
    try:
        fields = json.loads(packet)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("no JSON") from error
    if not isinstance(fields, dict):
        raise ProtocolError("no JSON object")
    return fields


def _error(fields: Mapping[str, Any]) -> RenderError:
    kind, reason = fields.get("error"), fields.get("reason")
    if not isinstance(kind, str) or kind not in _ERRORS or not isinstance(reason, str):
        raise ProtocolError("an unknown error")
    return _ERRORS[kind](_printable(reason))


def _printable(sentence: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in sentence[:LONGEST_REASON])


def _warnings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MOST_WARNINGS or not all(isinstance(one, str) for one in value):
        raise ProtocolError("no list of warnings")
    return tuple(map(_printable, value))


def _number(value: object, most: int) -> int:
    if type(value) is not int or not 0 < value <= most:
        raise ProtocolError("a number out of range")
    return value


def _findings(value: object, most: int) -> tuple[Finding, ...]:
    if not isinstance(value, list) or len(value) > MOST_FINDINGS:
        raise ProtocolError("no list of findings")
    return tuple(_finding(one, most) for one in value)


def _finding(value: object, most: int) -> Finding:
    if not isinstance(value, list) or len(value) != 3:
        raise ProtocolError("no finding")
    fault, page, box = value
    if not isinstance(fault, str) or fault not in {*LetterFault}:
        raise ProtocolError("an unknown fault")
    return Finding(LetterFault(fault), _number(page, most), None if box is None else _box(box))


def _box(value: object) -> Box:
    if not isinstance(value, list) or len(value) != 4 or not all(type(side) is float for side in value):
        raise ProtocolError("no box")
    left, top, right, bottom = value
    if not all(-LONGEST_SHEET <= side <= LONGEST_SHEET for side in value):  # nor is it one that is no number
        raise ProtocolError("a box out of range")
    return left, top, right, bottom


def _sizes(value: object, most: int) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > most:
        raise ProtocolError("no list of sizes")
    return tuple(_number(size, 1 << 31) for size in value)


def _legibility(scores: object, flaws: object, pages: int) -> tuple[Legibility, ...]:
    if not isinstance(scores, list) or not isinstance(flaws, list) or not len(scores) == len(flaws) == pages:
        raise ProtocolError("not every page has its legibility")
    if any(type(score) is not int or not 0 <= score <= BEST for score in scores):
        raise ProtocolError("a score out of range")
    if any(type(flaw) is not int or not 0 <= flaw < len(_FLAWS) for flaw in flaws):
        raise ProtocolError("an unknown flaw")
    return tuple(Legibility(score, _FLAWS[flaw]) for score, flaw in zip(scores, flaws, strict=True))


def _strip(value: object) -> Strip:
    if not isinstance(value, list) or len(value) != 2:
        raise ProtocolError("no strip")
    return Strip(_number(value[0], Resolution.SUPERFINE.most_rows), _number(value[1], 1 << 31))
