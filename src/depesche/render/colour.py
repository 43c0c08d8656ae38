"""Colour spaces of PDF documents, and colours that are to become grey (ISO 32000-1 §8.6)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, PdfObject

from depesche.render import probe
from depesche.render.content import Unreadable
from depesche.render.pdfobject import part
from depesche.render.probe import Probes


@dataclass(frozen=True, slots=True)
class Space:
    """A colour space as far as it matters here."""

    kind: str
    """``grey``, ``rgb``, ``pattern``, ``other``, or ``unknown``: that of whoever draws the form."""

    count: int = 1
    """Components."""

    first: tuple[float, ...] = (0,)
    """The colour with which it begins."""

    object: PdfObject | None = None
    """Of `other` itself, of a `pattern` the one that it is coloured in."""


GREY, UNKNOWN, PATTERN = Space("grey"), Space("unknown", 0), Space("pattern")
RGB = Space("rgb", 3, (0, 0, 0))
CMYK = Space("other", 4, (0, 0, 0, 1), NameObject("/DeviceCMYK"))

_DEVICE = {
    "/DeviceGray": GREY, "/G": GREY, "/DeviceRGB": RGB, "/RGB": RGB, "/DeviceCMYK": CMYK, "/CMYK": CMYK,
    "/Pattern": PATTERN,
}  # fmt: skip

_MEASURED = {"/CalGray": 1, "/CalRGB": 3, "/Lab": 3, "/Indexed": 1}
"""Components."""


def space(raw: PdfObject, resources: DictionaryObject) -> Space:
    """A colour space, by its name or as it stands. Raises: Unreadable."""
    found = raw.get_object()
    if isinstance(found, NameObject):
        return _DEVICE.get(found) or _named(found, resources)
    if not isinstance(found, ArrayObject) or not found:
        raise Unreadable("no colour space")
    return space(found[0], resources) if len(found) == 1 else _array(raw, found)


def _named(name: NameObject, resources: DictionaryObject) -> Space:
    named = part(resources, "/ColorSpace")
    if name not in named or named[name] == name:
        raise Unreadable(f"colour space {name}")
    return space(named.raw_get(name), resources)


def _array(raw: PdfObject, found: ArrayObject) -> Space:
    family: Any = found[0].get_object()
    inside: Any = found[1].get_object()
    if family == "/Pattern":
        return Space("pattern", object=found[1])
    if family in ("/Separation", "/DeviceN"):
        count = len(inside) if family == "/DeviceN" else 1
        return Space("other", count, (1,) * count, raw)
    count = int(inside["/N"]) if family == "/ICCBased" else _MEASURED.get(family, 0)
    if not count:
        raise Unreadable(f"colour space {family}")
    return Space("other", count, (0, 0, 0, 1) if count == 4 else (0,) * count, raw)


def of_picture(picture: DictionaryObject, resources: DictionaryObject) -> Space:
    """Unknown: it brings its own. Raises: Unreadable."""
    return space(picture.raw_get("/ColorSpace"), resources) if "/ColorSpace" in picture else UNKNOWN


def alone(raw: PdfObject, resources: DictionaryObject) -> PdfObject:
    """A colour space that does not need the resources in which it has its name. Raises: Unreadable."""
    if isinstance(raw, NameObject) and raw not in _DEVICE:
        found: PdfObject = part(resources, "/ColorSpace").raw_get(raw)
        return found
    return raw


def drop(resources: DictionaryObject) -> None:
    """Nothing is drawn in colour spaces any more but in patterns, and those that have a colour have a grey."""
    spaces = part(resources, "/ColorSpace")
    for name in list(spaces):
        found: Any = spaces[name]
        if isinstance(found, ArrayObject) and found[0] == "/Pattern" and len(found) > 1:
            spaces[NameObject(name)] = ArrayObject((NameObject("/Pattern"), NameObject("/DeviceGray")))
        elif found != "/Pattern":
            del spaces[name]


class Palette:
    """Colours that are wanted in grey."""

    def __init__(self) -> None:
        self._spaces: dict[str, PdfObject] = {}
        self._wanted: dict[str, dict[tuple[float, ...], int]] = {}
        self._seen: dict[str, probe.Grey] = {}

    def want(self, space: Space, colour: tuple[float, ...]) -> Callable[[], float]:
        """Ask for a colour; what comes back knows its grey, 0 to 1, when all has been seen. Raises: Unreadable."""
        if len(colour) != space.count:
            raise Unreadable("a colour of another colour space")
        if space.kind == "grey":
            return lambda: colour[0]
        if space.kind == "rgb":
            red, green, blue = (min(1.0, max(0.0, value)) for value in colour)
            return lambda: 0.30 * red + 0.59 * green + 0.11 * blue  # as PDFium does
        if space.object is None:
            raise Unreadable("a colour of nothing")
        key = _key(space.object)
        self._spaces[key] = space.object
        wanted = self._wanted.setdefault(key, {})
        number = wanted.setdefault(colour, len(wanted))
        return lambda: probe.of_colour(self._seen[key], number)

    def show(self, probes: Probes) -> dict[str, int]:
        """Put all of them to the things that are to be seen; gives the number of each colour space's page."""
        return {key: probes.colours(self._spaces[key], list(wanted)) for key, wanted in self._wanted.items()}

    def look(self, pages: dict[str, int], probes: Probes) -> None:
        """See them. Raises: MemoryError."""
        self._seen = {key: probes.see(page) for key, page in pages.items()}


def _key(space: PdfObject) -> str:
    """What is equal for the same colour space."""
    if isinstance(space, IndirectObject):
        return f"{space.idnum} {space.generation}"
    return str(space) if isinstance(space, NameObject) else f"direct {id(space)}"
