"""Documents that name files and addresses: no file is opened, nobody is called, even where there is no sandbox."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from depesche.model.cover import Cover
from depesche.render.detect import Format, detect
from depesche.render.errors import Damaged, RenderError, Unsupported
from depesche.render.image import PicturePages
from depesche.render.letter import Letter
from depesche.render.order import TextPage
from depesche.render.pdf import PdfPages, open_pdf
from depesche.render.text import text_page
from documents import BLACK_SQUARE, black, file, pdf, picture, stream
from peers.canary import canaries
from peers.listener import listener
from reaching import REACHING, reaching
from studio import Studio

PIXELS = 10_000_000
IMAGE = b"/Type/XObject/Subtype/Image/Width 64/Height 64/BitsPerComponent 8/ColorSpace/DeviceGray"
SHOW = b"500 0 0 400 50 50 cm /I Do"
SHOWN = b"/XObject<</I 100 0 R>>"


def file_of(target: str) -> bytes:
    """A file specification (ISO 32000-1 §7.11): a name of this machine, or an address."""
    return b"<</Type/Filespec/FS/URL/F(%s)>>" % target.encode() if "://" in target else b"(%s)" % target.encode()


def script(target: bytes) -> bytes:
    """An action that tries all that a script may (Acrobat's)."""
    name = b'"%s"' % target
    code = b"app.launchURL(%s, true); this.getURL(%s); util.readFileIntoStream(%s); app.openDoc(%s);" % ((name,) * 4)
    code += b"this.submitForm(%s); this.importDataObject('a', %s); Net.HTTP.request({cURL: %s});" % ((name,) * 3)
    return b"<</S/JavaScript/JS(%s)>>" % code.replace(b"(", b"\\(").replace(b")", b"\\)")


def acting(action: bytes, trigger: str = "open") -> bytes:
    """A document that does something when it is opened, shown or printed."""
    if trigger == "page":
        return pdf(BLACK_SQUARE, page=b"/AA<</O %s/C %s>>" % (action, action))
    if trigger == "field":
        field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(1)/F 4/Rect[10 10 99 30]/AA<</F %s/C %s/PV %s>>/A %s>>"
        form = b"/AcroForm<</Fields[100 0 R]/CO[100 0 R]/NeedAppearances true>>"
        return pdf(BLACK_SQUARE, page=b"/Annots[100 0 R]", catalogue=form, objects={100: field % ((action,) * 4)})
    return pdf(BLACK_SQUARE, catalogue=b"/OpenAction %s/AA<</WP %s/DP %s/WC %s>>" % ((action,) * 4))


XFA = """<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">
<template xmlns="http://www.xfa.org/schema/xfa-template/2.8/"><subform><draw><value><image href="{0}"/></value></draw></subform></template>
<connectionSet xmlns="http://www.xfa.org/schema/xfa-connection-set/2.8/"><wsdlConnection><wsdlAddress>{0}</wsdlAddress></wsdlConnection>
</connectionSet></xdp:xdp>"""  # noqa: E501
"""A form that gets its data and its pictures from elsewhere."""


def showing(entries: bytes, data: bytes = b"", more: bytes = b"") -> bytes:
    """A document with a picture, or what says that it is one; `more` is object 101."""
    objects = {100: stream(data, entries)} | ({101: more} if more else {})
    return pdf(SHOW, resources=SHOWN, objects=objects)


def in_face(font: bytes, more: Mapping[int, bytes]) -> bytes:
    return pdf(b"BT /G 30 Tf 60 600 Td (Text) Tj ET", resources=b"/Font<</G 100 0 R>>", objects={100: font, **more})


def noted(note: bytes) -> bytes:
    return pdf(BLACK_SQUARE, page=b"/Annots[<</Type/Annot/Rect[9 9 99 99]%s>>]" % note)


def known(names: bytes, more: Mapping[int, bytes] | None = None) -> bytes:
    """With entries in the catalogue."""
    return pdf(BLACK_SQUARE, catalogue=names, objects=more)


WHITE = zlib.compress(b"\xff" * 4096)
PACKED = IMAGE + b"/Filter/FlateDecode"
FREMD = b"<</Type/Font/Subtype/TrueType/BaseFont/Fremd/FontDescriptor 101 0 R>>"
ITS_FILE = b"<</Type/FontDescriptor/FontName/Fremd/Flags 32/FontFile2 102 0 R>>"
ALTERNATE = b"/Alternates[<</Image 101 0 R/DefaultForPrinting true>>]"

PDFS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "a stream that is a file": lambda _, f: showing(IMAGE + b"/F " + f),
    "content that is a file": lambda _, f: pdf(BLACK_SQUARE).replace(b"<</Length", b"<</F %s/Length" % f),
    "an alternate picture": lambda _, f: showing(PACKED + ALTERNATE, WHITE, stream(b"", IMAGE + b"/F " + f)),
    "a picture of a print shop": lambda _, f: showing(PACKED + b"/OPI<</2.0<</Type/OPI/F %s>>>>" % f, WHITE),
    "a page of another document": lambda _, f: showing(
        b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Ref<</F %s/Page 0>>" % f
    ),
    "a face that is a file": lambda _, f: in_face(FREMD, {101: ITS_FILE, 102: stream(b"", b"/F " + f)}),
    "a face of that name": lambda t, _: in_face(FREMD.replace(b"Fremd", t.replace(b"/", b"#2F")), {101: ITS_FILE}),
    "a link": lambda t, _: noted(b"/Subtype/Link/A<</S/URI/URI(%s)>>" % t),
    "an address to go to": lambda t, _: acting(b"<</S/URI/URI(%s)>>" % t),
    "another document to go to": lambda _, f: acting(b"<</S/GoToR/F %s/D[0/Fit]>>" % f),
    "an embedded one to go to": lambda _, f: acting(b"<</S/GoToE/F %s/D[0/Fit]>>" % f),
    "a program to start": lambda _, f: acting(b"<</S/Launch/F %s/Unix<</F %s>>>>" % (f, f)),
    "data to fetch": lambda _, f: acting(b"<</S/ImportData/F %s>>" % f),
    "data to send": lambda _, f: acting(b"<</S/SubmitForm/F %s/Flags 4>>" % f),
    "a film to show": lambda _, f: noted(b"/Subtype/Movie/Movie<</F %s/Poster true>>/A true" % f),
    "a script when it is opened": lambda t, _: acting(script(t)),
    "a script of a page": lambda t, _: acting(script(t), "page"),
    "a script of a field": lambda t, _: acting(script(t), "field"),
    "a script by name": lambda t, _: known(b"/Names<</JavaScript<</Names[(a)%s]>>>>" % script(t)),
    "an attached file": lambda _, f: known(
        b"/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/F(a)/EF<</F 100 0 R>>>>]>>>>",
        {100: stream(b"", b"/Type/EmbeddedFile/F " + f)},
    ),
    "a form in XFA": lambda t, _: known(
        b"/AcroForm<</Fields[]/XFA 100 0 R>>/NeedsRendering true", {100: stream(XFA.format(t.decode()).encode())}
    ),
    "a base for its addresses": lambda t, _: known(b"/URI<</Base(%s)>>" % t),
    "another document for its text": lambda _, f: pdf(BLACK_SQUARE, trailer=b"/F " + f),
}
"""Each way in which a PDF document can name something, by its name and as a file specification."""


def naming(way: str, target: str) -> bytes:
    """A document that names it."""
    return PDFS[way](target.encode(), file_of(target))


def drawn_and_printed(data: bytes) -> None:
    """By us, here, where nothing is forbidden."""
    try:
        with file(data) as document:
            pages = PdfPages(document, PIXELS)
            for index in range(len(pages)):
                pages.draw(index)
            letter = Letter()
            letter.add_pdf(open_pdf(document))
            with file(b"") as out:
                letter.save(out)
    except RenderError:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With files that are worth something to whoever may read them."""
    (tmp_path / "canary.gray").write_bytes(bytes(4096))
    (tmp_path / "canary.pdf").write_bytes(pdf(BLACK_SQUARE))
    (tmp_path / "canary.png").write_bytes(picture("PNG", Image.new("L", (900, 900))))
    (tmp_path / "canary.svg").write_bytes(
        b"<svg xmlns='http://www.w3.org/2000/svg'><rect width='99' height='99'/></svg>"
    )
    return tmp_path


def test_these_canaries_sing(folder: Path) -> None:
    with canaries(folder) as touched:
        assert touched() == []
        (folder / "canary.gray").read_bytes()
        assert set(touched()) == {"canary.gray"}
        assert touched() == []


@pytest.mark.parametrize("way", PDFS)
def test_what_a_pdf_document_names_is_left_where_it_is(way: str, folder: Path) -> None:
    with listener() as (address, asked), canaries(folder) as touched:
        for name in ("canary.gray", "canary.pdf"):
            for target in (f"{folder}/{name}", f"file://{folder}/{name}", f"{address}/{name}", name):
                drawn_and_printed(naming(way, target))
        assert touched() == []
        assert asked == []


@pytest.mark.parametrize("way", PDFS)
def test_such_a_document_is_printed_for_what_else_it_has(way: str) -> None:
    data = naming(way, "http://127.0.0.1:9/x")
    with file(data) as document:
        page = black(PdfPages(document, PIXELS).draw(0).bits)
    assert page.any() or BLACK_SQUARE not in data


LIARS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "SVG": ("a.tif", lambda t: f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{t}'/></svg>".encode()),
    "SVG after a declaration": ("a.png", lambda t: f"<?xml version='1.0'?><svg><image href='{t}'/></svg>".encode()),
    "ImageMagick's own language": ("a.jpg", lambda t: f"push graphic-context\nimage over 0,0 9,9 '{t}'\npop".encode()),
    "PostScript": ("a.tif", lambda t: f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({t}) run\n".encode()),
    "a list of pictures": ("a.bmp", lambda t: f"#EXTM3U\n#EXTINF:1,\n{t}\n".encode()),
    "a path": ("a.tif", lambda t: f"@{t}".encode()),
    "HTML": ("a.tif", lambda t: f"<html><img src='{t}'>".encode()),
    "a Windows metafile": ("a.bmp", lambda t: b"\xd7\xcd\xc6\x9a" + t.encode() + bytes(99)),
    "a TIFF that is nothing else": ("a.tif", lambda t: b"MM\0+\0\x08\0\0" + t.encode() + bytes(99)),
}


@pytest.mark.parametrize("what", LIARS)
def test_a_picture_that_lies_about_itself_is_refused(what: str, folder: Path) -> None:
    name, make = LIARS[what]
    with listener() as (address, asked), canaries(folder) as touched:
        for target in (f"{folder}/canary.png", f"file://{folder}/canary.svg", f"{address}/canary.png"):
            data = make(target)
            try:
                format_, _ = detect(name, data)
            except Unsupported:
                format_ = None
            for kind in {format_} - {None} or (Format.TIFF, Format.PNG, Format.JPEG, Format.BMP):
                assert kind is not None
                with file(data) as document, pytest.raises(Damaged):
                    PicturePages(document, kind, PIXELS, 9).draw(0)
        assert touched() == []
        assert asked == []


@pytest.mark.parametrize("true", [Format.TIFF, Format.PNG, Format.JPEG, Format.BMP])
@pytest.mark.parametrize("said", [Format.TIFF, Format.PNG, Format.JPEG, Format.BMP, Format.PDF])
def test_a_reader_reads_its_own_format_and_no_other(said: Format, true: Format) -> None:
    data = picture(true.name, Image.new("L", (90, 90)))
    if said is true:
        return
    with file(data) as document, pytest.raises(Damaged):
        PdfPages(document, PIXELS) if said is Format.PDF else PicturePages(document, said, PIXELS, 9).draw(0)


PAGE = TextPage("Guten Tag", "Praxis", "+493023125100", "+4940123456789", datetime(2026, 3, 2, 14, 5, tzinfo=UTC))


@pytest.mark.parametrize("way", REACHING)
def test_what_a_template_of_a_cover_names_is_left_where_it_is(way: str, folder: Path) -> None:
    with listener() as (address, asked), canaries(folder) as touched:
        for target in (f"{folder}/canary.svg", f"file://{folder}/canary.png", f"{address}/a", f"//{address[7:]}/a"):
            cover = Cover(html=reaching(way, target) + "{{text}}")
            text_page(replace(PAGE, cover=cover), 1, 9, PIXELS)
        assert touched() == []
        assert asked == []


@pytest.mark.parametrize("logo", [False, True])
def test_what_a_logo_names_is_left_where_it_is(logo: bool, folder: Path) -> None:
    with listener() as (address, asked), canaries(folder) as touched:
        for target in (f"{folder}/canary.png", f"file://{folder}/canary.svg", f"{address}/a"):
            drawing = f"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='{target}'/></svg>"
            given = f"data:image/svg+xml,{drawing.replace('#', '%23')}" if logo else target
            for html in ("", '<img src="{{logo}}">{{text}}'):
                text_page(replace(PAGE, cover=Cover(logo=given, html=html)), 1, 9, PIXELS)
        assert touched() == []
        assert asked == []


def test_in_the_server_it_is_the_same(any_studio: Studio, folder: Path) -> None:
    """All of them once through the conversion process, as a fax and as a letter."""
    with listener() as (address, asked), canaries(folder) as touched:
        targets = (f"{folder}/canary.gray", f"{address}/canary.gray")
        sources = [any_studio.source(naming(way, target)) for way in PDFS for target in targets]
        renderer = any_studio.renderer()
        for first in range(0, len(sources), 3):
            three = sources[first : first + 3]
            assert any_studio.run(renderer.fax(None, three, any_studio.out)).pages == len(three)
            assert any_studio.run(renderer.letter(three, any_studio.out)).pages == len(three)
        assert touched() == []
        assert asked == []
