"""Pictures: TIFF with all its pages and codings, BMP, PNG, JPEG.

What is a fax page already goes through untouched; everything else is put on the grid true to its size.
"""

import mmap
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageChops, ImageFile, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from depesche.model.resolution import nearest
from depesche.render.detect import Format
from depesche.render.errors import Damaged, NotWhole, RenderError
from depesche.render.grid import MM_PER_INCH, WIDTH, X_DPI, Placement, Resolution, place
from depesche.render.legibility import Drawn, drawn, taken
from depesche.render.libtiff import (
    BITS,
    FILL_ORDER,
    IN_PLANES,
    PLANAR,
    SAMPLE_FORMAT,
    SAMPLES,
    SUBFILE,
    RareTiff,
)  # fmt: skip
from depesche.render.margin import clear, lowered
from depesche.render.pages import mapped
from depesche.render.raster import Bits, packed
from depesche.render.samples import Photometric, SampleFormat, eight_bits, finite, guessed_white

PLUGINS = {Format.TIFF: "TIFF", Format.BMP: "BMP", Format.PNG: "PNG", Format.JPEG: "JPEG"}
"""Pillow's names; no other of its readers ever sees a document."""

SCREEN_DPI = 96
"""Resolution of a picture that does not say its own, or says nonsense."""

LIKELY_DPI = range(40, 4801)
NEAR = 0.05
"""Programs write 200 for 204 and 100 for 98: a fax page may be off by this share."""

_TALLEST = 5
"""Ratio of resolutions beyond which it is nonsense."""

_SHORT_PAGE = 1400
"""A fax page without resolution and with fewer rows has standard resolution (T.4: 3.85 lines/mm)."""

_NO_PAGE = 1 | 4
"""Bits of TIFF 6.0 NewSubfileType: a preview of another image, or where it is transparent."""

_OLD_SUBFILE, _OLD_PREVIEW = 255, 2
"""TIFF 6.0 SubfileType; libtiff keeps it to itself."""

_BIG_ENDIAN_BIGTIFF = b"MM\0+"

_LOWEST_FIRST = 2
"""TIFF 6.0 FillOrder."""

_CODINGS = frozenset(
    {
        *("raw", "tiff_ccitt", "group3", "group4", "tiff_lzw", "tiff_jpeg", "jpeg"),
        *("tiff_adobe_deflate", "tiff_deflate", "packbits"),
    }
)
"""Pillow's names of those that it decodes however it was built."""

_BEYOND_PILLOW = (UnidentifiedImageError, ValueError)
"""What Pillow raises when it does not know a kind of TIFF; libtiff may."""

_PHOTOMETRIC = 262
"""TIFF 6.0."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded page, upright, transparency laid on white."""

    image: Image.Image
    """Mode ``1``, ``L`` or ``RGB``."""

    width: float
    """Millimetres."""

    height: float


class PicturePages:
    """An open picture file."""

    def __init__(
        self, file: BinaryIO, format_: Format, pixels: int, most: int, resolution: Resolution = Resolution.FINE
    ) -> None:
        """`pixels`: of one page at most; `most`: looking for pages ends behind this number.

        Raises: Damaged: broken, or larger than it may be; NotWhole: it has no page. A page raises Unsupported when it
        is decoded, if no library can.
        """
        self._pixels = pixels
        self._resolution = resolution
        self._frames = [0]
        ImageFile.LOAD_TRUNCATED_IMAGES = False  # importing WeasyPrint sets it: half a picture is no picture
        memory = mapped(file)
        try:
            try:
                self._image: Image.Image = _by_pillow(memory, format_)
                self._look_through(format_, most)
            except _BEYOND_PILLOW:
                if format_ is not Format.TIFF:
                    raise
                self._image = RareTiff(memory)
                self._look_through(format_, most)
        except Exception as error:
            raise _damage(error) from error
        if not self._frames:
            raise NotWhole("the TIFF picture has no page")

    def __len__(self) -> int:
        return len(self._frames)

    def draw(self, index: int) -> Drawn:
        try:
            self._seek(self._frames[index])
            given = _resolution(self._image)
            if given is None or self._image.height / given.rows > self._resolution.most_rows / self._resolution.rows:
                return self._drawn()
            return self._kept(given)
        except Exception as error:
            raise _damage(error) from error

    def forget(self) -> None:
        """Nothing is kept but the page that was drawn last."""

    def picture(self, index: int) -> Picture:
        """One page in its own colours. Raises: Damaged, Unsupported."""
        try:
            self._seek(self._frames[index])
            width, height = _millimetres(self._image)
            return Picture(flat(_upright(self._image)), width, height)
        except Exception as error:
            raise _damage(error) from error

    def _look_through(self, format_: Format, most: int) -> None:
        self._seek(0)
        if format_ is Format.TIFF:
            self._frames = self._find_pages(most)

    def _find_pages(self, most: int) -> list[int]:
        """The frames that are pages, one more than `most` of them at the most."""
        found: list[int] = []
        frame = 0
        while len(found) <= most:
            try:
                self._seek(frame)
            except EOFError:
                break
            if not _is_preview(self._image):
                found.append(frame)
            frame += 1
        return found

    def _seek(self, frame: int) -> None:
        self._image.seek(frame)
        width, height = self._image.size
        if width * height > self._pixels:
            raise Damaged(f"a picture of {width} by {height} pixels is larger than allowed")
        if _is_misread(self._image):
            raise UnidentifiedImageError

    def _kept(self, given: Resolution) -> Drawn:
        """A fax page; where it can be moved no further down, it grows when the header line is set."""
        page = _unchanged(self._image, given, self._resolution)
        moved = lowered(page, self._resolution.header_rows)
        return taken(page if moved is None else moved, self._resolution)

    def _drawn(self) -> Drawn:
        placed = place(*_millimetres(self._image), self._resolution)
        self._image.draft("L", (max(placed.width, placed.height),) * 2)
        grey = flat(_upright(self._image)).convert("L")
        resolution = self._resolution
        return clear(lambda line: drawn(_on_paper(grey, placed.below(line)), resolution), resolution.header_rows)


def _by_pillow(memory: mmap.mmap, format_: Format) -> Image.Image:
    if memory[:4] == _BIG_ENDIAN_BIGTIFF:
        raise UnidentifiedImageError  # Pillow would look for it where nothing is
    return Image.open(cast("BinaryIO", memory), formats=[PLUGINS[format_]])


def _damage(error: Exception) -> Exception:
    """Pillow lets through whatever its readers stumble over: with a damaged file that may be any exception."""
    if isinstance(error, RenderError | MemoryError):
        return error
    if isinstance(error, Image.DecompressionBombError):
        return Damaged("the picture is larger than allowed")
    return Damaged(f"the picture cannot be read: {type(error).__name__}")


def _is_preview(image: Image.Image) -> bool:
    """Whether a TIFF frame is but a smaller copy of another one, or its mask."""
    if isinstance(image, RareTiff):
        return bool(image.subfile & _NO_PAGE)
    if not isinstance(image, TiffImageFile):
        return False
    return bool(image.tag_v2.get(SUBFILE, 0) & _NO_PAGE) or image.tag_v2.get(_OLD_SUBFILE) == _OLD_PREVIEW


def _is_misread(image: Image.Image) -> bool:
    """Whether Pillow may make another picture of it, or none, though it says nothing when it opens it."""
    if not isinstance(image, TiffImageFile):
        return False
    if image.info.get("compression") not in _CODINGS:
        return True
    tags = image.tag_v2
    if image.mode == "1":
        return bool(tags.get(SAMPLES, 1) > 1 or tags.get(PLANAR) == IN_PLANES)
    return bool(
        image.mode == "F"  # fractions of a big-endian machine
        or tags.get(FILL_ORDER) == _LOWEST_FIRST
        or tags.get(PLANAR) == IN_PLANES
        or 12 in tags.get(BITS, ())
        or SampleFormat.SIGNED in tags.get(SAMPLE_FORMAT, ())
    )


def _resolution(image: Image.Image) -> Resolution | None:
    """That of a fax page; None: it is none."""
    if image.mode != "1" or image.width != WIDTH or _orientation(image) != 1:
        return None
    dpi = _dpi(image)
    x_dpi, y_dpi = dpi or image.info.get("resolution", (0, 0))  # some do not say that they are inches
    found = nearest(y_dpi)
    if _near(x_dpi, X_DPI) and _near(y_dpi, found.y_dpi):
        return found
    if dpi is None:
        return Resolution.STANDARD if image.height < _SHORT_PAGE else Resolution.FINE
    return None


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    """What the picture says of itself; None if that is nothing or nonsense."""
    x_dpi, y_dpi = (float(dpi) for dpi in image.info.get("dpi", (0, 0)))
    return (x_dpi, y_dpi) if int(x_dpi) in LIKELY_DPI and int(y_dpi) in LIKELY_DPI else None


def _tallness(image: Image.Image) -> float:
    """Rows that are as long as a column, if a TIFF says so without saying how long."""
    x_resolution, y_resolution = (float(value) for value in image.info.get("resolution", (1, 1)))
    tallness = y_resolution / x_resolution if x_resolution else 0
    return tallness if 1 / _TALLEST <= tallness <= _TALLEST else 1


def _near(dpi: float, wanted: float) -> bool:
    return abs(dpi - wanted) <= wanted * NEAR


def _unchanged(image: Image.Image, given: Resolution, wanted: Resolution) -> Bits:
    """A fax page, picture element by picture element; rows that are too many are joined so that no line is lost."""
    black = ~np.asarray(image)
    if given.rows > wanted.rows:
        joined = given.rows // wanted.rows
        whole = np.pad(black, ((0, -len(black) % joined), (0, 0)))  # below the last row of an odd page is nothing
        return packed(np.logical_or.reduce([whole[row::joined] for row in range(joined)]))
    return packed(np.repeat(black, wanted.rows // given.rows, axis=0))


def _orientation(image: Image.Image) -> int:
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else image.getexif()
    return int(tags.get(ExifTags.Base.Orientation, 1))


def _millimetres(image: Image.Image) -> tuple[float, float]:
    """Width and height of the upright picture."""
    x_dpi, y_dpi = _dpi(image) or (SCREEN_DPI, SCREEN_DPI * _tallness(image))
    width, height = image.size
    if _orientation(image) in {5, 6, 7, 8}:  # on its side
        x_dpi, y_dpi = y_dpi, x_dpi
        if image.format != "TIFF":  # Pillow tells the upright size of a TIFF
            width, height = height, width
    return width / x_dpi * MM_PER_INCH, height / y_dpi * MM_PER_INCH


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    turned = _orientation(image) != 1  # not so for TIFF: Pillow turns it while loading
    upright = ImageOps.exif_transpose(image) if turned else image
    return ImageChops.invert(upright) if image.format == "JPEG" and _is_of_ink(image) else upright


def _is_of_ink(image: Image.Image) -> bool:
    """Whether 0 is no ink in a CMYK picture of JPEG; Adobe's programs, which say so, write it inverted, and Pillow
    believes that all do (libjpeg.txt, "Special color spaces").
    """
    return image.mode == "CMYK" and "adobe" not in image.info


def flat(image: Image.Image) -> Image.Image:
    """Modes ``1``, ``L`` and ``RGB`` as they are, all others made one of them; transparent parts are white."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image)
        return paper
    if image.mode.startswith(("I", "F")):
        grey = _eight_bits(np.asarray(image), sixteen=image.mode.startswith("I;16"))
        return Image.fromarray(255 - grey if _is_negative(image) else grey)
    if image.mode == "LAB":
        return image.getchannel("L")
    return image if image.mode in {"1", "L", "RGB"} else image.convert("RGB")


def _is_negative(image: Image.Image) -> bool:
    """Whether 0 is white in a TIFF; Pillow turns that round in modes ``1`` and ``L`` alone."""
    return isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == Photometric.WHITE_IS_ZERO


def _eight_bits(values: NDArray[Any], *, sixteen: bool) -> NDArray[np.uint8]:
    """Sixteen bits, or 32 or fractions, of which the range is guessed from the largest value, as grey values."""
    if values.dtype == np.int32 and values.min() < 0:
        values = values.view(np.uint32)  # Pillow has no such mode
    return eight_bits(values, 65535 if sixteen else guessed_white(float(finite(values).max())))


def _on_paper(grey: Image.Image, placed: Placement) -> NDArray[np.uint8]:
    target = (placed.height, placed.width) if placed.turned else (placed.width, placed.height)
    grey = grey.resize(target, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if placed.turned:
        grey = grey.transpose(Image.Transpose.ROTATE_270)
    paper = np.full((placed.rows, WIDTH), 255, np.uint8)
    paper[placed.top : placed.top + placed.height, placed.left : placed.left + placed.width] = np.asarray(grey)
    return paper
