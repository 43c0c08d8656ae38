"""libtiff, the library that spandsp stands on as well, for what Pillow does not do.

It decodes what Pillow does not: BigTIFF of big-endian machines, colours in planes, samples of any number of bits, the
lowest bit first in pictures with colours, codings that Pillow was built without.
"""

import mmap
import os
import weakref
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from cffi import FFI
from PIL import ExifTags, Image

from depesche.render.errors import Unsupported
from depesche.render.samples import Extra, Numbers, Octets, Photometric, Samples

LIBRARY = "libtiff.so.6"

ffi = FFI()
ffi.cdef(
    """
    typedef struct tiff TIFF;
    typedef void (*TIFFErrorHandler)(const char *, const char *, void *);
    TIFFErrorHandler TIFFSetErrorHandler(TIFFErrorHandler);
    TIFFErrorHandler TIFFSetWarningHandler(TIFFErrorHandler);
    TIFF *TIFFFdOpen(int, const char *, const char *);
    void TIFFCleanup(TIFF *);
    int TIFFGetFieldDefaulted(TIFF *, uint32_t, ...);
    int TIFFSetDirectory(TIFF *, uint32_t);
    int TIFFReadDirectory(TIFF *);
    int TIFFLastDirectory(TIFF *);
    int TIFFIsCODECConfigured(uint16_t);
    int TIFFIsTiled(TIFF *);
    int64_t TIFFTileSize(TIFF *);
    int64_t TIFFReadEncodedTile(TIFF *, uint32_t, void *, int64_t);
    int64_t TIFFStripSize(TIFF *);
    int64_t TIFFReadEncodedStrip(TIFF *, uint32_t, void *, int64_t);
    int TIFFRGBAImageOK(TIFF *, char *);
    int TIFFReadRGBAImageOriented(TIFF *, uint32_t, uint32_t, uint32_t *, int, int);
    """
)

SUBFILE, BITS, FILL_ORDER, SAMPLES, PLANAR, SAMPLE_FORMAT = 254, 258, 266, 277, 284, 339
_WIDTH, _LENGTH, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION, _ROWS = 256, 257, 259, 262, 274, 278
_X_RESOLUTION, _Y_RESOLUTION, _UNIT, _PALETTE, _TILE_WIDTH, _TILE_LENGTH = 282, 283, 296, 320, 322, 323
_EXTRA, _SUBSAMPLING = 338, 530
"""Tags of TIFF 6.0."""

IN_PLANES = 2
"""PlanarConfiguration: all of a colour, then all of the next."""

_PER_INCH = {2: 1.0, 3: 2.54}
"""By the unit of a resolution."""

_GREYS = (Photometric.WHITE_IS_ZERO, Photometric.BLACK_IS_ZERO)

_MOST_PALETTE_BITS = 16

_BAND = 64
"""Rows of which the samples are unpacked at a time."""

_MADE_RGB = (Photometric.YCBCR, Photometric.LOGL, Photometric.LOGLUV)
"""What libtiff itself makes colours of."""


@cache
def library() -> Any:
    """Raises: OSError: it is missing."""
    try:
        found: Any = ffi.dlopen(LIBRARY)
    except OSError as error:
        raise OSError("libtiff is not installed (Debian package libtiff6)") from error
    found.TIFFSetErrorHandler(ffi.NULL)
    found.TIFFSetWarningHandler(ffi.NULL)
    return found


class RareTiff(Image.Image):
    """A TIFF file as Pillow has them: one of its pictures at a time."""

    def __init__(self, data: mmap.mmap) -> None:
        """Raises: ValueError: libtiff does not know it either; OSError: it is larger than this process may write."""
        super().__init__()
        drawer = os.memfd_create("document")  # libtiff moves in a file, and ours is read by others at the same time
        with os.fdopen(os.dup(drawer), "wb") as copy:
            copy.write(data)
        os.lseek(drawer, 0, os.SEEK_SET)
        self._tiff = library().TIFFFdOpen(drawer, b"document", b"r")
        weakref.finalize(self, _close, self._tiff, drawer)
        if self._tiff == ffi.NULL:
            raise ValueError("libtiff cannot read it")
        self._number = 0
        self._learn()

    def seek(self, frame: int) -> None:
        """Raises: EOFError: there are no more; ValueError: there should be, and it is broken."""
        if frame < self._number:
            if not library().TIFFSetDirectory(self._tiff, 0):
                raise ValueError("the first picture is broken")
            self._number = 0
        while self._number < frame:
            if library().TIFFLastDirectory(self._tiff):
                raise EOFError
            if not library().TIFFReadDirectory(self._tiff):
                raise ValueError("a picture is broken")
            self._number += 1
        self._learn()

    def tell(self) -> int:
        """The number of the picture."""
        return self._number

    def load(self) -> Any:
        """Decode it. Raises: ValueError: it is broken; Unsupported: libtiff does not know its kind either."""
        if self._im is None:
            image = self._decoded()
            self.im, self._mode = image.im, image.mode
        return super().load()

    @property
    def subfile(self) -> int:
        """NewSubfileType."""
        return self._whole(SUBFILE, "uint32_t")

    def _learn(self) -> None:
        self._im = None
        self._size = self._whole(_WIDTH, "uint32_t"), self._whole(_LENGTH, "uint32_t")
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = self._short(_ORIENTATION)
        resolution = self._fraction(_X_RESOLUTION), self._fraction(_Y_RESOLUTION)
        unit = _PER_INCH.get(self._short(_UNIT))
        self.info = {"exif": exif.tobytes()}
        if unit:
            self.info["dpi"] = tuple(value * unit for value in resolution)
        else:
            self.info["resolution"] = resolution
        self._exif = None
        self._samples = Samples(
            self._short(_PHOTOMETRIC),
            self._short(BITS),
            self._short(SAMPLE_FORMAT),
            self._short(SAMPLES),
            self._extra(),
            self._palette(),
        )
        bilevel = self._samples.count == self._samples.bits == 1 and self._samples.photometric in _GREYS
        self._mode = "1" if bilevel else "RGB"

    def _decoded(self) -> Image.Image:
        self._insist_on_known_kind()
        image = self._made_rgb() if self._samples.photometric in _MADE_RGB else self._of_samples()
        return image.convert("1", dither=Image.Dither.NONE) if self.mode == "1" else image

    def _insist_on_known_kind(self) -> None:
        coding, photometric = self._short(_COMPRESSION), self._samples.photometric
        if not library().TIFFIsCODECConfigured(coding):
            raise Unsupported(f"the TIFF picture is of a coding that is not supported: compression {coding}")
        if photometric in _MADE_RGB:
            known = library().TIFFRGBAImageOK(self._tiff, ffi.new("char[1024]")) and not self._has_small_planes()
        else:
            known = self._samples.known
        if not known:
            bits, format_ = self._samples.bits, self._samples.format
            kind = f"photometric interpretation {photometric}, {bits} bits, sample format {format_}"
            raise Unsupported(f"the TIFF picture is of a kind that is not supported: {kind}")

    def _has_small_planes(self) -> bool:
        """Whether colours lie in planes of fewer pixels than the lightness: no library puts them together."""
        across, down = ffi.new("uint16_t *"), ffi.new("uint16_t *")
        library().TIFFGetFieldDefaulted(self._tiff, _SUBSAMPLING, across, down)
        return self._short(PLANAR) == IN_PLANES and across[0] * down[0] > 1

    def _of_samples(self) -> Image.Image:
        samples, (width, height) = self._samples, self.size
        parts = self._parts() if samples.is_guessed else ()
        white = samples.white(max((samples.largest(numbers, first) for *_, first, numbers in parts), default=0))
        octets = np.empty((height, width, samples.channels), np.uint8)
        for top, left, first, numbers in self._parts():
            part = samples.octets(numbers, white, first)
            start = first + samples.channels - samples.kept if first else 0
            rows, columns, channels = part.shape
            octets[top : top + rows, left : left + columns, start : start + channels] = part
        return samples.image(octets)

    def _parts(self) -> Iterator[tuple[int, int, int, Numbers]]:
        """Rows or tiles: where each begins, the first of its samples, and the numbers by rows, columns and samples."""
        samples, (width, height) = self._samples, self.size
        if samples.count < samples.kept:
            raise ValueError("samples are missing")
        in_planes = self._short(PLANAR) == IN_PLANES
        count = 1 if in_planes else samples.count
        octets, across = self._room()
        tiled, down, number = library().TIFFIsTiled(self._tiff), len(octets), 0
        for first in range(samples.kept if in_planes else 1):
            for top, left in product(range(0, height, down), range(0, width, across)):
                rows = octets[: height - top]
                self._read(number, octets if tiled else rows)
                number += 1
                for row in range(0, len(rows), _BAND):
                    numbers = samples.numbers(rows[row : row + _BAND], across * count).reshape(-1, across, count)
                    yield top + row, left, first, numbers[:, : width - left, : samples.kept]

    def _room(self) -> tuple[Octets, int]:
        """For one strip or tile, by rows, and its columns."""
        width, height = self.size
        if library().TIFFIsTiled(self._tiff):
            width, height = (self._whole(tag, "uint32_t") for tag in (_TILE_WIDTH, _TILE_LENGTH))
            size = library().TIFFTileSize(self._tiff)
        else:
            height = min(height, self._whole(_ROWS, "uint32_t"))
            size = library().TIFFStripSize(self._tiff)
        if size <= 0 or size % height:
            raise ValueError("libtiff cannot read the picture")
        return np.empty((height, size // height), np.uint8), width

    def _read(self, number: int, octets: Octets) -> None:
        """A strip or tile; the last strips may have fewer rows."""
        tiled = library().TIFFIsTiled(self._tiff)
        read = library().TIFFReadEncodedTile if tiled else library().TIFFReadEncodedStrip
        if read(self._tiff, number, ffi.from_buffer(octets.data), octets.nbytes) < octets.nbytes:
            raise ValueError("libtiff cannot read the picture")

    def _made_rgb(self) -> Image.Image:
        width, height = self.size
        pixels = np.empty((height, width, 4), np.uint8)
        raster = ffi.cast("uint32_t *", ffi.from_buffer(pixels.data))
        as_it_is = self._short(_ORIENTATION)
        if not library().TIFFReadRGBAImageOriented(self._tiff, width, height, raster, as_it_is, 1):
            raise ValueError("libtiff cannot read the picture")
        colours, cover = pixels[..., :3], pixels[..., 3:]  # colours are no larger than what they cover
        return Image.fromarray(colours + (255 - np.maximum(cover, colours)))

    def _palette(self) -> Octets | None:
        columns = [ffi.new("uint16_t **") for _ in range(3)]
        bits = self._short(BITS)
        if self._short(_PHOTOMETRIC) != Photometric.PALETTE or bits > _MOST_PALETTE_BITS:
            return None
        if not library().TIFFGetFieldDefaulted(self._tiff, _PALETTE, *columns):
            return None
        length = 2 << bits  # octets
        colours = np.stack([np.frombuffer(bytes(ffi.buffer(column[0], length)), np.uint16) for column in columns], 1)
        return (colours >> (8 if colours.max() > 255 else 0)).astype(np.uint8)  # some write 8 bits, against the rules

    def _extra(self) -> int:
        count, kinds = ffi.new("uint16_t *"), ffi.new("uint16_t **")
        found = library().TIFFGetFieldDefaulted(self._tiff, _EXTRA, count, kinds)
        return int(kinds[0][0]) if found and count[0] else Extra.UNSPECIFIED

    def _short(self, tag: int) -> int:
        return self._whole(tag, "uint16_t")

    def _whole(self, tag: int, kind: str) -> int:
        value = ffi.new(f"{kind} *")
        return int(value[0]) if library().TIFFGetFieldDefaulted(self._tiff, tag, value) else 0

    def _fraction(self, tag: int) -> float:
        value = ffi.new("float *")
        return float(value[0]) if library().TIFFGetFieldDefaulted(self._tiff, tag, value) else 0.0


def _close(tiff: Any, descriptor: int) -> None:
    if tiff != ffi.NULL:
        library().TIFFCleanup(tiff)
    os.close(descriptor)
