"""libtiff, the library that spandsp stands on as well, for what Pillow does not do.

Its own reader makes RGB of kinds of TIFF that Pillow does not know: BigTIFF of big-endian machines, sixteen bits in
planes, the lowest bit first in pictures with colours.
"""

import mmap
import os
import weakref
from functools import cache
from typing import Any

import numpy as np
from cffi import FFI
from PIL import ExifTags, Image

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
    int TIFFReadRGBAImageOriented(TIFF *, uint32_t, uint32_t, uint32_t *, int, int);
    """
)

_WIDTH, _LENGTH, _BITS, _PHOTOMETRIC, _ORIENTATION = 256, 257, 258, 262, 274
_X_RESOLUTION, _Y_RESOLUTION, _UNIT = 282, 283, 296
SUBFILE = 254
"""Tags of TIFF 6.0."""

_PER_INCH = {2: 1.0, 3: 2.54}
"""By the unit of a resolution."""

_GREYS = (0, 1)
"""Photometric interpretations: white is zero, black is zero."""


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
    """A TIFF file as Pillow has them: one of its pictures at a time, ``1`` or ``RGB``, transparent parts white."""

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
        """Decode it. Raises: ValueError: it is broken, or of a kind that libtiff does not know either."""
        if self._im is None:
            self.im = self._decoded().im
        return super().load()

    @property
    def subfile(self) -> int:
        """NewSubfileType."""
        return self._whole(SUBFILE, "uint32_t")

    def _learn(self) -> None:
        self._im = None
        self._size = self._whole(_WIDTH, "uint32_t"), self._whole(_LENGTH, "uint32_t")
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = self._whole(_ORIENTATION, "uint16_t")
        unit = _PER_INCH.get(self._whole(_UNIT, "uint16_t"), 0.0)
        dpi = self._fraction(_X_RESOLUTION) * unit, self._fraction(_Y_RESOLUTION) * unit
        self.info = {"dpi": dpi, "exif": exif.tobytes()}
        self._exif = None
        bilevel = self._whole(_BITS, "uint16_t") == 1 and self._whole(_PHOTOMETRIC, "uint16_t") in _GREYS
        self._mode = "1" if bilevel else "RGB"

    def _decoded(self) -> Image.Image:
        width, height = self.size
        pixels = np.empty((height, width, 4), np.uint8)
        raster = ffi.cast("uint32_t *", ffi.from_buffer(pixels.data))
        as_it_is = self._whole(_ORIENTATION, "uint16_t")
        if not library().TIFFReadRGBAImageOriented(self._tiff, width, height, raster, as_it_is, 1):
            raise ValueError("libtiff cannot read the picture")
        colours, cover = pixels[..., :3], pixels[..., 3:]  # colours are no larger than what they cover
        image = Image.fromarray(colours + (255 - np.maximum(cover, colours)))
        return image.convert("1", dither=Image.Dither.NONE) if self.mode == "1" else image

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
