"""PDF documents as objects, by pypdf: what PDFium reads and writes, but does not let us into."""

import re
import zlib
from typing import Any

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    EncodedStreamObject,
    NameObject,
    PdfObject,
    StreamObject,
)

from depesche.render.content import Unreadable


def added(writer: PdfWriter, thing: PdfObject) -> PdfObject:
    """The reference to an object that is part of the document from now on."""
    return writer._add_object(thing)  # noqa: SLF001  there is no other way, pypdf's own documentation takes it


def stream(entries: dict[str, PdfObject], data: bytes = b"") -> DecodedStreamObject:
    """A stream that is not coded."""
    made = DecodedStreamObject()
    made.update({NameObject(key): value for key, value in entries.items()})
    made.set_data(data)
    return made


def put(holder: StreamObject, data: bytes, coding: str = "") -> None:
    """Give a stream its data, as they are coded; without a coding they are deflated."""
    holder[NameObject("/Filter")] = NameObject(coding or "/FlateDecode")
    holder._data = data if coding else zlib.compress(data)  # noqa: SLF001  `set_data` would code it again


def copied(holder: DictionaryObject, *, without: tuple[str, ...]) -> StreamObject:
    """A stream with its data as they are coded."""
    made = EncodedStreamObject() if "/Filter" in holder else DecodedStreamObject()
    made._data = holder._data  # type: ignore[attr-defined]  # noqa: SLF001
    made.update({NameObject(key): value for key, value in entries(holder, without=without).items()})
    return made


def entries(holder: DictionaryObject, *, without: tuple[str, ...] = ()) -> dict[str, PdfObject]:
    """As they stand: references stay references."""
    return {key: holder.raw_get(key) for key in holder if key not in without}


def part(resources: DictionaryObject, names: str) -> DictionaryObject:
    """A part of the resources; it may not be there yet. Raises: Unreadable."""
    if names not in resources:
        resources[NameObject(names)] = DictionaryObject()
    return dictionary(resources[names])


def dictionary(raw: PdfObject | None) -> DictionaryObject:
    """What it refers to. Raises: Unreadable."""
    found = None if raw is None else raw.get_object()
    if not isinstance(found, DictionaryObject):
        raise Unreadable("no dictionary where one has to be")
    return found


def inherited(page: DictionaryObject, key: str) -> DictionaryObject:
    """What a page has itself or from the tree of pages; empty if it has not. Raises: Unreadable."""
    holder = page
    while key not in holder and "/Parent" in holder:
        holder = dictionary(holder["/Parent"])
    return dictionary(holder[key]) if key in holder else DictionaryObject()


def contents(page: DictionaryObject) -> bytes:
    """The content streams of a page as one. Raises: whatever pypdf stumbles over."""
    found: Any = page["/Contents"].get_object() if "/Contents" in page else ()
    streams = found if isinstance(found, ArrayObject) else [found] if found else []
    return b"\n".join(data(one.get_object()) for one in streams)


def data(holder: Any) -> bytes:
    """A stream's data. Raises: whatever pypdf stumbles over."""
    return bytes(holder.get_data())


def number(holder: DictionaryObject, key: str) -> int:
    """Raises: Unreadable."""
    found = holder.get(key)
    if not isinstance(found, int):
        raise Unreadable(f"no number {key}")
    return int(found)


def filters(holder: DictionaryObject) -> list[str]:
    """How a stream is coded."""
    found: Any = holder.get("/Filter")
    found = found.get_object() if found is not None else ()
    return [str(found)] if isinstance(found, NameObject) else [str(one.get_object()) for one in found]


def name(operand: bytes) -> NameObject:
    """A name as it stands in a content stream. Raises: Unreadable."""
    if not operand.startswith(b"/"):
        raise Unreadable("a name is missing")
    plain = re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), operand)
    return NameObject(plain.decode("utf-8", "surrogateescape"))
