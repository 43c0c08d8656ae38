"""The beat of all calls of a process: one timer, 20 ms apart, however many there are."""

import asyncio
from collections.abc import Callable

import structlog

from depesche.channels.fax.media.media import TICK_SECONDS

Tick = Callable[[], object]
"""What one call does at each beat; it may not block."""

_CATCH_UP_SECONDS = TICK_SECONDS / 2
"""The shortest time between two ticks after a stall: a far end's jitter buffer takes twice the pace, but no burst."""

_MOST_BEHIND = 1.0
"""Seconds; what a stall takes longer is not made up for. Modems have lost each other by then."""

log = structlog.get_logger()


class Ticker:
    """Calls everybody each 20 ms by the loop's clock, which is monotonic. It rests while there is nobody.

    After a stall it makes up for the missed ticks at twice the pace. A call that raises is left out from then on.
    """

    def __init__(self, hear: Tick = lambda: None) -> None:
        """`hear` comes first at each beat: what came since the last one is taken before anybody goes on."""
        self._hear = hear
        self.ticks = 0
        self.late_seconds = 0.0
        """Sum over all ticks of how much too late they were."""

        self.skipped = 0
        """Ticks that never were, after stalls of more than a second."""

        self._worst = 0.0
        self._members: dict[Tick, None] = {}
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, tick: Tick) -> None:
        """From the next beat on. In a running loop."""
        self._members[tick] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._due = loop.time() + TICK_SECONDS
            self._timer = loop.call_at(self._due, self._beat, loop)

    def remove(self, tick: Tick) -> None:
        """No more; also for one that was never there."""
        self._members.pop(tick, None)
        if not self._members and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def worst_seconds(self) -> float:
        """How much too late the latest tick was since this was last asked."""
        worst, self._worst = self._worst, 0.0
        return worst

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        late = max(0.0, now - self._due)
        self.ticks += 1
        self.late_seconds += late
        self._worst = max(self._worst, late)
        self._due += TICK_SECONDS
        behind = now - self._due
        if behind > _MOST_BEHIND:
            skipped = int((behind - _MOST_BEHIND) / TICK_SECONDS) + 1
            self.skipped += skipped
            self._due += skipped * TICK_SECONDS
        self._timer = loop.call_at(max(self._due, now + _CATCH_UP_SECONDS), self._beat, loop)
        self._hear()
        for tick in tuple(self._members):
            if tick in self._members:  # nobody before it in this beat took it away
                self._call(tick)

    def _call(self, tick: Tick) -> None:
        try:
            tick()
        except Exception:  # whatever it was, the other calls go on
            log.exception("a call is left without its beat")
            self.remove(tick)
