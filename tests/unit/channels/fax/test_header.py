"""The header line, and that it never covers anything."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from depesche.channels.fax import header
from depesche.channels.fax.header import BadDocument, FontMissing, HeaderLine, stamp
from depesche.model.resolution import WIDTH, Resolution

Document = Callable[..., Path]
Draw = Callable[..., Image.Image]
Pixels = Callable[[Path], list[Any]]

HEIGHT = Resolution.FINE.header_rows
LINE = HeaderLine(datetime(2026, 5, 29, 14, 3, tzinfo=UTC), "Muster GmbH", "+49 30 23125 100", "+493023125000")


def pages(path: Path) -> list[Image.Image]:
    with Image.open(path) as image:
        found = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(image.copy())
        return found


def top(page: Image.Image) -> Image.Image:
    return page.crop((0, 0, WIDTH, HEIGHT))


def below(page: Image.Image, rows: int) -> tuple[tuple[int, int], bytes]:
    part = page.crop((0, rows, WIDTH, page.height))
    return part.size, part.tobytes()


def ink(page: Image.Image) -> tuple[int, int, int, int] | None:
    return ImageOps.invert(page.convert("L")).getbbox()


def test_a_blank_top_takes_the_line_and_the_page_keeps_its_size(document: Document, page: Draw, tmp_path: Path) -> None:
    source, target = document(page(1), page(2), page(3)), tmp_path / "out.tif"
    assert stamp(source, target, LINE).pages == 3
    for before, after in zip(pages(source), pages(target), strict=True):
        assert ink(top(before)) is None
        assert ink(top(after)) is not None
        assert after.size == before.size
        assert below(after, HEIGHT) == below(before, HEIGHT)


@pytest.mark.parametrize("row", [0, HEIGHT - 1])
def test_a_single_dot_at_the_top_makes_the_page_grow(document: Document, page: Draw, tmp_path: Path, row: int) -> None:
    dotted = page(1)
    dotted.putpixel((1727, row), 0)
    source, target = document(dotted), tmp_path / "out.tif"
    stamp(source, target, LINE)
    (after,) = pages(target)
    assert after.height == dotted.height + HEIGHT
    assert below(after, HEIGHT) == below(pages(source)[0], 0)
    assert ink(top(after)) is not None


def test_a_dot_right_below_the_line_is_left_alone(document: Document, page: Draw, tmp_path: Path) -> None:
    dotted = page(1)
    dotted.putpixel((0, HEIGHT), 0)
    source, target = document(dotted), tmp_path / "out.tif"
    stamp(source, target, LINE)
    (after,) = pages(target)
    assert after.height == dotted.height
    assert below(after, HEIGHT) == below(dotted, HEIGHT)


def test_a_page_lower_than_the_line_grows(document: Document, tmp_path: Path) -> None:
    source, target = document(Image.new("1", (WIDTH, HEIGHT - 1), 1)), tmp_path / "out.tif"
    stamp(source, target, LINE)
    assert pages(target)[0].height == 2 * HEIGHT - 1


def test_only_the_number_of_the_page_differs_between_pages(document: Document, page: Draw, tmp_path: Path) -> None:
    stamp(document(page(1), page(1), page(1)), tmp_path / "out.tif", LINE)
    first, second, third = map(top, pages(tmp_path / "out.tif"))
    left, right = (0, 0, WIDTH // 2, HEIGHT), (WIDTH // 2, 0, WIDTH, HEIGHT)
    assert first.crop(left).tobytes() == second.crop(left).tobytes() == third.crop(left).tobytes()
    assert len({one.crop(right).tobytes() for one in (first, second, third)}) == 3


@pytest.mark.parametrize(
    "other",
    [
        HeaderLine(datetime(2026, 5, 29, 14, 4, tzinfo=UTC), LINE.sender, LINE.note, LINE.recipient),
        HeaderLine(LINE.at, "Muster AG", LINE.note, LINE.recipient),
        HeaderLine(LINE.at, LINE.sender, "Buchhaltung", LINE.recipient),
        HeaderLine(LINE.at, LINE.sender, LINE.note, ""),
    ],
)
def test_every_part_is_in_the_picture(document: Document, page: Draw, tmp_path: Path, other: HeaderLine) -> None:
    source = document(page(1))
    stamp(source, tmp_path / "one.tif", LINE)
    stamp(source, tmp_path / "other.tif", other)
    assert top(pages(tmp_path / "one.tif")[0]).tobytes() != top(pages(tmp_path / "other.tif")[0]).tobytes()


def test_the_parts_stand_in_order_and_empty_ones_leave_no_gap() -> None:
    assert LINE.left == ("29.05.2026 14:03", "Muster GmbH", "+49 30 23125 100", "an +493023125000")
    assert HeaderLine(LINE.at, "", "Büro").left == ("29.05.2026 14:03", "Büro")


def test_line_breaks_and_excess_do_not_get_into_the_line() -> None:
    line = HeaderLine(LINE.at, "A\r\nB\tC\x00D", "x" * 50, "1" * 50)
    assert line.left[1:] == ("A B C D", "x" * 30, "an " + "1" * 20)


@pytest.mark.parametrize("line", [LINE, HeaderLine(LINE.at, "W" * 20, "W" * 30, "+" + "8" * 19)])
@pytest.mark.parametrize("count", [1, 100])
def test_the_line_stays_within_the_page_and_its_parts_apart(line: HeaderLine, count: int) -> None:
    strip = header._strip(line, count, count, Resolution.FINE)
    box = ink(strip)
    assert box is not None
    assert box[0] >= 20
    assert 1690 <= box[2] <= WIDTH - 20
    assert 0 < box[1] < box[3] < HEIGHT
    number = header._strip(HeaderLine(line.at, ""), count, count, Resolution.FINE).crop((WIDTH // 2, 0, WIDTH, HEIGHT))
    number_box = ink(number)
    assert number_box is not None
    start = WIDTH // 2 + number_box[0]
    assert ink(strip.crop((start - 20, 0, start - 2, HEIGHT))) is None


def test_what_comes_out_is_a_fax_tiff_of_one_strip_a_page(document: Document, tmp_path: Path) -> None:
    stamp(document(2), tmp_path / "out.tif", LINE)
    with Image.open(tmp_path / "out.tif") as image:
        for number in range(2):
            image.seek(number)
            assert image.info["compression"] == "group4"
            assert image.info["dpi"] == (204, 196)
            assert image.mode == "1"
            assert len(image.tag_v2[273]) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("resolution", Resolution)
def test_the_line_is_as_high_as_5_millimetres_at_every_resolution(
    document: Document, page: Draw, tmp_path: Path, resolution: Resolution
) -> None:
    rows = resolution.header_rows
    source = document(page(1, top=2 * rows), page(2, top=0), dpi=(204, resolution.y_dpi))
    target = tmp_path / "out.tif"
    stamp(source, target, LINE)
    for before, after, grown in zip(pages(source), pages(target), (0, rows), strict=True):
        assert after.info["dpi"] == (204, resolution.y_dpi)
        assert after.height == before.height + grown
        assert below(after, max(rows, grown)) == below(before, max(rows, grown) - grown)
        box = ink(after.crop((0, 0, WIDTH, rows)))
        assert box is not None
        assert 0 < box[1] < box[3] < rows
        assert (box[3] - box[1]) / rows == pytest.approx(0.55, abs=0.06)


@pytest.mark.parametrize("finest", [Resolution.FINE, Resolution.STANDARD])
def test_rows_are_joined_where_a_machine_takes_none_so_close(
    document: Document, page: Draw, tmp_path: Path, finest: Resolution
) -> None:
    joined = Resolution.SUPERFINE.rows // finest.rows
    drawn = page(1, top=2 * Resolution.SUPERFINE.header_rows)
    drawn = drawn.crop((0, 0, WIDTH, drawn.height // joined * joined - 1))  # the last row is of one less
    source = document(drawn, page(2, top=0), dpi=(204, Resolution.SUPERFINE.y_dpi))
    made = stamp(source, tmp_path / "out.tif", LINE, finest)
    assert made.resolution is finest
    first, second = pages(tmp_path / "out.tif")
    assert first.info["dpi"] == (204, finest.y_dpi)
    black = np.asarray(drawn) == 0
    whole = np.vstack([black, np.zeros((1, WIDTH), bool)]).reshape(-1, joined, WIDTH).max(axis=1)
    below_line = finest.header_rows
    assert np.array_equal(np.asarray(first)[below_line:] == 0, whole[below_line:])
    assert ink(first.crop((0, 0, WIDTH, below_line))) is not None
    assert second.height == -(-page(2, top=0).height // joined) + below_line


def test_what_is_coarse_already_stays(document: Document, page: Draw, tmp_path: Path) -> None:
    source = document(page(1), dpi=(204, 98))
    made = stamp(source, tmp_path / "one.tif", LINE, Resolution.FINE)
    assert made == stamp(source, tmp_path / "other.tif", LINE)
    assert made.resolution is Resolution.STANDARD


@pytest.mark.parametrize("resolution", Resolution)
def test_the_line_can_be_read_at_every_resolution(tmp_path: Path, resolution: Resolution) -> None:
    strip = header._strip(LINE, 3, 12, resolution)
    paper = Image.new("1", (WIDTH, 3 * strip.height), 1)
    paper.paste(strip, (0, strip.height))
    square = paper.resize((WIDTH, 3 * Resolution.FINE.header_rows), Image.Resampling.BOX)
    square.save(tmp_path / "line.png", dpi=(204, 196))
    command = ["tesseract", str(tmp_path / "line.png"), "-", "--psm", "6", "--dpi", "200"]
    found = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    for word in ("29.05.2026", "14:03", "Muster", "GmbH", "23125", "+493023125000", "3/12"):
        assert word in found


def damaged(document: Path, keep: int) -> Path:
    document.write_bytes(document.read_bytes()[:keep])
    return document


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, before it gives up
@pytest.mark.parametrize("keep", [0, 3, 8, 200])
def test_a_damaged_document_is_refused(document: Document, tmp_path: Path, keep: int) -> None:
    with pytest.raises(BadDocument):
        stamp(damaged(document(2), keep), tmp_path / "out.tif", LINE)


def test_a_document_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDocument, match="no TIFF"):
        stamp(tmp_path / "nowhere.tif", tmp_path / "out.tif", LINE)


@pytest.mark.parametrize(
    ("mode", "size"), [("L", (WIDTH, 100)), ("1", (1700, 100)), ("1", (WIDTH, 20_001)), ("RGB", (WIDTH, 100))]
)
def test_what_is_no_fax_page_is_refused(tmp_path: Path, mode: str, size: tuple[int, int]) -> None:
    Image.new(mode, size).save(tmp_path / "in.tif")
    with pytest.raises(BadDocument, match="page 1 is no fax page"):
        stamp(tmp_path / "in.tif", tmp_path / "out.tif", LINE)


def test_a_page_that_would_not_fit_into_memory_is_refused(tmp_path: Path) -> None:
    Image.new("1", (WIDTH, 110_000)).save(tmp_path / "in.tif", compression="group4")
    with pytest.raises(BadDocument, match="no TIFF"):
        stamp(tmp_path / "in.tif", tmp_path / "out.tif", LINE)


def test_another_format_under_the_name_of_tiff_is_refused(tmp_path: Path) -> None:
    Image.new("1", (WIDTH, 100)).save(tmp_path / "in.tif", format="PNG")
    with pytest.raises(BadDocument, match="no TIFF"):
        stamp(tmp_path / "in.tif", tmp_path / "out.tif", LINE)


def test_a_target_that_cannot_be_written_is_the_systems_error(document: Document, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        stamp(document(1), tmp_path / "nowhere" / "out.tif", LINE)


def test_a_missing_face_is_named_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(header, "FONT", tmp_path / "NoSuchFace.ttf")
    header._font.cache_clear()
    with pytest.raises(FontMissing, match="apt-get install fonts-dejavu-core"):
        header.require_font()
    header._font.cache_clear()


STAMP = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from depesche.channels.fax.header import HeaderLine, stamp
source = Path(sys.argv[1])
stamp(source, source.with_suffix(".out"), HeaderLine(datetime.now(UTC), "Muster GmbH"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def test_memory_does_not_grow_with_the_document(document: Document, page: Draw) -> None:
    def peak(count: int) -> int:
        source = document(*[page(1, rows=1000)] * count, name=f"{count}.tif")
        return int(subprocess.check_output([sys.executable, "-c", STAMP, source]))

    one_page = 1000 * WIDTH
    assert peak(40) < peak(4) + 4 * one_page
