"""HTML documents: how they look, what they may not reach, and what becomes of hostile ones."""

import asyncio
import base64
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from PIL import Image

from depesche.render.detect import Format
from depesche.render.errors import Damaged, NotWhole, RenderError
from depesche.render.html import DEEPEST, html_document
from depesche.render.pages import Sheets
from depesche.render.pdf import PdfPages
from depesche.render.renderer import Rendered
from documents import black, extent, file, huge_png, picture
from peers.canary import canaries
from peers.listener import listener
from reaching import REACHING, reaching
from studio import Studio

MOST, PIXELS = 500, 10_000_000
UMLAUTS = "Grüße aus Köln: 5 €"


def made(document: str | bytes) -> Sheets:
    return html_document(document if isinstance(document, bytes) else document.encode(), MOST, PIXELS)


def texts(document: str | bytes) -> list[str]:
    """What is written on each sheet."""
    sheets = made(document)
    with pdfium.PdfDocument(sheets.pdf) as pages:
        found = [" ".join(page.get_textpage().get_text_range().split()) for page in pages]
    assert len(found) == sheets.pages
    return found


def ink(document: str | bytes) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what the first page shows as a fax."""
    with file(made(document).pdf) as pdf:
        return extent(PdfPages(pdf, PIXELS).draw(0).bits)


def share(document: str | bytes) -> float:
    """Of the first page that is black."""
    return blackness(made(document))


def blackness(sheets: Sheets) -> float:
    """The same of what was made."""
    with file(sheets.pdf) as pdf:
        return float(black(PdfPages(pdf, PIXELS).draw(0).bits).mean())


def data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def shown(kind: str, data: bytes) -> str:
    return f"<img style='width:100mm;height:100mm' src='{data_url(kind, data)}' alt='Ersatz'>"


@pytest.mark.parametrize(
    "document",
    [
        f"<!doctype html><title>x</title><p>{UMLAUTS}".encode(),
        f"<!doctype html><title>x</title><p>{UMLAUTS}".encode("utf-8-sig"),
        f"<!doctype html><title>x</title><p>{UMLAUTS}".encode("utf-16"),
        f"<!doctype html><title>x</title><p>{UMLAUTS}".encode("cp1252"),
        f"<meta charset=utf-8><p>{UMLAUTS}".encode(),
        f"<meta charset='windows-1252'><p>{UMLAUTS}".encode("cp1252"),
        f"<meta charset=iso-8859-1><p>{UMLAUTS}".encode("cp1252"),
        f"<meta charset=iso-8859-15><p>{UMLAUTS}".encode("iso-8859-15"),
        f'<meta http-equiv="Content-Type" content="text/html; charset=UTF-8"><p>{UMLAUTS}'.encode(),
        f'<?xml version="1.0" encoding="iso-8859-15"?><html><body><p>{UMLAUTS}</p></body></html>'.encode("iso-8859-15"),
        f"<meta charset=windows-1252><p>{UMLAUTS}".encode("utf-8-sig"),
        b"<p>Gr&uuml;&szlig;e aus K&ouml;ln: 5 &euro;",
    ],
)
def test_letters_are_read_in_the_encoding_that_the_document_has(document: bytes) -> None:
    assert texts(document) == [UMLAUTS]


def test_a_document_is_set_on_a4_with_margins() -> None:
    with pdfium.PdfDocument(made("<p>x").pdf) as pages:
        assert pages.get_page_size(0) == pytest.approx((595.276, 841.89), abs=0.5)
    left, top, _, _ = ink("<p style='margin:0'>HHH")
    assert left == pytest.approx(22.5 * 1728 / 215, abs=12)
    assert top == pytest.approx(15 * 196 / 25.4, abs=30)


def test_pages_are_those_that_a_browser_would_print() -> None:
    cells = "".join(f"<tr><td>Zeile {number}<td>{number},00 €" for number in range(100))
    table = f"<table><thead><tr><th>Text<th>Betrag<tbody>{cells}</table>"
    printed = texts(f"<p>Eins<p style='page-break-before:always'>Zwei<div style='break-before:page'>{table}</div>")
    assert len(printed) > 3
    assert printed[:2] == ["Eins", "Zwei"]
    assert all(sheet.startswith("Text Betrag") for sheet in printed[2:])
    assert "Zeile 99 99,00 €" in printed[-1]


def test_rules_for_the_screen_and_scripts_count_for_nothing() -> None:
    document = "<style>@media screen { p { display: none } } @media print { b { display: none } }</style>"
    assert texts(f"{document}<script>document.write('Skript')</script><p>Papier<b>Schirm</b>") == ["Papier"]


def test_attributes_of_old_html_count() -> None:
    assert share("<table width=100% height=400 bgcolor=black><tr><td></table>") > 0.2
    (left, *_), (right, *_) = ink("<p align=left>X"), ink("<p align=right>X")
    assert right > left + 1000


def test_links_are_black_and_underlined() -> None:
    assert share("<p><a href='#x'>Mehr</a>") > share("<p>Mehr")
    assert share("<p><a href='http://x/'>Mehr</a>") > share("<p>Mehr")


def test_what_is_too_wide_is_made_smaller_and_not_cut_off() -> None:
    row = "<tr>" + "".join(f"<td style='min-width:40mm'>Spalte {number}" for number in range(9))
    sheets = made(f"<table>{row}</table>")
    assert sheets.warnings == ("the HTML document is wider than the paper: it was reduced to 52 %",)
    with pdfium.PdfDocument(sheets.pdf) as pages:
        assert pages.get_page_size(0) == pytest.approx((595.276, 841.89), abs=0.5)
        text = pages[0].get_textpage()
        last = text.get_charbox(text.count_chars() - 1)
    assert 500 < last[2] < 596


def test_what_nobody_could_read_is_cut_off_with_a_warning() -> None:
    assert "what is still too wide is cut off" in made("<p style='white-space:nowrap'>" + "Wort " * 2000).warnings


def test_a_documents_own_page_counts() -> None:
    with pdfium.PdfDocument(made("<style>@page{size:A4 landscape}</style><p>x").pdf) as pages:
        width, height = pages.get_page_size(0)
    assert width > height


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("mode", ["L", "RGB", "1", "P"])
def test_pictures_of_the_document_are_shown(kind: str, mode: str) -> None:
    image = Image.new("L", (40, 40), 0).convert(mode)
    if kind == "JPEG":
        image = image.convert("L")
    document = shown("image/" + kind.lower(), picture(kind, image))
    assert share(document) == pytest.approx(100 * 100 / (215 * 297), rel=0.05)
    assert made(document).warnings == ()


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA", "I;16", "CMYK", "YCbCr", "F"])
def test_pictures_of_any_mode_are_shown(mode: str) -> None:
    plain = Image.new("L", (40, 40), 0)
    image = Image.new("I;16", (40, 40), 0) if mode == "I;16" else plain.convert(mode) if mode != "PA" else plain
    kind = {"CMYK": "JPEG", "YCbCr": "JPEG", "F": "TIFF", "I;16": "PNG"}.get(mode, "PNG")
    assert share(shown("image/x", picture(kind, image))) == pytest.approx(100 * 100 / (215 * 297), rel=0.05)


def test_transparent_parts_of_a_picture_show_what_is_behind() -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    document = shown("image/png", picture("PNG", image))
    assert share(f"<div style='background:black;width:100mm;height:100mm'>{document}</div>") > 0.14
    assert share(document) == 0


def test_a_turned_photograph_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = picture("JPEG", Image.new("L", (400, 100), 0), exif=exif)
    left, top, right, bottom = ink(f"<img src='{data_url('image/jpeg', photo)}'>")
    assert bottom - top > 2 * (right - left)


SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='100mm' height='100mm'><rect width='100%' height='100%'/></svg>"


@pytest.mark.parametrize(
    "document", [SVG, f'<img src="data:image/svg+xml,{quote(SVG)}">', shown("image/svg+xml", SVG.encode())]
)
def test_drawings_are_shown(document: str) -> None:
    assert share(document) == pytest.approx(100 * 100 / (215 * 297), rel=0.05)


@pytest.mark.parametrize(
    "data", [b"", b"nichts", picture("PNG", Image.effect_noise((90, 90), 50))[:900], b"%!PS-Adobe-3.0 EPSF-3.0\n",
             b"<svg>", b"<svg xmlns='http://www.w3.org/2000/svg'><text x='a' y='&x;'>", b"P5 9 9 255 " + b"x" * 81]
)  # fmt: skip
def test_a_picture_that_cannot_be_read_is_left_out_with_a_warning(data: bytes) -> None:
    document = f"<p>Vorher{shown('image/png', data)}Nachher"
    assert texts(document) == ["VorherErsatzNachher"]
    assert made(document).warnings == ("pictures that cannot be read are left out: 1",)


@pytest.mark.parametrize("where", ["img", "svg", "background"])
def test_a_picture_larger_than_allowed_refuses_the_document(where: str) -> None:
    url = data_url("image/png", huge_png(60_000, 60_000))
    document = {
        "img": f"<img src='{url}'>",
        "svg": f"<svg xmlns='http://www.w3.org/2000/svg'><image width='9' height='9' href='{url}'/></svg>",
        "background": f"<p style='background:url({url})'>x",
    }[where]
    with pytest.raises(Damaged, match="larger than allowed"):
        made(document)


SILENT = frozenset({"srcset", "link", "refresh", "script", "svg use", "svg style", "svg fill", "svg filter", "entity"})
"""Ways that show nothing on paper, or merely a part of a drawing: for these no address has to be told."""


@contextmanager
def bare_listener() -> Iterator[socket.socket]:
    """Takes any connection, for protocols that are not HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize("way", REACHING)
def test_nothing_is_fetched(way: str) -> None:
    with listener() as (address, asked), bare_listener() as ftp:
        host, port = address.removeprefix("http:"), ftp.getsockname()[1]
        addresses = (address, f"http:{host}", f"https:{host}", host, f"ftp://127.0.0.1:{port}/x", f"HTTP:{host}/x")
        for target in addresses:
            warnings = made(reaching(way, target)).warnings
            assert way in SILENT or warnings
        assert not asked
        with pytest.raises(BlockingIOError):
            ftp.accept()


@pytest.mark.parametrize("way", REACHING)
def test_no_file_is_read(way: str, tmp_path: Path) -> None:
    files = {
        "canary.svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='900' height='900'><rect width='900' "
        b"height='900'/><text>GEHEIM</text></svg>",
        "canary.css": b"html{background:black}@page{background:black}",
        "canary.png": picture("PNG", Image.new("L", (900, 900))),
        "a.png": picture("PNG", Image.new("L", (900, 900))),
        "b.css": b"html{background:black}",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with canaries(tmp_path) as touched:
        named = [f"file://{tmp_path}/{name}" for name in files]
        otherwise = (f"{tmp_path}/canary.svg", f"FILE:{tmp_path}/canary.svg", f"//localhost{tmp_path}/canary.svg")
        for target in (*named, *otherwise, f"{tmp_path}/", f"file://{tmp_path}/"):
            sheets = made(reaching(way, target))
            assert b"GEHEIM" not in sheets.pdf
            assert b"EmbeddedFile" not in sheets.pdf
            assert blackness(sheets) < 0.05, target
        assert touched() == []


def test_malformed_addresses_do_no_harm() -> None:
    for address in ("http://[", "//[", "data:", "data:image/png;base64,%%%", "data:,", "http://a:b:c/", "\x01", "%zz"):
        for way in ("img", "stylesheet", "base", "link", "svg image", "attached link", "object"):
            made(reaching(way, address))


def test_many_omissions_make_few_warnings() -> None:
    warnings = made("".join(f"<img src='http://x.invalid/{number}.png'>" for number in range(40))).warnings
    assert len(warnings) == 11
    assert warnings[-1] == "and 30 more things are left out"


def test_long_and_strange_addresses_are_told_in_short() -> None:
    (warning,) = made(f"<img src='http://x.invalid/\x1b[31m{'a' * 5000}'>").warnings
    assert len(warning) < 200
    assert warning.isprintable()


@pytest.mark.parametrize("document", [b"", b" \n\t"])
def test_an_empty_document_is_damaged(document: bytes) -> None:
    with pytest.raises(Damaged):
        made(document)


def test_more_pages_than_allowed_are_not_whole() -> None:
    document = b"<p style='break-after:page'>x" * 7
    assert html_document(document, 7, PIXELS).pages == 7
    with pytest.raises(NotWhole, match="more than 6 pages"):
        html_document(document, 6, PIXELS)


@pytest.mark.parametrize("tag", ["div", "span", "b", "section"])
def test_elements_may_be_nested_as_deeply_as_people_do(tag: str) -> None:
    assert texts(f"<{tag}>" * (DEEPEST - 10) + "Ende") == ["Ende"]
    with pytest.raises(Damaged, match="nested"):
        made(f"<{tag}>" * 1000 + "Ende")


HOSTILE: dict[str, bytes] = {
    "a million cells": b"<table>" + (b"<tr>" + b"<td>x" * 1000) * 1000,
    "huge spans": b"<table><col span=1000000000><tr><td colspan=1000000000 rowspan=1000000000>x</table>",
    "huge counters": b"<style>@counter-style x{system:symbolic;symbols:'aaaaaaaaaa'}p{counter-reset:a 999999999}"
    b"p::before{content:counter(a,x)}</style><p>x",
    "giant sizes": b"<style>@page{size:1e9mm 1e9mm}p{font-size:1e9px;width:1e300px;margin:1e308px}</style><p>x",
    "endless sizes": b"<style>@page{size:1e400mm 1e400mm}p{font-size:1e400px;width:1e400px}</style><p>x",
    "endless pages": b"<style>p{break-before:page}</style>" + b"<p>x" * 20_000,
    "endless depth": b"<div>" * 200_000,
    "boxes that multiply": b"<div style='display:flex'>" * 200 + b"x",
    "drawings that multiply": b"<svg xmlns='http://www.w3.org/2000/svg'><defs><g id=a0><rect width=1 height=1 /></g>"
    + b"".join(b"<g id=a%d>%s</g>" % (n, b"<use href='#a%d'/>" % (n - 1) * 10) for n in range(1, 12))
    + b"</defs><use href='#a11'/></svg>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_gets_its_code_in_time_and_is_in_nobodys_way(studio: Studio, name: str) -> None:
    seconds, before = 4, resident(os.getpid())
    renderer = studio.renderer(seconds=seconds, memory=500 << 20)
    hostile, good = studio.source(HOSTILE[name], Format.HTML), studio.source(b"<p>x", Format.HTML)

    async def work() -> float:
        clock = asyncio.get_running_loop().time
        began = clock()
        orders = (renderer.fax(None, [one], studio.out.with_name(one.path.name)) for one in (hostile, good))
        ended, made = await asyncio.gather(*orders, return_exceptions=True)
        assert isinstance(ended, RenderError)
        assert isinstance(made, Rendered)
        assert (made.pages, made.warnings) == (1, ())
        return clock() - began

    assert studio.run(work()) < seconds + 10
    assert resident(os.getpid()) - before < 100 << 20


def resident(process: int) -> int:
    """Octets of this process in memory."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
