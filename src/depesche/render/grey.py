"""A letter in black and white: all that is coloured in its PDF document becomes grey, and text stays text.

Every colour, picture and gradient is replaced by the grey that PDFium shows of it, so that the print centre gets what a
preview shows, and nothing that it could take for colour. What was changed is looked at beside what it was: a page that
is not grey, or not the same (what we cannot rewrite: a mesh of colours, a blend that only colours have), becomes a
picture of itself (ADR 8).
"""

import io
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, NumberObject

from depesche.render.greying import Greying, put_pixels
from depesche.render.memory import enough
from depesche.render.pdfobject import added, stream

DPI = 200
"""Of a page that becomes a picture of itself."""

LOOK = 50 / 72
"""Picture elements a point when a page is compared with what it was."""

UNLIKE, FEW = 40, 0.002
"""So many grey values may a picture element be off, but for this share of a page."""

_LUMINANCE = np.array((0.11, 0.59, 0.30), np.float32)
"""Of blue, green and red, as PDFium counts them."""


def grey(document: bytes) -> bytes:
    """The same letter in grey; it has A4 pages at the origin. Raises: MemoryError."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(document)))
    greying = Greying(writer)
    changed: set[int] = set()
    lost: set[int] = set()
    for index, page in enumerate(writer.pages):
        done = _tried(partial(greying.page, page))
        if done is None:
            lost.add(index)
        elif done:
            changed.add(index)
    if changed or lost:  # what they name may be on any other page as well
        changed = set(range(len(writer.pages)))
    if _tried(greying.finish) is None:
        lost = set(range(len(writer.pages)))
    _become_pictures(writer, document, lost)
    made = _written(writer)
    unlike = set(_unlike(document, made, changed - lost))
    if not unlike:
        return made
    _become_pictures(writer, document, unlike)
    return _written(writer)


def _tried(work: Callable[[], bool]) -> bool | None:
    """What came of it; None: it failed. Raises: MemoryError."""
    try:
        return work()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  what pypdf stumbles over in a stranger's document may be anything
        return None


def _unlike(document: bytes, made: bytes, pages: Iterable[int]) -> Iterator[int]:
    """Those of the pages that are not grey, or not what they were. Raises: MemoryError."""
    before, after = pdfium.PdfDocument(document), pdfium.PdfDocument(made)
    for index in sorted(pages):
        with enough():
            was, now = (shown[index].render(scale=LOOK).to_numpy()[:, :, :3] for shown in (before, after))
        is_grey = np.array_equal(now.min(axis=2), now.max(axis=2))
        if not is_grey or (np.abs(now[:, :, 0] - was @ _LUMINANCE) > UNLIKE).mean() > FEW:
            yield index


def _become_pictures(writer: PdfWriter, document: bytes, pages: Iterable[int]) -> None:
    """Draw these pages as they were, in grey. Raises: MemoryError."""
    before = pdfium.PdfDocument(document)
    for index in sorted(pages):
        with enough():
            shown = before[index].render(scale=DPI / 72).to_pil().convert("L")  # after colours have been mixed
        picture = stream(
            {
                "/Type": NameObject("/XObject"),
                "/Subtype": NameObject("/Image"),
                "/Width": NumberObject(shown.width),
                "/Height": NumberObject(shown.height),
                "/ColorSpace": NameObject("/DeviceGray"),
                "/BitsPerComponent": NumberObject(8),
            }
        )
        put_pixels(picture, np.asarray(shown), lossy=True)
        content = b"q %f 0 0 %f 0 0 cm /Page Do Q" % before[index].get_size()
        held = DictionaryObject({NameObject("/Page"): added(writer, picture)})
        page = writer.pages[index]
        page[NameObject("/Contents")] = added(writer, stream({}, content))
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): held})
        for key in ("/Annots", "/Group"):
            page.pop(key, None)


def _written(writer: PdfWriter) -> bytes:
    writer.pdf_header = "%PDF-1.7"
    writer.compress_identical_objects(remove_duplicates=False, remove_unreferenced=True)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
