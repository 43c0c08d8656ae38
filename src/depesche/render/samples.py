"""Samples of a TIFF: numbers of any kind become grey, colours or ink of 8 bits."""

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Octets = NDArray[np.uint8]
Numbers = NDArray[Any]


class Photometric(IntEnum):
    """What the first samples of a pixel are (TIFF 6.0 PhotometricInterpretation, and its supplements)."""

    WHITE_IS_ZERO = 0
    BLACK_IS_ZERO = 1
    RGB = 2
    PALETTE = 3
    CMYK = 5
    YCBCR = 6
    CIELAB = 8
    ICCLAB = 9
    ITULAB = 10
    LOGL = 32844
    LOGLUV = 32845


class SampleFormat(IntEnum):
    """TIFF 6.0 SampleFormat."""

    UNSIGNED = 1
    SIGNED = 2
    FLOAT = 3
    UNDEFINED = 4


class Extra(IntEnum):
    """TIFF 6.0 ExtraSamples: what the first sample behind the colours is."""

    UNSPECIFIED = 0
    ASSOCIATED = 1
    UNASSOCIATED = 2


_COLOURS = {Photometric.RGB: 3, Photometric.CMYK: 4}
"""Samples of them; of CIE L*a*b*, the lightness is looked at alone."""

_LAB = (Photometric.CIELAB, Photometric.ICCLAB, Photometric.ITULAB)

_OF_INK = (Photometric.WHITE_IS_ZERO, Photometric.CMYK)
"""Where they are multiplied by the cover, that makes them white."""

_KNOWN = {*_COLOURS, *_LAB, *_OF_INK, Photometric.BLACK_IS_ZERO}

_WHOLE = (*range(1, 33), 64)
_WIDTHS: Mapping[int, Collection[int]] = {
    SampleFormat.UNSIGNED: _WHOLE,
    SampleFormat.SIGNED: _WHOLE,
    SampleFormat.FLOAT: (16, 32, 64),
    SampleFormat.UNDEFINED: _WHOLE,
}
"""Bits."""

_MODES = {1: "L", 3: "RGB", 4: "CMYK"}

_USUAL_WHITES = (1, 255, 65535)
_OVERSHOOT = 1.25
"""What was sharpened is lighter than white here and there."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Those of a picture."""

    photometric: int
    bits: int
    format: int
    count: int
    """Of a pixel."""

    extra: int
    palette: Octets | None = None
    """Three values for each number."""

    @property
    def known(self) -> bool:
        """Whether they can be made octets here."""
        if self.photometric == Photometric.PALETTE:
            return self.palette is not None and self.format in {SampleFormat.UNSIGNED, SampleFormat.UNDEFINED}
        return self.photometric in _KNOWN and self.bits in _WIDTHS.get(self.format, ())

    @property
    def kept(self) -> int:
        """Samples of a pixel that are looked at, the first ones: the colours, and how far they cover the paper."""
        return self._colours + self._has_cover

    @property
    def channels(self) -> int:
        """What they become."""
        return self.kept + 2 * (self.palette is not None)

    @property
    def is_guessed(self) -> bool:
        """Whether the largest number must be known before the first becomes octets."""
        return self.format in {SampleFormat.SIGNED, SampleFormat.FLOAT} or (self.bits > 16 and self._colours == 1)

    def numbers(self, octets: Octets, width: int) -> Numbers:
        """Of rows as libtiff gives them, so many in each."""
        if self.bits in {8, 16, 32, 64}:
            kind = "f" if self.format == SampleFormat.FLOAT else "u"  # ImageMagick writes large ones as negative ones
            return octets.view(f"{kind}{self.bits // 8}")[:, :width]
        if self.bits % 8 == 0 and sys.byteorder == "little":  # libtiff gives whole octets in the order of the machine
            octets = octets.reshape(len(octets), -1, self.bits // 8)[..., ::-1].reshape(octets.shape)
        bits = np.unpackbits(octets, axis=1, count=width * self.bits).reshape(len(octets), width, self.bits)
        whole = np.min_scalar_type(self._most)
        numbers: Numbers = bits @ (np.ones(1, whole) << np.arange(self.bits, dtype=whole)[::-1])
        return numbers

    def largest(self, numbers: Numbers, first: int = 0) -> float:
        """Of those that count for the guess of white: colours."""
        colours = numbers[..., : max(0, self._colours - first)]
        return float((finite(colours) if colours.dtype.kind == "f" else colours).max(initial=0))

    def white(self, largest: float = 0) -> float:
        """The number of the lightest grey, or of most ink."""
        if self.format == SampleFormat.SIGNED:
            return max(1, self._most // 2) if largest <= self._most // 2 else self._most
        return guessed_white(largest) if self.is_guessed else self._most

    def octets(self, numbers: Numbers, white: float, first: int = 0) -> Octets:
        """Of samples from the `first` of each pixel on, which are the last axis."""
        count = max(0, self._colours - first)
        colours = self._shown(numbers[..., :count], white)
        whole = white if self.is_guessed and self.format != SampleFormat.UNSIGNED else self._most
        return np.concatenate((colours, eight_bits(numbers[..., count:], whole)), axis=-1)

    def _shown(self, numbers: Numbers, white: float) -> Octets:
        if self.palette is not None and numbers.shape[-1]:
            colours: Octets = self.palette[numbers[..., 0]]
            return colours
        made = eight_bits(numbers, white)
        return 255 - made if self.photometric == Photometric.WHITE_IS_ZERO else made

    def image(self, octets: Octets) -> Image.Image:
        """Of all channels."""
        colours = self.channels - self._has_cover
        made = Image.fromarray(octets[..., :colours] if colours > 1 else octets[..., 0], _MODES[colours])
        if not self._has_cover:
            return made
        bands = (*made.convert("RGB").split(), Image.fromarray(octets[..., colours]))
        return Image.merge("RGBa" if self.extra == Extra.ASSOCIATED else "RGBA", bands).convert("RGBA")

    @property
    def _colours(self) -> int:
        return _COLOURS.get(Photometric(self.photometric), 1)

    @property
    def _has_cover(self) -> bool:
        if self.count <= self._colours or self.photometric in _LAB:
            return False
        return self.extra == Extra.UNASSOCIATED or (self.extra == Extra.ASSOCIATED and self.photometric not in _OF_INK)

    @property
    def _most(self) -> int:
        return (1 << self.bits) - 1


def finite(numbers: Numbers) -> NDArray[np.float32]:
    """Fractions; what is no number is 0."""
    with np.errstate(over="ignore"):
        made: NDArray[np.float32] = np.nan_to_num(numbers.astype(np.float32), nan=0, posinf=0, neginf=0)
    return made


def guessed_white(largest: float) -> float:
    """What the lightest grey is in a picture whose largest number this is, if nobody says so."""
    return next((white for white in _USUAL_WHITES if largest <= white * _OVERSHOOT), largest)


def eight_bits(numbers: Numbers, white: float) -> Octets:
    """From 0 to 255."""
    if numbers.dtype in {np.dtype(np.uint8), np.dtype(np.uint16)}:
        return _table(numbers.dtype, white)[numbers]
    return _eight_bits(numbers, white)


@cache
def _table(kind: np.dtype[Any], white: float) -> Octets:
    """Of all numbers of a kind."""
    return _eight_bits(np.arange(np.iinfo(kind).max + 1), white)


def _eight_bits(numbers: Numbers, white: float) -> Octets:
    made: Octets = np.rint(np.clip(finite(numbers), 0, white) * (255 / white)).astype(np.uint8)
    return made
