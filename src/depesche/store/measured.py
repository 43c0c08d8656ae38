"""A database whose transactions are timed, whichever it is: by how long their callers waited, and for what."""

from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Self

import sqlalchemy as sa
from prometheus_client import Gauge, Histogram

from depesche import metrics
from depesche.store.database import Database, T, Work


@dataclass(frozen=True, slots=True)
class _Meter:
    seconds: Histogram
    waiting: Gauge


def _meter(kind: str) -> _Meter:
    return _Meter(metrics.DATABASE.labels(kind), metrics.DATABASE_WAITING.labels(kind))


_WRITE, _READ = _meter("write"), _meter("read")


class Measured:
    """`depesche.store.database.Database` on another one; `peek`, which is cheaper than a measurement, and
    `snapshot`, which is no transaction of ours, are only handed on.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.peek = database.peek
        self.snapshot = database.snapshot
        self.close = database.close

    async def run(self, work: Work[T]) -> T:
        with _Passage(_WRITE) as passage:
            return await self._database.run(passage.begins(work))

    def run_here(self, work: Work[T]) -> T:
        with _Passage(_WRITE) as passage:
            return self._database.run_here(passage.begins(work))

    async def read(self, work: Work[T]) -> T:
        with _Passage(_READ) as passage:
            return await self._database.read(passage.begins(work))

    def read_here(self, work: Work[T]) -> T:
        with _Passage(_READ) as passage:
            return self._database.read_here(passage.begins(work))


class _Passage:
    """One work on its way: it waits until it is called, be it several times, or until nobody waits for it any more."""

    __slots__ = ("_meter", "_since", "_token")

    def __init__(self, meter: _Meter) -> None:
        self._meter = meter
        self._token = [True]
        """Taken by whoever ends the wait: two threads may want to."""

    def __enter__(self) -> Self:
        self._meter.waiting.inc()
        self._since = perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_wait()
        self._meter.seconds.observe(perf_counter() - self._since)

    def begins(self, work: Work[T]) -> Work[T]:
        """The same work, which says when it begins."""

        def begun(connection: sa.Connection) -> T:
            self._end_wait()
            return work(connection)

        return begun

    def _end_wait(self) -> None:
        try:
            self._token.pop()
        except IndexError:
            return
        self._meter.waiting.dec()
