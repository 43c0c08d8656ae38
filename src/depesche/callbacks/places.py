"""Who may be called how often at once: a host that is slow must not hold up the others.

A host has a quarter of all places, one that did not answer the last time a single one, and an account has half of
them, however many hosts it names. Who finds no place is told when to come back: as if it stood in a queue that moves
at the pace of its host, and where its account has no place left, in one that moves at the pace of the account as well.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from depesche.callbacks.caller import Called
from depesche.model import statusurl, webaddress

REMEMBERED = 1000
"""Hosts that nobody calls at the moment, of which is kept how they did."""

LONGEST_WAIT = timedelta(seconds=60)
SHORTEST_STEP = timedelta(milliseconds=4)
"""Between two who come back; the loop must not turn for nothing."""

GUESS = 0.05
"""Seconds for a call to a host of which nothing is known."""

WEIGHT = 0.2
"""Of the newest call in a host's average."""


class Wanted(Protocol):
    """A call that wants a place."""

    @property
    def account_id(self) -> int:
        """Whose it is."""

    @property
    def url(self) -> str:
        """The template, with its placeholders."""


@dataclass(slots=True)
class _Queue:
    """The places of a host or of an account, and those who wait for one."""

    under_way: int = 0
    seconds: float = GUESS
    """Average of its calls."""

    end: datetime | None = None
    """When whoever came last may come back."""

    stuck_since: datetime | None = None
    """When for the first time somebody found all places taken since one of them became free."""

    def join(self, room: int, now: datetime) -> datetime:
        """One more waits; gives when it may come back."""
        seconds = self.seconds
        if self.under_way >= room:  # calls that have not ended yet are in no average
            self.stuck_since = self.stuck_since or now
            seconds = max(seconds, (now - self.stuck_since).total_seconds())
        begin = now if self.end is None else max(self.end, now)
        self.end = min(begin + max(timedelta(seconds=seconds / room), SHORTEST_STEP), now + LONGEST_WAIT)
        return self.end

    def leave(self) -> None:
        """A place is free again."""
        self.under_way -= 1
        self.stuck_since = None

    def learn(self, seconds: float) -> None:
        """A call has ended that took so long."""
        self.seconds += (seconds - self.seconds) * WEIGHT


@dataclass(slots=True)
class _Host(_Queue):
    ailing: bool = False


class Places:
    """Counts the places taken by host and by account."""

    def __init__(self, at_once: int) -> None:
        self._of_host = max(1, at_once // 4)
        self._of_account = max(1, at_once // 2)
        self._hosts: dict[str, _Host] = {}
        self._accounts: dict[int, _Queue] = {}
        """Those that have a place."""

    def take(self, one: Wanted) -> bool:
        """Whether there is a place for its host and its account; it is taken then."""
        host = self._host(one)
        if host.under_way >= self._room(host) or self._is_full(one.account_id):
            return False
        host.under_way += 1
        self._accounts.setdefault(one.account_id, _Queue()).under_way += 1
        return True

    def give(self, one: Wanted) -> None:
        """The place is free again."""
        self._host(one).leave()
        account = self._accounts[one.account_id]
        account.leave()
        if not account.under_way:
            del self._accounts[one.account_id]

    def learn(self, one: Wanted, called: Called, seconds: float) -> None:
        """How the host of this call did, and how long it took."""
        host = self._host(one)
        host.ailing = not called.status  # a quick 500 holds up nobody
        host.learn(seconds)
        if account := self._accounts.get(one.account_id):
            account.learn(seconds)

    def come_back(self, one: Wanted, now: datetime) -> datetime:
        """When one that found no place may ask again."""
        host = self._host(one)
        at = host.join(self._room(host), now)
        if self._is_full(one.account_id):
            at = max(at, self._accounts[one.account_id].join(self._of_account, now))
        return at

    def _is_full(self, account_id: int) -> bool:
        account = self._accounts.get(account_id)
        return account is not None and account.under_way >= self._of_account

    def _room(self, host: _Host) -> int:
        return 1 if host.ailing else self._of_host

    def _host(self, one: Wanted) -> _Host:
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
