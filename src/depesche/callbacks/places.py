"""Who may be called how often at once: a host that is slow must not hold up the others.

A host has a quarter of all places, one that did not answer the last time a single one, and an account has half of
them, however many hosts it names. Who finds no place is told when to come back: as if it stood in a queue that moves
at the pace of its host.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from depesche.callbacks.caller import Called
from depesche.model import statusurl, webaddress
from depesche.store.callbacks import Callback

REMEMBERED = 1000
"""Hosts that nobody calls at the moment, of which is kept how they did."""

LONGEST_WAIT = timedelta(seconds=60)
SHORTEST_STEP = timedelta(milliseconds=4)
"""Between two who come back; the loop must not turn for nothing."""

GUESS = 0.05
"""Seconds for a call to a host of which nothing is known."""

WEIGHT = 0.2
"""Of the newest call in a host's average."""


@dataclass(slots=True)
class _Host:
    under_way: int = 0
    ailing: bool = False
    seconds: float = GUESS
    """Average of its calls."""

    queue_end: datetime | None = None
    """When whoever came last may come back."""


class Places:
    """Counts the places taken by host and by account."""

    def __init__(self, at_once: int) -> None:
        self._of_host = max(1, at_once // 4)
        self._of_account = max(1, at_once // 2)
        self._hosts: dict[str, _Host] = {}
        self._accounts: Counter[int] = Counter()

    def take(self, one: Callback) -> bool:
        """Whether there is a place for its host and its account; it is taken then."""
        host = self._host(one)
        if host.under_way >= self._room(host) or self._accounts[one.account_id] >= self._of_account:
            return False
        host.under_way += 1
        self._accounts[one.account_id] += 1
        return True

    def give(self, one: Callback) -> None:
        """The place is free again."""
        host = self._host(one)
        host.under_way -= 1
        self._accounts[one.account_id] -= 1
        if not self._accounts[one.account_id]:
            del self._accounts[one.account_id]

    def learn(self, one: Callback, called: Called, seconds: float) -> None:
        """How the host of this call did, and how long it took."""
        host = self._host(one)
        host.ailing = not called.status  # a quick 500 holds up nobody
        host.seconds += (seconds - host.seconds) * WEIGHT

    def come_back(self, one: Callback, now: datetime) -> datetime:
        """When one that found no place may ask again."""
        host = self._host(one)
        begin = now if host.queue_end is None else max(host.queue_end, now)
        step = max(timedelta(seconds=host.seconds / self._room(host)), SHORTEST_STEP)
        host.queue_end = min(begin + step, now + LONGEST_WAIT)
        return host.queue_end

    def _room(self, host: _Host) -> int:
        return 1 if host.ailing else self._of_host

    def _host(self, one: Callback) -> _Host:
        name = _name(one.url)
        found = self._hosts.pop(name, None) or _Host()
        self._hosts[name] = found  # those asked for last stand last
        if len(self._hosts) > REMEMBERED:
            self._forget()
        return found

    def _forget(self) -> None:
        idle = next((name for name, host in self._hosts.items() if not host.under_way), None)
        if idle is not None:
            del self._hosts[idle]


def _name(template: str) -> str:
    """The host of the template; empty if it cannot be called at all."""
    try:
        return webaddress.parse(statusurl.normal(template)).host
    except ValueError:
        return ""
