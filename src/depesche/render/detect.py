"""What a file is: its name says the type, its first octets correct it within the family."""

import codecs
import re
from enum import Enum

from depesche.render.codepages import has_mark_of_utf_16, utf_16
from depesche.render.errors import Unsupported

HEAD = 4096
"""Octets that `detect` wants to see."""

_PDF = b"%PDF-"
_PDF_WITHIN = 1024
"""Readers accept garbage of this length before ``%PDF-`` (ISO 32000-1 annex H.3, note 13)."""


class Family(Enum):
    """Formats that people confuse, and that go the same way."""

    PICTURE = "picture"
    PDF = "PDF document"
    TEXT = "text"
    HTML = "HTML document"
    WORD = "word processor document"
    SHEET = "spreadsheet"


class Format(Enum):
    """The formats of the interface, and what hides behind their names."""

    TIFF = "TIFF picture"
    BMP = "BMP picture"
    PNG = "PNG picture"
    JPEG = "JPEG picture"
    PDF = "PDF document"
    TEXT = "plain text"
    HTML = "HTML document"
    DOC = "Word 97 document"
    DOCX = "Word document"
    ODT = "OpenDocument text"
    RTF = "RTF document"
    XLS = "Excel 97 workbook"
    XLSX = "Excel workbook"
    ODS = "OpenDocument spreadsheet"
    CSV = "CSV table"
    OTHER = "file of another format"
    """None of ours, as an attachment may be; `detect` never says so."""

    @property
    def renderable(self) -> bool:
        """Whether there is a converter for it; it may not be installed here (`Renderer.takes`)."""
        return self in _RENDERABLE


_RENDERABLE = frozenset(Format) - {Format.OTHER}

_EXTENSIONS = {
    "tif": (Family.PICTURE, Format.TIFF),
    "tiff": (Family.PICTURE, Format.TIFF),
    "bmp": (Family.PICTURE, Format.BMP),
    "png": (Family.PICTURE, Format.PNG),
    "jpg": (Family.PICTURE, Format.JPEG),
    "jpeg": (Family.PICTURE, Format.JPEG),
    "pdf": (Family.PDF, Format.PDF),
    "txt": (Family.TEXT, Format.TEXT),
    "htm": (Family.HTML, Format.HTML),
    "html": (Family.HTML, Format.HTML),
    "doc": (Family.WORD, Format.DOC),
    "docx": (Family.WORD, Format.DOCX),
    "odt": (Family.WORD, Format.ODT),
    "rtf": (Family.WORD, Format.RTF),
    "xls": (Family.SHEET, Format.XLS),
    "xlsx": (Family.SHEET, Format.XLSX),
    "ods": (Family.SHEET, Format.ODS),
}


class _Kind(Enum):
    """What first octets can be recognised as, beyond the formats themselves."""

    OLE = "an OLE container"
    OFFICE_PACKAGE = "an Office document"
    ARCHIVE = "an archive"
    PROGRAM = "a program"
    OTHER_PICTURE = "a picture of another format"
    TEXT = "text"
    UNKNOWN = "binary data"


_Content = Format | _Kind

_MEMBERS: dict[Family, dict[_Content, Format]] = {
    Family.PICTURE: {f: f for f in (Format.TIFF, Format.BMP, Format.PNG, Format.JPEG)},
    Family.PDF: {Format.PDF: Format.PDF},
    Family.TEXT: {_Kind.TEXT: Format.TEXT},
    Family.HTML: {Format.HTML: Format.HTML, _Kind.TEXT: Format.HTML},
    Family.WORD: {
        **{f: f for f in (Format.DOC, Format.DOCX, Format.ODT, Format.RTF, Format.HTML)},
        _Kind.OLE: Format.DOC,
        _Kind.OFFICE_PACKAGE: Format.DOCX,
    },
    Family.SHEET: {
        **{f: f for f in (Format.XLS, Format.XLSX, Format.ODS, Format.HTML)},
        _Kind.OLE: Format.XLS,
        _Kind.OFFICE_PACKAGE: Format.XLSX,
        _Kind.TEXT: Format.CSV,
    },
}
"""What may hide behind each family's names, and which format that makes."""

_MAY_BE_DAMAGED = frozenset({Family.PICTURE, Family.PDF, Family.WORD, Family.SHEET})
"""Families whose content is binary: what nobody recognises may be a damaged one of theirs."""

_WRITTEN = frozenset({Family.TEXT, Family.HTML})
"""Families whose content is text, which may write of other formats."""

_SIGNATURES: tuple[tuple[bytes, _Content], ...] = (
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
    (b"II+\0", Format.TIFF),  # BigTIFF
    (b"MM\0+", Format.TIFF),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPEG),
    (b"{\\rtf", Format.RTF),
    (b"Rar!\x1a\x07", _Kind.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", _Kind.ARCHIVE),
    (b"\x1f\x8b\x08", _Kind.ARCHIVE),
    (b"\x7fELF", _Kind.PROGRAM),
    (b"GIF87a", _Kind.OTHER_PICTURE),
    (b"GIF89a", _Kind.OTHER_PICTURE),
)

_ZIP = b"PK\x03\x04"
_ZIP_MARKS: tuple[tuple[bytes, _Content], ...] = (
    (b"mimetypeapplication/vnd.oasis.opendocument.text", Format.ODT),
    (b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", Format.ODS),
    (b"word/", Format.DOCX),
    (b"xl/", Format.XLSX),
    (b"[Content_Types].xml", _Kind.OFFICE_PACKAGE),
    (b"_rels/.rels", _Kind.OFFICE_PACKAGE),
    (b"docProps/", _Kind.OFFICE_PACKAGE),
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_MARKS: tuple[tuple[bytes, _Content], ...] = (
    ("WordDocument".encode("utf-16-le"), Format.DOC),
    ("Workbook".encode("utf-16-le"), Format.XLS),
)

_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}
"""Lengths of the second header of a BMP file, at octet 14."""

_HTML = re.compile(
    rb"(?:<\?xml[^>]*>|<!--.*?-->|\s)*+<(?:!doctype\s+html|html|head|body|title|meta|table|div|p)\b",
    re.IGNORECASE | re.DOTALL,
)

_TEXT_CONTROLS = frozenset(b"\b\t\n\v\f\r\x1a\x1b")
_MOST_CONTROLS = 0.02
"""Share of other control characters that a text may have."""


def detect(filename: str, head: bytes) -> tuple[Format, str | None]:
    """The format of a file by its name and its first `HEAD` octets (all, if it is shorter).

    The extension decides the type. Content of another format of the same family wins, and a warning says so. What
    nobody recognises, or is empty, is believed to be what its name says: its converter will find the damage.

    Returns: the format, and a warning for the job's record or None.
    Raises: Unsupported: the extension is none of the interface's, or the content is of another family.
    """
    family, named = _by_name(filename)
    content = _by_content(head, family) if head else named
    if content is _Kind.UNKNOWN and family in _MAY_BE_DAMAGED:
        return named, None
    found = named if content is named else _MEMBERS[family].get(content)
    if found is None:
        raise Unsupported(f"{_shown(filename)} is no {family.value}, it contains {content.value}")
    return found, None if found is named else f"{_shown(filename)} contains a {found.value}"


def _by_name(filename: str) -> tuple[Family, Format]:
    _, dot, extension = filename.strip().rpartition(".")
    if not dot or extension.lower() not in _EXTENSIONS:
        known = ", ".join(_EXTENSIONS)
        raise Unsupported(f"{_shown(filename)}: files of this type are not supported; these are: {known}")
    return _EXTENSIONS[extension.lower()]


def _by_content(head: bytes, family: Family) -> _Content:
    for signature, content in _SIGNATURES:
        if head.startswith(signature):
            return content
    if head.startswith(_ZIP):
        return _marked(head, _ZIP_MARKS, _Kind.ARCHIVE)
    if head.startswith(_OLE):
        return _marked(head, _OLE_MARKS, _Kind.OLE)
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return Format.BMP
    if _is_pdf(head, family):
        return Format.PDF
    return _by_structure(head)


def _is_pdf(head: bytes, family: Family) -> bool:
    """Garbage in front is overlooked, but not in a text: there it is what the text says."""
    if family in _WRITTEN:
        return head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(_PDF)
    return _PDF in head[:_PDF_WITHIN]


def _marked(head: bytes, marks: tuple[tuple[bytes, _Content], ...], otherwise: _Content) -> _Content:
    return next((content for mark, content in marks if mark in head), otherwise)


def _by_structure(head: bytes) -> _Content:
    """What has no signature."""
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _Kind.OTHER_PICTURE
    if not _is_text(head):
        return _Kind.PROGRAM if head.startswith(b"MZ") else _Kind.UNKNOWN
    return Format.HTML if _HTML.match(head.removeprefix(codecs.BOM_UTF8)) else _Kind.TEXT


def _is_text(head: bytes) -> bool:
    """UTF-16, or octets of which hardly any are control characters."""
    if has_mark_of_utf_16(head) or utf_16(head):
        return True
    controls = sum(octet < 0x20 and octet not in _TEXT_CONTROLS for octet in head)
    return 0 not in head and controls <= len(head) * _MOST_CONTROLS


def _shown(filename: str) -> str:
    """A customer's file name, safe for a record."""
    return "".join(c if c.isprintable() else "?" for c in filename)[-80:]
