"""What is to be done later: one list of alarms for all that an agent waits for."""

import heapq
from collections.abc import Callable
from itertools import count

Clock = Callable[[], float]
"""Seconds; it never goes back."""


class Alarm:
    """One of them."""

    __slots__ = ("_do", "at")

    def __init__(self, at: float, do: Callable[[], None]) -> None:
        self.at = at
        self._do: Callable[[], None] | None = do

    @property
    def off(self) -> bool:
        """It rang, or will not any more."""
        return self._do is None

    def stop(self) -> None:
        """It does not ring any more."""
        self._do = None

    def ring(self) -> None:
        """Do it, once."""
        do, self._do = self._do, None
        if do is not None:
            do()


class Alarms:
    """All of them, in the order of time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._heap: list[tuple[float, int, Alarm]] = []
        self._number = count()

    def after(self, seconds: float, do: Callable[[], None]) -> Alarm:
        """Set one."""
        alarm = Alarm(self.clock() + seconds, do)
        heapq.heappush(self._heap, (alarm.at, next(self._number), alarm))
        return alarm

    @property
    def next(self) -> float | None:
        """When the first rings; None: there is none."""
        while self._heap and self._heap[0][2].off:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def ring(self) -> None:
        """Let those ring whose time is come."""
        now = self.clock()
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2].ring()
