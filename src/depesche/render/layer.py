"""Layers of a PDF document, which may be switched off (optional content, ISO 32000-1 §8.11)."""

import ctypes
from typing import Any

import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

_MARK = "OC"
"""Of what belongs to a layer (§8.11.3.2)."""

_LONGEST = 64
"""Octets of a mark's name in UTF-16 that are looked at."""


def has_layers(page: Any) -> bool:
    """Whether anything that lies on a page itself, not in a form, belongs to one."""
    return any(
        is_in_layer(pdfium_c.FPDFPage_GetObject(page, number)) for number in range(pdfium_c.FPDFPage_CountObjects(page))
    )


def is_in_layer(thing: Any) -> bool:
    """Whether it stands between the marks of one."""
    marks = range(pdfium_c.FPDFPageObj_CountMarks(thing))
    return any(_name(pdfium_c.FPDFPageObj_GetMark(thing, number)) == _MARK for number in marks)


def _name(mark: Any) -> str:
    octets, length = ctypes.create_string_buffer(_LONGEST), ctypes.c_ulong()
    target = ctypes.cast(octets, ctypes.POINTER(ctypes.c_ushort))
    pdfium_c.FPDFPageObjMark_GetName(mark, target, _LONGEST, length)
    return octets.raw[: min(_LONGEST, length.value)].decode("utf-16-le", "replace").rstrip("\0")
