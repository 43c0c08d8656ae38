"""Telephone lines that only tests have."""

from depesche.channels.fax.line import Line, Moment
from depesche.channels.fax.t30.audio import Samples


class MuteLine(Line):
    """A connection that stands, but after `seconds` of call carries silence."""

    def __init__(self, seconds: float, *, forward: bool = True, back: bool = True) -> None:
        self._seconds = seconds
        self._muted = (forward, back)

    def forward(self, samples: Samples, moment: Moment) -> None:
        self._mute(samples, moment, self._muted[0])

    def back(self, samples: Samples, moment: Moment) -> None:
        self._mute(samples, moment, self._muted[1])

    def _mute(self, samples: Samples, moment: Moment, muted: bool) -> None:
        if muted and moment.seconds >= self._seconds:
            samples.fill(0)
