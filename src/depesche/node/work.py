"""A node at work: its loops, and the channels that they send by."""

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from depesche import __version__
from depesche.channels.fax.trunk.channel import SipFax
from depesche.config import WORK, Role, Settings
from depesche.dispatch.desk import Desk
from depesche.dispatch.dispatcher import Dispatcher
from depesche.dispatch.notify import Notifier
from depesche.dispatch.presence import Presence
from depesche.node.house import furnish, own
from depesche.node.place import alone, bring_up_to_date, place_of, url
from depesche.node.prune import pruner
from depesche.node.ways import real_ways, sandbox_ways, shelves, sip_fax
from depesche.store import deliveries, expansions, nodes
from depesche.store.bell import Bell
from depesche.store.clock import ServerClock
from depesche.store.nodes import NodeRow, worker_of
from depesche.usecases.house import House


@dataclass(frozen=True, slots=True)
class Node:
    """A node that is open: its use cases work, its loops run if one of its roles is to send."""

    house: House
    dispatcher: Dispatcher | None


@asynccontextmanager
async def open_node(settings: Settings) -> AsyncIterator[Node]:
    """Open the data folder as its one server, made or brought up to date where needed, and go to work by its roles.

    Raises: FolderInUse, BrokenOff, upgrade.TooNew, OSError.
    """
    async with AsyncExitStack() as stack:
        lock = own(settings)
        stack.enter_context(lock)
        place = place_of(settings)
        bring_up_to_date(settings, place)
        work = _Work()
        house, bell = await furnish(settings, place, work.hear, stack)
        await house.blobs.clear_scratch()  # what a crash left there; nobody but us works in it now
        await _go_to_work(house, bell, work, lock, stack)
        yield Node(house, work.dispatcher)


async def _go_to_work(house: House, bell: Bell, work: "_Work", lock: alone, stack: AsyncExitStack) -> None:
    settings = house.settings
    name = settings.name or socket.gethostname()
    worker = worker_of(name, os.getpid(), secrets.token_hex(4))
    if settings.roles & WORK:
        trunks = sip_fax(house, worker)
        if Role.LINES in settings.roles and not settings.sandbox:
            await trunks.start()
            stack.push_async_callback(trunks.stop)
        work.dispatcher = await _dispatcher(house, bell, worker, trunks)
        work.dispatcher.start()
        stack.push_async_callback(_stop, work.dispatcher, lock)
    presence = _presence(house, name, worker, work)
    await presence.start()
    stack.push_async_callback(presence.stop)


def _presence(house: House, name: str, worker: str, work: "_Work") -> Presence:
    settings, now = house.settings, house.now()
    row = NodeRow(worker, name[:64], tuple(sorted(settings.roles)), __version__, started_at=now, seen_at=now)
    clock = house.now

    async def look() -> None:
        if isinstance(clock, ServerClock):
            await clock.look()

    return Presence(
        house.database, row, look=look, now=clock, drain=work.drain, seconds=settings.dispatch.lease_seconds / 6
    )


@dataclass(slots=True)
class _Work:
    """The use cases exist before the loops do, and sometimes without them."""

    dispatcher: Dispatcher | None = None

    def hear(self, what: str) -> None:
        if self.dispatcher is not None:
            self.dispatcher.hear(what)

    def drain(self, draining: bool) -> None:
        if self.dispatcher is not None:
            self.dispatcher.drain(draining)


async def _dispatcher(house: House, bell: Bell, worker: str, trunks: SipFax) -> Dispatcher:
    settings = house.settings
    shared = bool(url(settings))
    if not shared:  # nobody else works on it: what is leased was left by a dead one
        now = house.now()
        await house.database.run(lambda connection: _expire_leases(connection, now))
    sandbox = sandbox_ways(house)
    zone = ZoneInfo(settings.timezone)
    desk = Desk(
        settings=settings.dispatch,
        database=house.database,
        blobs=house.blobs,
        worker=worker,
        sandbox=sandbox,
        real=sandbox if settings.sandbox else real_ways(trunks),
        now=house.now,
        zone=zone,
        ring=bell.ring,
        outbox=shelves(sandbox),
        shared=shared,
    )

    def leads(connection: sa.Connection) -> bool:
        return nodes.leads(connection, worker, Role.DISPATCH, house.alive_since())

    return Dispatcher(desk, Notifier(desk, settings.callbacks, zone), settings.roles, pruner(house, leads))


def _expire_leases(connection: sa.Connection, now: datetime) -> None:
    deliveries.expire_leases(connection, now)
    expansions.expire_leases(connection, now)


async def _stop(dispatcher: Dispatcher, lock: alone) -> None:
    """What a channel cannot be stopped from sending is sent while this process lives: the folder stays ours as long."""
    if await dispatcher.stop():
        lock.keep()
