"""Letters for the print centre."""

import errno
import io
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from PIL import Image

from depesche.render.detect import Format
from depesche.render.errors import Damaged
from depesche.render.html import html_document
from depesche.render.image import PicturePages
from depesche.render.letter import Letter
from depesche.render.pdf import PdfPages, open_pdf
from depesche.render.raster import decided
from documents import A4, BLACK_SQUARE, encrypted_pdf, extent, fax_page, file, pdf, picture, stream, words

PX = 204 / 25.4
ROW = 196 / 25.4
NEAR = 4


def letter(*sources: tuple[Format, bytes]) -> bytes:
    made = Letter()
    for format_, data in sources:
        with file(data) as document:
            if format_ is Format.PDF:
                made.add_pdf(open_pdf(document))
            else:
                made.add_pictures(PicturePages(document, format_, 50_000_000, 20))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def sizes(data: bytes) -> list[tuple[float, float]]:
    with pdfium.PdfDocument(data) as document:
        return [page.get_size() for page in document]


def box(data: bytes, index: int = 0) -> tuple[float, ...]:
    """Left, top, right and bottom of what is printed, in millimetres from the upper left corner."""
    with file(data) as document:
        left, top, right, bottom = extent(decided(PdfPages(document, 10_000_000).grey(index)).bits)
    return (left - 20) / PX, top / ROW, (right - 20) / PX, bottom / ROW


def lies(found: Sequence[float], wanted: Sequence[float]) -> bool:
    return list(found) == pytest.approx(wanted, abs=1)


def test_all_pages_are_a4_and_in_order() -> None:
    scans = [fax_page(300, seed) for seed in range(2)]
    tiff = picture("TIFF", scans[0], save_all=True, append_images=scans[1:], compression="group4", dpi=(204, 196))
    made = letter(
        (Format.PDF, pdf(words("eins"), words("zwei"))), (Format.TIFF, tiff), (Format.PDF, pdf(words("fünf")))
    )
    assert [list(size) for size in sizes(made)] == [pytest.approx(A4, abs=0.5)] * 5
    with pdfium.PdfDocument(made) as document:
        texts = [page.get_textpage().get_text_range().strip() for page in document]
    assert texts == ["eins", "zwei", "", "", "fünf"]


def test_the_pages_of_a_pdf_document_stay_vectors() -> None:
    made = letter((Format.PDF, pdf(words("Rechnung"), size=(420, 595))))
    with pdfium.PdfDocument(made) as document:
        assert document[0].get_textpage().get_text_range().strip() == "Rechnung"
    assert len(made) < 20_000


@pytest.mark.parametrize(
    ("size", "where"),
    [
        (A4, (0, 0, 210, 297)),
        ((A4[0] + 4, A4[1] - 4), (0, 0, 210, 297)),
        ((200, 100), (105 - 35.3, 148.5 - 17.6, 105 + 35.3, 148.5 + 17.6)),
        ((612, 792), (0, 0, 210, 271.8)),
        ((2 * A4[0], 2 * A4[1]), (0, 0, 210, 297)),
        ((A4[1], A4[0]), (0, 0, 210, 297)),
    ],
)
def test_pages_of_other_sizes_are_laid_on_a4_whole(size: tuple[float, float], where: tuple[float, ...]) -> None:
    content = b"0 g 0 0 %f %f re f" % size
    assert lies(box(letter((Format.PDF, pdf(content, size=size)))), where)


def test_a_landscape_page_is_turned_clockwise() -> None:
    upper_left = b"0 g 0 495.276 100 100 re f"
    made = letter((Format.PDF, pdf(upper_left, size=(A4[1], A4[0]))))
    assert lies(box(made), (210 - 35.3, 0, 210, 35.3))


def test_rotation_and_crop_box_are_obeyed() -> None:
    content = b"0 g 100 100 100 50 re f"  # the lower left of what is left of the page
    made = letter((Format.PDF, pdf(content, page=b"/Rotate 90/CropBox[100 100 400 300]")))
    width, height = 200 * 25.4 / 72, 300 * 25.4 / 72
    left, top = 105 - width / 2, 148.5 - height / 2
    assert lies(box(made), (left, top, left + 50 * 25.4 / 72, top + 100 * 25.4 / 72))


@pytest.mark.parametrize("size", [A4, (400, 800)])
def test_stamps_are_part_of_the_printed_page(size: tuple[float, float]) -> None:
    look = stream(b"0 g 0 0 100 50 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 100 50]")
    note = b"<</Type/Annot/Subtype/Stamp/F 4/Rect[100 700 200 750]/AP<</N 101 0 R>>>>"
    made = letter((Format.PDF, pdf(b"", size=size, page=b"/Annots[100 0 R]", objects={100: note, 101: look})))
    left, top, right, bottom = box(made)
    assert (right - left, bottom - top) == pytest.approx((35.3, 17.6), abs=0.7)
    with pdfium.PdfDocument(made) as document:
        assert document.get_formtype() == 0
        assert list(document[0].get_objects())


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "CMYK", "P", "I;16"])
def test_pictures_are_laid_in_the_middle_in_their_size(mode: str) -> None:
    image = Image.new("I;16", (400, 200)) if mode == "I;16" else Image.new("RGB", (400, 200)).convert(mode)
    made = letter((Format.TIFF, picture("TIFF", image, dpi=(100, 100))))
    assert lies(box(made), (105 - 50.8, 148.5 - 25.4, 105 + 50.8, 148.5 + 25.4))


def test_fax_pages_keep_their_shape() -> None:
    made = letter((Format.TIFF, picture("TIFF", Image.new("1", (816, 392)), compression="group4", dpi=(204, 98))))
    assert lies(box(made), (105 - 50.8, 148.5 - 50.8, 105 + 50.8, 148.5 + 50.8))


def test_pictures_keep_their_colours() -> None:
    made = letter((Format.PNG, picture("PNG", Image.new("RGB", (400, 400), (200, 30, 30)), dpi=(100, 100))))
    with pdfium.PdfDocument(made) as document:
        colour = document[0].render().to_pil().convert("RGB").getpixel((297, 420))
    assert colour == pytest.approx((200, 30, 30), abs=6)


def test_pictures_finer_than_print_are_reduced() -> None:
    noise = Image.effect_noise((2400, 2400), 80)
    fine = letter((Format.PNG, picture("PNG", noise, dpi=(1200, 1200))))
    coarse = letter((Format.PNG, picture("PNG", noise.resize((600, 600)), dpi=(300, 300))))
    assert len(fine) < 1.5 * len(coarse)


def test_a_picture_lying_on_its_side_is_put_upright() -> None:
    exif = Image.Exif()
    exif[274] = 6
    made = letter((Format.JPEG, picture("JPEG", Image.new("L", (400, 200)), dpi=(100, 100), exif=exif)))
    assert lies(box(made), (105 - 25.4, 148.5 - 50.8, 105 + 25.4, 148.5 + 50.8))


def test_encrypted_and_broken_documents_are_damaged() -> None:
    broken = pdf(b"", BLACK_SQUARE).replace(b"12 0 obj\n<</Type/Page", b"12 0 obj\n<</Type/Nope")
    for data in (encrypted_pdf(), broken, b"%PDF-1.7"):
        with pytest.raises(Damaged):
            letter((Format.PDF, data))


def test_a_letter_that_cannot_be_written_is_not_lost_silently() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.EFBIG, "too large")

    made = Letter()
    with file(pdf(BLACK_SQUARE)) as document:
        made.add_pdf(open_pdf(document))
    with pytest.raises(OSError, match="too large"):
        made.save(Full())


@pytest.mark.parametrize(
    "page",
    [b"/Rotate 180", b"/MediaBox[50 50 645.276 891.89]", b"/MediaBox[0 0 800 1000]/CropBox[50 50 645.276 891.89]"],
    ids=["turned", "not in the corner", "cropped"],
)
def test_a_page_that_looks_like_a4_is_a4_for_whoever_prints_it(page: bytes) -> None:
    made = letter((Format.PDF, pdf(b"0 g 100 100 200 200 re f", page=page)))
    with pdfium.PdfDocument(made) as document:
        sheet = document[0]
        assert sheet.get_rotation() == 0
        assert sheet.get_mediabox() == sheet.get_cropbox() == pytest.approx((0, 0, *A4), abs=0.5)
    width = 200 * 25.4 / 72
    left, top, right, bottom = box(made)
    assert (right - left, bottom - top) == pytest.approx((width, width), abs=0.7)


@pytest.mark.parametrize("appearances", [b"", b"/NeedAppearances true"])
def test_form_fields_without_an_appearance_are_printed_with_their_values(appearances: bytes) -> None:
    field = (
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(n)/V(Erika Muster)/DA(/F 12 Tf 0 g)/Rect[100 700 300 720]/F 4/P 10 0 R>>"
    )
    form = b"/AcroForm<</Fields[100 0 R]/DR<</Font<</F 3 0 R>>>>/DA(/F 12 Tf 0 g)%s>>" % appearances
    made = letter((Format.PDF, pdf(b"", catalogue=form, page=b"/Annots[100 0 R]", objects={100: field})))
    with pdfium.PdfDocument(made) as document:
        assert document.get_formtype() == 0
        assert document[0].get_textpage().get_text_range().strip() == "Erika Muster"


def test_a_document_that_opens_without_a_password_is_printed(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(words("Vertrag")))
    lock = ["qpdf", "--encrypt", "", "owner", "256", "--print=full", "--modify=none", "--extract=n", "--"]
    subprocess.run([*lock, str(tmp_path / "a.pdf"), str(tmp_path / "b.pdf")], check=True)
    made = letter((Format.PDF, (tmp_path / "b.pdf").read_bytes()))
    assert b"/Encrypt" not in made
    with pdfium.PdfDocument(made) as document:
        assert document[0].get_textpage().get_text_range().strip() == "Vertrag"


def test_pages_share_their_fonts_in_a_letter_too() -> None:
    document = html_document(b"<p>Sehr geehrte Damen und Herren<div style='break-before:page'>x</div>" * 20, 50, 1).pdf
    assert len(letter((Format.PDF, document))) < 2 * len(document)


def test_of_a_page_that_is_made_smaller_the_top_stays_at_the_top() -> None:
    content = b"0 g 72 620 200 50 re f"  # 43 mm from the top of a sheet of Letter size
    assert box(letter((Format.PDF, pdf(content, size=(612, 792)))))[1] == pytest.approx(42, abs=1)


@pytest.mark.parametrize(("state", "printed"), [(b"ON", True), (b"OFF", False)])
def test_what_is_in_a_layer_is_printed_if_it_is_shown(state: bytes, printed: bool) -> None:
    data = pdf(
        words("Immer", at=(70, 500)) + b" /OC /L BDC 100 100 200 200 re f EMC",
        resources=b"/Properties<</L 102 0 R>>",
        objects={102: b"<</Type/OCG/Name(Entwurf)>>"},
        catalogue=b"/OCProperties<</OCGs[102 0 R]/D<</%s[102 0 R]>>>>" % state,
    )
    made, out = Letter(), io.BytesIO()
    with file(data) as document:
        made.add_pdf(open_pdf(document))
    made.save(out)
    with pdfium.PdfDocument(out.getvalue()) as letter:
        page = letter[0]
        grey = page.render(scale=1, grayscale=True).to_numpy().reshape(842, -1)[:, :595]
        assert (grey[600:690, 150:250] < 128).all() == printed
        assert (grey[330:345, 70:110] < 128).any()
        assert bool(page.get_textpage().get_text_bounded()) == printed
