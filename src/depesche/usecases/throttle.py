"""Passwords: those verified lately are remembered, those guessed wrong slow the guesser down.

The memory is keyed by a secret of this process over stored hash and password. A changed password has another stored
hash, so it acts at once on every worker; a lock is read from the account's row on every call. Nothing here locks an
owner out for good: every pause ends by itself, and those that concern a whole account (guessed at from many addresses)
or a whole address (guessing at many accounts) pass over the addresses from which an account's owner came before.
"""

import asyncio
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar

from depesche.config import Accounts

K = TypeVar("K")
V = TypeVar("V")

MOST_REMEMBERED = 100_000
"""Entries of each table; the oldest make room."""

LOOKS = 2
"""Passwords that are computed at once: argon2id takes a core for 40 ms, and 64 MiB."""

ADDRESS_FACTOR = 5
"""An address may guess wrong this many times as often as one account from it: several programs share a router."""

ACCOUNT_FACTOR = 10
"""And one account from all addresses together."""


@dataclass(slots=True)
class Guesses:
    """Wrong ones of an account from an address, of an account, or from an address."""

    wrong: int = 0
    pauses: int = 0
    until: float = 0.0
    last: float = 0.0


class Throttle:
    """The memory of one process."""

    def __init__(self, settings: Accounts, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, float] = OrderedDict()
        self._looking: dict[tuple[str, str, bytes], asyncio.Future[bool]] = {}
        self._places = asyncio.Semaphore(LOOKS)
        self._guesses: OrderedDict[Hashable, Guesses] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def remembers(self, password_hash: str, password: str) -> bool:
        """Whether this password was verified against this stored hash lately."""
        return self._verified.get(self._mark(password_hash, password), 0.0) > self._clock()

    async def verify(
        self, account: str, peer: str, password_hash: str, password: str, look: Callable[[str, str], bool]
    ) -> bool:
        """What `look` says of the password, in another thread; False without a look while this guesser has to wait.

        A program with many connections logs in on all of them at the same moment: the look is taken once for all.
        """
        key = (account, peer, self._mark(password_hash, password))
        looking = self._looking.get(key)
        if looking is None:
            looking = asyncio.ensure_future(self._look(account, peer, password_hash, password, look))
            looking.add_done_callback(lambda _done: self._looking.pop(key))
            self._looking[key] = looking
        return await asyncio.shield(looking)  # who gives up does not take the answer from the others

    async def _look(
        self, account: str, peer: str, password_hash: str, password: str, look: Callable[[str, str], bool]
    ) -> bool:
        async with self._places:  # guesses at the same moment queue up, and meet the pause that the first ones earned
            if self.pausing(account, peer):
                return False
            fits = await asyncio.to_thread(look, password_hash, password)
        if fits:
            self.succeeded(account, peer, password_hash, password)
        else:
            self.failed(account, peer)
        return fits

    def pausing(self, account: str, peer: str) -> bool:
        """Whether this guesser has to wait before the next password is even looked at."""
        keys: list[Hashable] = [(account, peer)]
        if (account, peer) not in self._known:
            keys += [(account, ""), ("", peer)]
        now = self._clock()
        found = (self._guesses.get(key) for key in keys)
        return any(guesses is not None and guesses.until > now for guesses in found)

    def succeeded(self, account: str, peer: str, password_hash: str, password: str) -> None:
        """The password was right."""
        self._guesses.pop((account, peer), None)
        _put(self._known, (account, peer), None)
        _put(self._verified, self._mark(password_hash, password), self._clock() + self._settings.verified_seconds)

    def failed(self, account: str, peer: str) -> None:
        """The password was wrong."""
        self._count((account, peer), self._settings.wrong_passwords)
        self._count((account, ""), self._settings.wrong_passwords * ACCOUNT_FACTOR)
        self._count(("", peer), self._settings.wrong_passwords * ADDRESS_FACTOR)

    def unknown_account(self, peer: str) -> None:
        """There is no such account."""
        self._count(("", peer), self._settings.wrong_passwords * ADDRESS_FACTOR)

    def _count(self, key: Hashable, allowed: int) -> None:
        now = self._clock()
        guesses = self._guesses.get(key) or Guesses()
        if guesses.until > now:
            return  # a pause is not made longer by what comes meanwhile: it ends, whatever a guesser does
        if now - max(guesses.last, guesses.until) > self._settings.longest_pause_seconds:
            guesses = Guesses()  # wrong ones count that came lately: a typo a day is no attack
        guesses.wrong += 1
        guesses.last = now
        if guesses.wrong >= allowed:
            pause = self._settings.pause_seconds * 2**guesses.pauses
            guesses.until = now + min(pause, self._settings.longest_pause_seconds)
            guesses.pauses = min(guesses.pauses + 1, 30)
            guesses.wrong = 0
        _put(self._guesses, key, guesses)

    def _mark(self, password_hash: str, password: str) -> bytes:
        return hmac.digest(self._key, f"{password_hash}\0{password}".encode("utf-8", "surrogatepass"), "sha256")


def _put(table: OrderedDict[K, V], key: K, value: V) -> None:
    table[key] = value
    table.move_to_end(key)
    while len(table) > MOST_REMEMBERED:
        table.popitem(last=False)
