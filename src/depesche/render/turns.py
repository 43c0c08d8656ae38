"""Whose documents are converted now: as many orders at once as there are places, and no account takes them all.

A place that becomes free goes to the account that has the fewest, among equals to who waits longest. While all places
are one account's, another one gets a place beside them: a customer with many slow documents is in nobody's way.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    account: int
    turn: "asyncio.Future[None]"


class Turns:
    """Of one event loop."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken = Counter[int]()
        self._waiting: list[_Waiting] = []

    async def take(self, account: int) -> None:
        """Wait for a turn; it has to be given back."""
        waiting = _Waiting(account, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._admit()
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            else:  # its turn had come at the same moment
                self.give_back(account)
            raise

    def has_spare(self) -> bool:
        """Whether there is a place for which nobody waits."""
        return not self._waiting and self._taken.total() < self._places

    def take_spare(self, account: int) -> bool:
        """A further turn for the same order, if there is a spare one. Returns: whether there was."""
        spare = self.has_spare()
        if spare:
            self._taken[account] += 1
        return spare

    def give_back(self, account: int) -> None:
        """A turn is over."""
        self._taken -= Counter({account: 1})
        self._admit()

    def _admit(self) -> None:
        while waiting := min(self._candidates(), key=lambda one: self._taken[one.account], default=None):
            self._waiting.remove(waiting)
            self._taken[waiting.account] += 1
            waiting.turn.set_result(None)

    def _candidates(self) -> Iterator[_Waiting]:
        """Who waits, has not given up, and may come now; longest wait first."""
        taken = self._taken.total()
        all_of_one = taken == self._places and len(self._taken) == 1
        for one in self._waiting:
            if not one.turn.done() and (taken < self._places or (all_of_one and one.account not in self._taken)):
                yield one
