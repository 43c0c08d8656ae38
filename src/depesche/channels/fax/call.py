"""A telephone call in memory: two ends that exchange audio over a line, faster than real time."""

import threading
from typing import Protocol

import numpy as np

from depesche.channels.fax.ending import End, Ending
from depesche.channels.fax.line import Line
from depesche.channels.fax.t30.audio import RATE, AudioTerminal, Samples

BLOCK = 800
"""Samples handed over at once: 100 ms.

Each hand-over takes the interpreter lock four times; with 20 ms blocks a busy neighbour thread made a call 40 times
slower. From 300 ms on T.30's response times no longer fit.
"""

STALL_SECONDS = 1800
"""Line time without a T.30 frame after which a call is given up. A page without ECM has none: 500 kB at 2400 bit/s."""


class Party(Protocol):
    """Whoever answers a call."""

    def transmit(self, samples: Samples) -> None:
        """Fill the block with what it says."""

    def receive(self, samples: Samples) -> None:
        """Hear the block; it may be overwritten."""

    def hang_up(self) -> None:
        """The connection is gone."""


class Voice:
    """A person who answers, and no fax machine: vowels with pauses."""

    _SECONDS = 2

    def __init__(self) -> None:
        time = np.arange(self._SECONDS * RATE) / RATE
        vowels = sum(
            level * np.sin(2 * np.pi * hertz * time) for level, hertz in ((3000, 180), (2000, 720), (900, 1340))
        )
        self._speech = (vowels * np.clip(np.sin(2 * np.pi * 1.5 * time), 0, 1)).astype(np.int16)

    def transmit(self, samples: Samples) -> None:
        samples[:] = np.resize(self._speech, len(samples))
        self._speech = np.roll(self._speech, -len(samples))

    def receive(self, samples: Samples) -> None:
        """Hears whistling, and says hello again."""

    def hang_up(self) -> None:
        """Puts the receiver down."""


class Call:
    """One call, from the answer to its end."""

    def __init__(
        self,
        caller: AudioTerminal,
        answerer: Party,
        line: Line,
        cancelled: threading.Event,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._caller = caller
        self._answerer = answerer
        self._line = line
        self._cancelled = cancelled
        self._stall_seconds = stall_seconds
        self._samples = 0
        self._pulse = (0, 0.0)

    @property
    def seconds(self) -> float:
        """Line time since the call was answered."""
        return self._samples / RATE

    @property
    def pages(self) -> int:
        """Pages confirmed so far."""
        return self._caller.session.confirmed

    @property
    def bit_rate(self) -> int:
        """Bits a second that the caller's modem is set to."""
        return self._caller.session.bit_rate

    def carry(self) -> Ending:
        """Exchange audio until an end is reached. Afterwards both ends know that the connection is gone."""
        forward, back = np.zeros(BLOCK, np.int16), np.zeros(BLOCK, np.int16)
        while (end := self._ended()) is None:
            self._exchange(forward, back)
            self._samples += BLOCK
        self._caller.hang_up()
        self._answerer.hang_up()
        return Ending(end, self.seconds)

    def _exchange(self, forward: Samples, back: Samples) -> None:
        self._caller.transmit(forward)
        self._line.forward(forward, self)
        self._answerer.receive(forward)
        self._answerer.transmit(back)
        self._line.back(back, self)
        self._caller.receive(back)

    def _ended(self) -> End | None:
        if not self._caller.active:
            return End.ENGINE
        if self._cancelled.is_set():
            return End.CANCELLED
        if not self._line.holds(self):
            return End.LOST
        return End.STALLED if self._stalled() else None

    def _stalled(self) -> bool:
        frames, since = self._pulse
        if self._caller.session.frames != frames:
            self._pulse = (self._caller.session.frames, self.seconds)
            return False
        return self.seconds - since > self._stall_seconds
