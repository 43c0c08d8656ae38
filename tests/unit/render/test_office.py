"""Office documents by LibreOffice: what is printed, what is not done, and what becomes of those that it cannot take."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from PIL import Image

from depesche.config import MIB, Render
from depesche.render import office
from depesche.render.detect import Format
from depesche.render.errors import ConverterFailed, Damaged, NotWhole, RenderError, Unsupported
from depesche.render.offices import Offices
from depesche.render.renderer import Renderer
from documents import picture, tiff_pages
from listening import listening
from offices import (
    believed,
    bomb_docx,
    docx,
    endless_xlsx,
    linking,
    macro_ods,
    ods,
    odt,
    rtf,
    saved_as,
    word_field,
    word_picture,
    xlsx,
)
from processes import Watch, descendants, named
from studio import ZONE, Studio

TEXT = "Grüße aus Köln: Straße, Übermut, 5 €"
CSV = f"Name;Preis\r\n{TEXT};14,90\r\n".encode("cp1252")
A4 = (595, 842)


@pytest.fixture(scope="session")
def doc(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Word 97, two pages."""
    return saved_as(tmp_path_factory.mktemp("doc"), docx(TEXT, "Seite zwei"), "a.docx", "doc", "MS Word 97")


@pytest.fixture(scope="session")
def xls(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Excel 97, one page."""
    return saved_as(tmp_path_factory.mktemp("xls"), xlsx([[14.5, TEXT]]), "a.xlsx", "xls", "MS Excel 97")


@pytest.fixture
def made(request: pytest.FixtureRequest) -> dict[Format, tuple[bytes, int]]:
    """A document of each format, and its pages."""
    return {
        Format.DOC: (request.getfixturevalue("doc"), 2),
        Format.DOCX: (docx(TEXT, "Seite zwei", "Seite drei"), 3),
        Format.ODT: (odt(TEXT, "Seite zwei"), 2),
        Format.RTF: (rtf(TEXT, "Seite zwei"), 2),
        Format.XLS: (request.getfixturevalue("xls"), 1),
        Format.XLSX: (xlsx([[TEXT], *[[f"Zeile {number}"] for number in range(80)]]), 2),
        Format.ODS: (ods(["x", TEXT]), 1),
        Format.CSV: (CSV, 1),
    }


def read(pdf: bytes) -> str:
    """The text of a PDF document, by a reader that is not ours."""
    shown = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return shown.stdout.decode()


def sizes(pdf: bytes) -> list[tuple[int, int]]:
    """Of each page, in points."""
    with pdfium.PdfDocument(pdf) as document:
        return [tuple(map(round, page.get_size())) for page in document]


@pytest.mark.parametrize("format_", office.FILTERS)
def test_every_format_becomes_a_fax_and_a_letter_of_the_pages_that_are_counted(
    studio: Studio, made: dict[Format, tuple[bytes, int]], format_: Format
) -> None:
    data, pages = made[format_]
    source, renderer = studio.source(data, format_), studio.renderer()
    assert studio.run(renderer.count(source)) == pages
    assert studio.run(renderer.fax(None, [source], studio.out)).pages == pages
    assert all(page.any() for page in tiff_pages(studio.out.read_bytes()))
    assert studio.run(renderer.letter([source], studio.out)).pages == pages
    assert TEXT in read(studio.out.read_bytes())


@pytest.mark.parametrize("format_", office.FILTERS)
def test_without_a_sandbox_it_is_the_same(
    open_studio: Studio, made: dict[Format, tuple[bytes, int]], format_: Format
) -> None:
    data, pages = made[format_]
    pdf = open_studio.pdf(open_studio.source(data, format_))
    assert TEXT in read(pdf)
    assert len(sizes(pdf)) == pages


WIDE = [[f"Spalte {number}" for number in range(12)]] * 3


def test_a_wide_sheet_takes_as_many_pages_as_excel_would_print(studio: Studio) -> None:
    assert len(sizes(studio.pdf(studio.source(xlsx(WIDE), Format.XLSX)))) > 1


@pytest.mark.parametrize("landscape", [False, True])
def test_a_sheet_that_fits_to_the_width_takes_one(studio: Studio, landscape: bool) -> None:
    pdf = studio.pdf(studio.source(xlsx(WIDE, fit_to_width=True, landscape=landscape), Format.XLSX))
    assert sizes(pdf) == [A4[::-1] if landscape else A4]
    assert all(text in " ".join(read(pdf).split()) for text in WIDE[0])


def test_of_a_sheet_its_print_area_is_printed_and_nothing_else(studio: Studio) -> None:
    rows = [[f"Zelle {column}{row}" for column in "ABCD"] for row in range(1, 200)]
    pdf = studio.pdf(studio.source(xlsx(rows, area="$B$2:$C$3"), Format.XLSX))
    assert len(sizes(pdf)) == 1
    assert read(pdf).split() == ["Zelle", "B2", "Zelle", "C2", "Zelle", "B3", "Zelle", "C3"]


def test_a_text_in_landscape_stays_so(studio: Studio) -> None:
    assert sizes(studio.pdf(studio.source(docx(TEXT, landscape=True), Format.DOCX))) == [A4[::-1]]


def test_a_formula_without_a_value_is_reckoned_and_numbers_are_german(studio: Studio) -> None:
    assert read(studio.pdf(studio.source(xlsx([[1234.5, "=A1*2"]]), Format.XLSX))).split() == ["1234,5", "2469"]


def test_cells_of_a_table_of_text_stay_as_they_are(studio: Studio) -> None:
    cells = ["0049301234567", "1,234", "1.2", "01.02.26", "=1+1", "14,90", "007"]
    pdf = studio.pdf(studio.source(";".join(cells).encode(), Format.CSV))
    assert read(pdf).split() == cells


def test_faces_that_are_not_free_are_replaced_by_such_of_the_same_widths(studio: Studio) -> None:
    names = ("Calibri", "Cambria", "Arial", "Times New Roman", "Courier New")
    body = "".join(
        f'<w:p><w:r><w:rPr><w:rFonts w:ascii="{name}" w:hAnsi="{name}"/></w:rPr><w:t>{name}</w:t></w:r></w:p>'
        for name in names
    )
    pdf = studio.pdf(studio.source(docx(body=body), Format.DOCX))
    used = subprocess.run(["pdffonts", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    for face in ("Carlito", "Caladea", "LiberationSans", "LiberationSerif", "LiberationMono"):
        assert face in used


def test_a_picture_in_a_document_is_drawn(studio: Studio) -> None:
    black = picture("PNG", Image.new("RGB", (50, 50)))
    embedded = f'Type="{OFFICE_IMAGE}" Target="media/image1.png"'
    data = docx(body=word_picture("rId7", "embed"), parts={"word/media/image1.png": black}, related={"rId7": embedded})
    studio.run(studio.renderer().fax(None, [studio.source(data, Format.DOCX)], studio.out))
    assert tiff_pages(studio.out.read_bytes())[0].mean() > 0.1


OFFICE_IMAGE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"


WAYS = linking("x", TEXT).keys()


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_fetched(any_studio: Studio, way: str) -> None:
    with listening() as (port, asked):
        for target in (f"http://127.0.0.1:{port}/x.png", f"ftp://127.0.0.1:{port}/x.txt"):
            format_, data = linking(target, TEXT)[way]
            assert TEXT in read(any_studio.pdf(any_studio.source(data, format_)))
    assert asked == []


@pytest.fixture(scope="session")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files beside the server: text, picture, text document and sheet."""
    folder = tmp_path_factory.mktemp("canaries")
    contents = {
        "kanarie.txt": b"Kanarienvogel",
        "schwarz.png": picture("PNG", Image.new("RGB", (400, 400))),
        "kanarie.odt": odt("Kanarienvogel"),
        "kanarie.ods": ods(["Kanarienvogel"]),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def seen(pdf: bytes) -> set[str]:
    """What of the canaries is in a PDF document."""
    with pdfium.PdfDocument(pdf) as document:
        black = any(page.render(scale=0.2).to_numpy().mean() < 240 for page in document)
    return ({"text"} if "Kanarienvogel" in read(pdf) else set()) | ({"picture"} if black else set())


@pytest.mark.parametrize("way", WAYS)
def test_no_file_is_read(any_studio: Studio, way: str, canaries: list[Path]) -> None:
    for canary in canaries:
        format_, data = linking(canary.as_uri(), TEXT)[way]
        pdf = any_studio.pdf(any_studio.source(data, format_))
        assert TEXT in read(pdf)
        assert seen(pdf) == set()


@pytest.mark.parametrize(
    ("way", "canary", "what"),
    [
        ("docx picture", 1, "picture"),
        ("odt picture", 1, "picture"),
        ("odt section", 2, "text"),
        ("rtf", 1, "picture"),
    ],
)
def test_a_credulous_libreoffice_would_read_it(
    way: str, canary: int, what: str, canaries: list[Path], tmp_path: Path
) -> None:
    format_, data = linking(canaries[canary].as_uri(), TEXT)[way]
    pdf = believed(tmp_path / "credulous", data, format_.name.lower(), office.FILTERS[format_].part.export)
    assert seen(pdf) == {what}


@pytest.mark.parametrize("way", ["docx picture", "odt picture", "odt section"])
def test_a_credulous_libreoffice_would_fetch_it(way: str, tmp_path: Path) -> None:
    with listening() as (port, asked):
        format_, data = linking(f"http://127.0.0.1:{port}/x.png", TEXT)[way]
        with suppress(subprocess.CalledProcessError):  # what it gets is no picture
            believed(tmp_path / "credulous", data, format_.name.lower(), office.FILTERS[format_].part.export)
    assert asked


def test_macros_do_not_run(any_studio: Studio, tmp_path: Path) -> None:
    written = tmp_path / "kanarie"
    assert TEXT in read(any_studio.pdf(any_studio.source(macro_ods(written, TEXT), Format.ODS)))
    assert not written.exists()
    believed(tmp_path / "credulous", macro_ods(written, TEXT), "ods", "calc_pdf_Export")
    assert written.exists()


def encrypted_odt() -> bytes:
    """A text whose manifest says that its content is encrypted."""
    key = (
        '<manifest:encryption-data manifest:checksum-type="SHA1/1K" manifest:checksum="AAAAAAAAAAAAAAAAAAAAAAAAAAA=">'
        '<manifest:algorithm manifest:algorithm-name="Blowfish CFB" manifest:initialisation-vector="AAAAAAAAAAA="/>'
        '<manifest:key-derivation manifest:key-derivation-name="PBKDF2" manifest:iteration-count="1024" '
        'manifest:salt="AAAAAAAAAAAAAAAAAAAAAA=="/></manifest:encryption-data>'
    )
    mark = 'manifest:full-path="content.xml" manifest:media-type="text/xml"'
    with_key = {"META-INF/manifest.xml": lambda text: text.replace(f"{mark}/>", f'{mark} manifest:size="500">{key}'
                                                                   "</manifest:file-entry>")}  # fmt: skip
    return changed(odt(TEXT), with_key)


def changed(data: bytes, changes: Mapping[str, Callable[[str], str]]) -> bytes:
    """A package with some of its parts made otherwise."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            text = old.read(part).decode()
            change = changes.get(part.filename, str)
            new.writestr(part, change(text))
    return out.getvalue()


def test_what_wants_a_password_is_damaged(studio: Studio) -> None:
    package = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    for format_, data in (
        (Format.ODT, encrypted_odt()),
        (Format.DOCX, package),
        (Format.XLSX, package),
    ):
        with pytest.raises(Damaged, match="encrypted"):
            studio.pdf(studio.source(data, format_))


@pytest.mark.parametrize(
    ("format_", "filter_name"),
    [
        (Format.DOC, "MS Word 97"),
        (Format.XLS, "MS Excel 97"),
        (Format.DOCX, "MS Word 2007 XML"),
        (Format.XLSX, "Calc MS Excel 2007 XML"),
        (Format.ODT, "writer8"),
    ],
)
def test_what_was_really_saved_with_a_password_is_damaged(
    studio: Studio, format_: Format, filter_name: str, tmp_path: Path
) -> None:
    sheet = office.FILTERS[format_].part is office.CALC
    plain, extension = (xlsx([[TEXT]]), "xlsx") if sheet else (docx(TEXT), "docx")
    data = believed(tmp_path / "saved", plain, extension, filter_name, password="geheim")
    with pytest.raises(Damaged, match="encrypted"):
        studio.pdf(studio.source(data, format_))


@pytest.mark.parametrize("format_", [f for f in office.FILTERS if f is not Format.CSV])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_what_is_cut_off_is_damaged(
    studio: Studio, made: dict[Format, tuple[bytes, int]], format_: Format, share: float
) -> None:
    data, _ = made[format_]
    with pytest.raises(Damaged):
        studio.pdf(studio.source(data[: int(len(data) * share)], format_))


REFUSED: list[tuple[str, Format, bytes, type[RenderError]]] = [
    ("empty", Format.DOCX, b"", Damaged),
    ("empty table", Format.CSV, b"", Damaged),
    ("another's package", Format.DOCX, odt(TEXT), Damaged),
    ("no package", Format.XLSX, bytes(range(256)), Damaged),
    ("no compound file", Format.DOC, bytes(range(256)), Damaged),
    ("broken XML", Format.DOCX, docx(body="<w:p>"), Damaged),
    ("bomb", Format.DOCX, bomb_docx(0, declared=3 << 30), Damaged),
    ("lying bomb", Format.DOCX, bomb_docx(8 << 20, declared=1000), Damaged),
]  # fmt: skip


@pytest.mark.parametrize(("format_", "data", "refusal"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_cannot_be_converted_is_refused_and_the_next_document_is_not(
    studio: Studio, format_: Format, data: bytes, refusal: type[RenderError]
) -> None:
    with pytest.raises(refusal):
        studio.pdf(studio.source(data, format_))
    assert TEXT in read(studio.pdf(studio.source(docx(TEXT), Format.DOCX)))


def test_more_pages_than_allowed_are_not_whole(studio: Studio) -> None:
    source = studio.source(docx(*["Seite"] * 5), Format.DOCX)
    with pytest.raises(NotWhole, match="more than 4"):
        studio.pdf(source, pages=4)
    assert len(sizes(studio.pdf(source, pages=5))) == 5


def test_a_document_that_takes_too_much_memory_is_damaged_and_the_next_one_is_not(studio: Studio) -> None:
    greedy = studio.source(bomb_docx(120 * MIB), Format.DOCX)
    with pytest.raises(Damaged, match="memory"):
        studio.pdf(greedy, memory=352 * MIB)
    assert TEXT in read(studio.pdf(studio.source(docx(TEXT), Format.DOCX)))


def test_a_document_that_takes_too_long_fails_and_the_next_one_does_not(studio: Studio) -> None:
    with pytest.raises(ConverterFailed, match="longer than"):
        studio.pdf(studio.source(endless_xlsx(), Format.XLSX), seconds=8)
    assert TEXT in read(studio.pdf(studio.source(docx(TEXT), Format.DOCX)))


def programs(name: str) -> set[int]:
    """Processes of ours that run a program of this name."""
    return {pid for pid in descendants(os.getpid()) if named(pid) == name}


def ticks(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
    except OSError:
        return 0


def long_docx(pages: int) -> bytes:
    """A document that takes a moment to load and to print."""
    return docx(*[" ".join([TEXT] * 100)] * pages)


async def reckoning(ticks_before: Mapping[int, int], hundredths: int) -> int:
    """The LibreOffice that works on a document: it has used so much processor time since."""
    while True:
        for pid in programs("soffice.bin"):
            if ticks(pid) > ticks_before.get(pid, 0) + hundredths:
                return pid
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_when_libreoffice_dies_of_a_document_another_one_converts_it(studio: Studio, number: int) -> None:
    async def work() -> None:
        renderer = studio.renderer(memory=16 << 30)  # else a large one may be taken for a greedy one
        await renderer.count(studio.source(docx(TEXT), Format.DOCX))
        before = {pid: ticks(pid) for pid in programs("soffice.bin")}
        counting = asyncio.create_task(renderer.count(studio.source(long_docx(60), Format.DOCX)))
        killed = await reckoning(before, 10)
        assert killed in before
        os.kill(killed, number)
        assert await counting == 60

    studio.run(work())


def test_a_document_of_which_two_die_fails_and_the_next_one_does_not(studio: Studio) -> None:
    async def work() -> None:
        renderer = studio.renderer(memory=16 << 30)
        before = {pid: ticks(pid) for pid in programs("soffice.bin")}
        deadly = asyncio.create_task(renderer.count(studio.source(endless_xlsx(), Format.XLSX)))
        for _ in range(2):
            pid = await reckoning(before, 100)
            os.kill(pid, signal.SIGKILL)
            before[pid] = 1 << 40
        with pytest.raises(ConverterFailed, match="SIGKILL"):
            await deadly
        assert await renderer.count(studio.source(docx(TEXT), Format.DOCX)) == 1

    studio.run(work())


def test_one_that_hangs_costs_one_order_its_time_and_is_replaced(studio: Studio) -> None:
    async def work() -> None:
        source = studio.source(docx(TEXT), Format.DOCX)
        patient = studio.renderer()
        assert await patient.count(source) == 1
        stopped = programs("soffice.bin")
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        with pytest.raises(ConverterFailed, match="longer than"):
            await studio.renderer(seconds=1).count(source)
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        assert await patient.count(source) == 1
        assert stopped - programs("soffice.bin")

    studio.run(work())


def test_fields_show_the_time_of_the_timezone_that_is_set(studio: Studio) -> None:
    source = studio.source(docx(TEXT, body=word_field('TIME \\@ "yyyy-MM-dd HH:mm"')), Format.DOCX)
    before = datetime.now(ZoneInfo(ZONE))
    shown = read(studio.pdf(source))
    assert any(f"{at:%Y-%m-%d %H:%M}" in shown for at in (before, datetime.now(ZoneInfo(ZONE))))


def test_two_at_once_have_an_office_each(studio: Studio) -> None:
    async def work() -> list[int]:
        renderer = studio.renderer()
        sources = [studio.source(docx(*["x"] * pages), Format.DOCX) for pages in range(1, 7)]
        return await asyncio.gather(*(renderer.count(source, account=number) for number, source in enumerate(sources)))

    assert studio.run(work()) == [1, 2, 3, 4, 5, 6]


def test_a_slow_document_is_in_nobodys_way(studio: Studio) -> None:
    async def work() -> None:
        renderer = studio.renderer()
        hanging = asyncio.create_task(renderer.count(studio.source(endless_xlsx(), Format.XLSX), account=1))
        await asyncio.sleep(0)
        assert await renderer.count(studio.source(docx(TEXT), Format.DOCX), account=2) == 1
        assert not hanging.done()
        hanging.cancel()
        await asyncio.wait([hanging])

    studio.run(work())


def test_after_a_while_an_office_is_replaced(studio: Studio) -> None:
    *python, program = office.steward(ZONE)
    shorter = (*python, program.replace("steward.main(", "steward.DOCUMENTS = 2; steward.main("))

    async def work() -> list[int]:
        renderer = studio.renderer()
        renderer._offices = offices = Offices(shorter, kept=1)
        seen = []
        try:
            for _ in range(5):
                assert await renderer.count(studio.source(docx(TEXT), Format.DOCX)) == 1
                async with offices.one() as keeper:
                    seen.append((await keeper.process()).pid)
        finally:
            await offices.close()
        return seen

    assert len(set(studio.run(work()))) == 3


PARENT = """
import asyncio, sys
from pathlib import Path
from depesche.config import Render
from depesche.render.detect import Format
from depesche.render.renderer import Renderer, Source

async def main():
    async with Renderer(Render(sandbox=sys.argv[1], seconds=100)) as renderer:
        print(await renderer.count(Source(Path(sys.argv[2]), Format.DOCX)), flush=True)
        await renderer.count(Source(Path(sys.argv[3]), Format.XLSX))

asyncio.run(main())
"""


@pytest.mark.parametrize("mode", ["prefer", "off"])
def test_no_process_and_no_file_outlives_a_server_that_is_killed(mode: str, tmp_path: Path) -> None:
    short, endless = tmp_path / "a.docx", tmp_path / "b.xlsx"
    short.write_bytes(docx(TEXT))
    endless.write_bytes(endless_xlsx())
    place = tmp_path / "tmp"
    place.mkdir()
    command = [sys.executable, "-c", PARENT, mode, str(short), str(endless)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"1\n"
        family = descendants(parent.pid)
        folders = {Path(f"/proc/{pid}/cwd").readlink() for pid in family if named(pid) == "soffice.bin"}
        watch = Watch(family)
        parent.kill()
    assert watch.all_end()
    assert len(folders) == 1
    assert mode == "prefer" or not any(folder.exists() for folder in folders)


def test_without_libreoffice_the_formats_are_lacking_and_refused(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(office, "BRIDGE", tmp_path / "pyuno.so")
    assert set(office.lacking().values()) == {"python3-uno"}

    async def work() -> None:
        async with Renderer(Render()) as renderer:
            assert not renderer.takes(Format.DOCX)
            assert renderer.takes(Format.PDF)
            with pytest.raises(Unsupported, match="Word document"):
                await renderer.count(studio.source(docx(TEXT), Format.DOCX))

    asyncio.run(work())


def test_with_half_of_libreoffice_half_of_the_formats_are_lacking(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(office, "PROGRAM", tmp_path)
    (tmp_path / "libswlo.so").touch()
    lacking = office.lacking()
    assert set(lacking.values()) == {"libreoffice-calc-nogui"}
    assert {Format.XLS, Format.XLSX, Format.ODS, Format.CSV} <= set(lacking)
    assert not {Format.DOC, Format.DOCX, Format.ODT, Format.RTF} & set(lacking)
