"""Telephone lines in memory: what happens to the audio between two ends."""

from typing import Protocol

import numpy as np

from depesche.channels.fax.t30.audio import Samples


class Moment(Protocol):
    """What a line may know of the call that it carries."""

    @property
    def seconds(self) -> float:
        """Line time since the call was answered."""

    @property
    def pages(self) -> int:
        """Pages confirmed so far."""

    @property
    def bit_rate(self) -> int:
        """Bits a second that the caller's modem is set to."""


class Line:
    """A clean line; the others are derived from it. One object carries one call."""

    def forward(self, samples: Samples, moment: Moment) -> None:
        """Do to a block what happens to it on its way from the caller, in place."""

    def back(self, samples: Samples, moment: Moment) -> None:
        """The same on the way to the caller."""

    def holds(self, moment: Moment) -> bool:
        """Whether the connection still stands."""
        del moment  # a line that nothing happens to stands
        return True


class NoisyLine(Line):
    """Noise that defeats every rate above `bit_rate` and spares the others.

    The noise is proportional to the signal, as a poor codec's is. No constant level does it: at 18 dB V.29 comes out at
    7200 bit/s in three calls of four, else at 4800. So it is `LOUD` while the modems try to go faster, then `FAINT`.
    """

    LOUD = 16.0
    """Signal to noise in dB: training at 9600 bit/s always fails."""

    FAINT = 30.0
    """Signal to noise in dB: hardly an ECM frame comes twice."""

    def __init__(self, bit_rate: int, seed: int) -> None:
        self._bit_rate = bit_rate
        self._generator = np.random.default_rng(seed)

    def forward(self, samples: Samples, moment: Moment) -> None:
        ratio = self.LOUD if moment.bit_rate > self._bit_rate else self.FAINT
        noise = self._generator.standard_normal(len(samples), dtype=np.float32)
        noisy = samples * (1 + noise * np.float32(10 ** (-ratio / 20)))
        samples[:] = np.clip(noisy, -32768, 32767)


class CutLine(Line):
    """A connection that is lost `seconds` after page number `page` was confirmed (0: after the answer)."""

    def __init__(self, page: int, seconds: float) -> None:
        self._page = page
        self._seconds = seconds
        self._since: float | None = None

    def holds(self, moment: Moment) -> bool:
        if self._since is None and moment.pages >= self._page:
            self._since = moment.seconds
        return self._since is None or moment.seconds < self._since + self._seconds
