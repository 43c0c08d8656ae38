"""Who of the given recipients is sent to: rules 17 to 19 over all rows of an order, however many there are."""

import asyncio
import itertools
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack

from depesche.blobs.store import BlobError
from depesche.model.account import Account
from depesche.model.recipients import Given
from depesche.model.roll import Recipient, Roll, ShortRoll
from depesche.store import blocked
from depesche.store.blocked import Lists
from depesche.store.roll import LongRoll
from depesche.usecases import judge
from depesche.usecases.house import House
from depesche.usecases.order import Order
from depesche.usecases.unbroken import unbroken

LONG_LIST = 200
"""Rows that are judged in another thread, so that everybody else is served meanwhile, and kept on disk."""

CHUNK = 200
"""Rows between two looks at whether it is still wanted; a number may be asked for under fifteen prefixes."""

IN_MEMORY = 20_000
"""Entries of blacklists that are read once for all rows; of longer ones each chunk is asked for."""


async def roll_of(house: House, account: Account, order: Order, stack: AsyncExitStack) -> Roll:
    """The judged recipients, readable as long as `stack` is open. Raises: Refused, BlobError."""
    rows = len(order.given)
    roll = await (_short(house, account, order) if rows < LONG_LIST else _long(house, account, order, stack))
    judge.anyone(roll)
    return roll


async def _short(house: House, account: Account, order: Order) -> ShortRoll:
    judged = [judge.recipient(account, order.type, given) for given in order.given]
    if account.has_blocked and not order.type.is_letter:
        asked = judge.blockable(judged)
        found = await house.database.peek(lambda connection: blocked.hits(connection, account.id, asked))
        judged = [judge.unless_blocked(one, found) for one in judged]
    return ShortRoll(tuple(judged))


async def _long(house: House, account: Account, order: Order, stack: AsyncExitStack) -> LongRoll:
    place = await stack.enter_async_context(house.blobs.workplace())
    try:
        roll = stack.enter_context(LongRoll(place / "roll.db"))
        await _filled(roll, house, account, order)
    except (OSError, sqlite3.Error) as error:
        raise BlobError(f"the recipients could not be kept: {error}") from error
    return roll


async def _filled(roll: LongRoll, house: House, account: Account, order: Order) -> None:
    """Judge all rows in another thread. If nobody waits for it any more, that thread ends with the chunk at hand, and
    before this does: a roll that is closed under it takes the process with it.
    """
    wanted = threading.Event()
    wanted.set()
    filling = asyncio.ensure_future(asyncio.to_thread(_fill, roll, house, account, order, wanted))
    try:
        await asyncio.shield(filling)
    except asyncio.CancelledError:
        wanted.clear()
        await unbroken(asyncio.wait([filling]))
        raise


def _fill(roll: LongRoll, house: House, account: Account, order: Order, wanted: threading.Event) -> None:
    rows, lists = iter(order.given), _lists(house, account)
    while wanted.is_set() and (chunk := list(itertools.islice(rows, CHUNK))):
        roll.extend(_judged(house, account, order, chunk, lists))


def _lists(house: House, account: Account) -> Lists | None:
    if not account.has_blocked:
        return {}
    return house.database.read_here(lambda connection: blocked.whole(connection, account.id, IN_MEMORY))


def _judged(
    house: House, account: Account, order: Order, chunk: Sequence[Given], lists: Lists | None
) -> list[Recipient]:
    judged = [judge.recipient(account, order.type, given) for given in chunk]
    if lists is not None and not lists:
        return judged
    asked = judge.blockable(judged)
    if lists is None:
        found = house.database.read_here(lambda connection: blocked.hits(connection, account.id, asked))
    else:
        found = blocked.hits_of(lists, asked)
    return [judge.unless_blocked(one, found) for one in judged]
