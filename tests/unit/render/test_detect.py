"""What a file is, by its name and its first octets."""

import io
import zipfile

import pytest
from PIL import Image

from depesche.render.detect import Format, detect
from depesche.render.errors import Unsupported
from documents import pdf, picture

SMALL = Image.new("RGB", (8, 8))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
PROGRAM = b"MZ\x90\0\3\0\0\0" + bytes(200)
HTML = b"<!DOCTYPE html><html><body>Guten Tag</body></html>"
RTF = b"{\\rtf1\\ansi Guten Tag}"


def archive(*names: str, first: str = "") -> bytes:
    """A ZIP file of empty files; `first` is the content of the first one, not compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number, name in enumerate(names):
            made.writestr(name, first if number == 0 else "")
    return out.getvalue()


DOCX = archive("[Content_Types].xml", "_rels/.rels", "word/document.xml")
XLSX = archive("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml")
ODT = archive("mimetype", "content.xml", first="application/vnd.oasis.opendocument.text")
ODS = archive("mimetype", "content.xml", first="application/vnd.oasis.opendocument.spreadsheet")

TRUE_TO_NAME = {
    "a.tif": (Format.TIFF, picture("TIFF", SMALL)),
    "a.tiff": (Format.TIFF, b"MM\0*\0\0\0\x08"),
    "a.bmp": (Format.BMP, picture("BMP", SMALL)),
    "a.png": (Format.PNG, picture("PNG", SMALL)),
    "a.jpg": (Format.JPEG, picture("JPEG", SMALL)),
    "a.jpeg": (Format.JPEG, picture("JPEG", SMALL)),
    "a.pdf": (Format.PDF, pdf(b"")),
    "a.txt": (Format.TEXT, "Grüße".encode()),
    "a.htm": (Format.HTML, HTML),
    "a.html": (Format.HTML, b"Guten <b>Tag</b>"),
    "a.doc": (Format.DOC, OLE),
    "a.docx": (Format.DOCX, DOCX),
    "a.odt": (Format.ODT, ODT),
    "a.rtf": (Format.RTF, RTF),
    "a.xls": (Format.XLS, OLE),
    "a.xlsx": (Format.XLSX, XLSX),
    "a.ods": (Format.ODS, ODS),
}


@pytest.mark.parametrize("name", TRUE_TO_NAME)
def test_content_that_fits_its_name_gives_no_warning(name: str) -> None:
    format_, content = TRUE_TO_NAME[name]
    assert detect(name, content) == (format_, None)


@pytest.mark.parametrize(
    ("name", "content", "format_"),
    [
        ("scan.png", picture("JPEG", SMALL), Format.JPEG),
        ("scan.tif", picture("PNG", SMALL), Format.PNG),
        ("scan.bmp", picture("TIFF", SMALL), Format.TIFF),
        ("scan.jpg", picture("BMP", SMALL), Format.BMP),
        ("brief.doc", RTF, Format.RTF),
        ("brief.doc", HTML, Format.HTML),
        ("brief.doc", DOCX, Format.DOCX),
        ("brief.docx", ODT, Format.ODT),
        ("brief.doc", archive("[Content_Types].xml", "docProps/app.xml"), Format.DOCX),
        ("liste.xls", HTML, Format.HTML),
        ("liste.xls", b"Name;Preis\r\nM\xfctze;14,90\r\n", Format.CSV),
        ("liste.xls", XLSX, Format.XLSX),
        ("liste.xlsx", ODS, Format.ODS),
    ],
)
def test_within_a_family_the_content_wins_with_a_warning(name: str, content: bytes, format_: Format) -> None:
    found, warning = detect(name, content)
    assert found is format_
    assert warning == f"{name} contains a {format_.value}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rechnung.pdf", PROGRAM),
        ("rechnung.pdf", b"\x7fELF\2\1\1" + bytes(50)),
        ("rechnung.pdf", archive("virus.exe")),
        ("rechnung.pdf", picture("PNG", SMALL)),
        ("rechnung.pdf", b"Nur ein Text.\r\n"),
        ("bild.png", pdf(b"")),
        ("bild.png", picture("GIF", SMALL)),
        ("bild.jpg", picture("WEBP", SMALL)),
        ("text.txt", b"\0\1\2\3 binary"),
        ("text.txt", pdf(b"")),
        ("text.txt", RTF),
        ("text.txt", HTML),
        ("text.txt", b"Rar!\x1a\x07\x00 something"),
        ("seite.html", picture("JPEG", SMALL)),
        ("brief.docx", archive("readme")),
        ("brief.doc", b"Nur ein Text.\r\n"),
        ("brief.doc", OLE + "Workbook".encode("utf-16-le")),
        ("liste.xls", OLE + "WordDocument".encode("utf-16-le")),
        ("liste.xlsx", DOCX),
    ],
)
def test_content_of_another_family_is_not_supported(name: str, content: bytes) -> None:
    with pytest.raises(Unsupported, match=name):
        detect(name, content)


@pytest.mark.parametrize("name", ["a.exe", "a.zip", "a.gif", "a.csv", "a.pdf.lnk", "pdf", "", ".", "a.", "a.pdf/b"])
def test_other_names_are_not_supported(name: str) -> None:
    with pytest.raises(Unsupported):
        detect(name, pdf(b""))


@pytest.mark.parametrize("name", ["BRIEF.PDF", " brief.Pdf ", "C:\\Eigene Dateien\\brief.pdf", "brief.2026.pdf"])
def test_names_are_read_as_people_write_them(name: str) -> None:
    assert detect(name, pdf(b""))[0] is Format.PDF


@pytest.mark.parametrize("name", ["a.pdf", "a.tif", "a.txt", "a.html", "a.docx", "a.xls"])
def test_an_empty_file_is_believed_to_be_what_its_name_says(name: str) -> None:
    assert detect(name, b"") == (TRUE_TO_NAME[name][0], None)


@pytest.mark.parametrize("name", ["a.pdf", "a.tif", "a.jpg", "a.docx", "a.xls"])
def test_binary_content_that_nobody_recognises_may_be_damaged(name: str) -> None:
    assert detect(name, bytes(range(256)))[0] is TRUE_TO_NAME[name][0]


def test_a_truncated_document_keeps_its_format() -> None:
    assert detect("a.pdf", pdf(b"")[:12])[0] is Format.PDF
    assert detect("a.png", picture("PNG", SMALL)[:20])[0] is Format.PNG


def test_garbage_in_front_of_a_pdf_document_is_overlooked() -> None:
    assert detect("a.pdf", bytes(1000) + pdf(b""))[0] is Format.PDF
    assert detect("a.pdf", b"\r\n\r\n" + pdf(b""))[0] is Format.PDF


@pytest.mark.parametrize("before", ["Ein PDF beginnt mit ", "Dateien:\r\n", "\ufeffSiehe ", "- "])
def test_a_text_may_write_of_pdf_documents(before: str) -> None:
    text = f"{before}%PDF-1.7 und endet mit %%EOF.".encode()
    assert detect("a.txt", text) == (Format.TEXT, None)
    assert detect("a.html", text)[0] is Format.HTML


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", b"\xef\xbb\xbf \t"])
def test_a_pdf_document_under_the_name_of_a_text_is_not_supported(before: bytes) -> None:
    with pytest.raises(Unsupported, match="PDF"):
        detect("a.txt", before + pdf(b""))


@pytest.mark.parametrize(
    "content",
    [
        "Grüße".encode(),
        b"\xef\xbb\xbf" + "Grüße".encode(),
        "Grüße".encode("utf-16"),
        b"\xfe\xff" + "Grüße".encode("utf-16-be"),
        "Grüße, 5 €".encode("cp1252"),
        b"Seite 1\fSeite 2\x1a",
        b"MZ ist auch eine Abk\xfcrzung",
    ],
)
def test_text_may_have_any_of_the_usual_codings(content: bytes) -> None:
    assert detect("a.txt", content) == (Format.TEXT, None)


def test_comments_in_front_of_html_cost_no_time() -> None:
    assert detect("a.txt", b"<!-- -->" * 500 + b"x")[0] is Format.TEXT
    assert detect("a.html", b"<?xml version='1.0'?><!-- a --> <html>")[0] is Format.HTML


def test_file_names_in_reasons_are_safe_for_a_record() -> None:
    with pytest.raises(Unsupported) as refusal:
        detect("x" * 500 + "\n\x1b[31m.exe", b"")
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 250


def test_formats_without_a_converter_say_so() -> None:
    renderable = {format_ for format_ in Format if format_.renderable}
    assert renderable == set(Format) - {Format.OTHER}
