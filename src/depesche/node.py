"""One node: the only place that knows every room, and puts them together."""

import asyncio
import fcntl
import gc
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from depesche import __version__
from depesche.blobs.store import Blobs
from depesche.channels.base import Channel as Way
from depesche.channels.fax.header import HeaderLine, stamp
from depesche.channels.fax.sandbox import SandboxFax
from depesche.channels.fax.trunk.channel import SipFax
from depesche.channels.fax.trunk.wire import Setup
from depesche.channels.letter.sandbox import SandboxLetter
from depesche.channels.mail.sandbox import SandboxMail
from depesche.channels.noline import NoLine
from depesche.channels.outbox import Shelf
from depesche.channels.sms.sandbox import SandboxSms
from depesche.config import WORK, Role, Settings
from depesche.dispatch.desk import Desk
from depesche.dispatch.dispatcher import Dispatcher
from depesche.dispatch.notify import Notifier
from depesche.dispatch.presence import Presence
from depesche.dispatch.prune import Pruner
from depesche.fronts import watch
from depesche.fronts.server import ServerConfig, allow_open_files, listen, serving
from depesche.fronts.soap import endpoint
from depesche.model.callrecord import Prints
from depesche.model.jobtype import Channel
from depesche.model.reception import Reception
from depesche.render.renderer import Renderer
from depesche.store import deliveries, expansions, nodes, upgrade
from depesche.store.bell import CANCELLED, DUE, LISTED, Bell, Hear, HouseBell
from depesche.store.clock import ServerClock
from depesche.store.database import Database, Place, Work
from depesche.store.measured import Measured
from depesche.store.nodes import NodeRow, worker_of
from depesche.store.postgres import PostgresServer
from depesche.store.sqlite import SqliteFile
from depesche.usecases import receive, retention
from depesche.usecases import restore as restoring
from depesche.usecases.backup import Told, verify
from depesche.usecases.house import Header, House
from depesche.usecases.readiness import Readiness
from depesche.usecases.restore import Restored, Site, Wishes
from depesche.usecases.throttle import Throttle
from depesche.usecases.trunks import Office

COLLECT = (20_000, 10, 20)
"""Allocations before the collector looks. Requests leave next to nothing in cycles, and Python's 700 are one in two."""

log = structlog.get_logger(__name__)


class FolderInUse(Exception):
    """Another Depesche works on this data folder."""


class BrokenOff(Exception):
    """In the data folder lies what a restore has not brought to its end."""


class NotWatched(Exception):
    """There is no listening where `[operations]` says."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node that is open: its use cases work, its loops run if it was asked to dispatch."""

    house: House
    dispatcher: Dispatcher | None


@asynccontextmanager
async def open_node(settings: Settings, *, dispatch: bool) -> AsyncIterator[Node]:
    """Open the data folder, made or brought up to date where needed.

    With `dispatch` it goes to work as its roles say; no other process works in this folder then.

    Raises: FolderInUse, BrokenOff, upgrade.TooNew, OSError.
    """
    async with AsyncExitStack() as stack:
        data = settings.data
        if (data / restoring.STAGING).exists():
            raise BrokenOff(f"a restore into {data} is under way, or was broken off: then run it again")
        data.mkdir(mode=0o700, parents=True, exist_ok=True)  # documents and accounts: the server's user alone
        lock = _alone(data / "lock")
        place = _place(settings)
        if dispatch:
            stack.enter_context(lock)
            _bring_up_to_date(settings, place)
        elif upgrade.wanted(place):
            with lock:  # never under the feet of a running server of an older release
                _bring_up_to_date(settings, place)
        database = Measured(place.open())
        stack.callback(database.close)
        renderer = Renderer(settings.render, settings.letters, settings.timezone)
        await stack.enter_async_context(renderer)
        work = _Work()
        bell = _bell(settings, work.hear)
        clock = await _clock(settings, database)
        house = House(
            settings=settings,
            database=database,
            blobs=Blobs.at(settings.blobs, data / "blobs", data / "scratch"),
            renderer=renderer,
            throttle=Throttle(settings.accounts),
            now=clock,
            wake=lambda: bell.ring(DUE),
            expand=lambda: bell.ring(LISTED),
            hurry=lambda: bell.ring(CANCELLED),
            stamp=stamped,
        )
        await bell.start()
        stack.push_async_callback(bell.stop)
        if dispatch:
            await house.blobs.clear_scratch()  # what a crash left there; nobody but us works in it now
            await _go_to_work(house, bell, work, lock, stack)
        yield Node(house, work.dispatcher)


def stamped(source: Path, target: Path, header: Header) -> Prints:
    """Write a fax file anew with its header line; see `House.stamp`."""
    return stamp(source, target, HeaderLine(header.at, header.sender, header.note, header.recipient))


async def _go_to_work(house: House, bell: Bell, work: "_Work", lock: "_alone", stack: AsyncExitStack) -> None:
    settings = house.settings
    name = settings.name or socket.gethostname()
    worker = worker_of(name, os.getpid(), secrets.token_hex(4))
    if settings.roles & WORK:
        trunks = _trunks(house, worker)
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


async def _clock(settings: Settings, database: Database) -> Callable[[], datetime]:
    if not _url(settings):
        return lambda: datetime.now(UTC)
    clock = ServerClock(database)
    await clock.look()
    return clock


def _bell(settings: Settings, hear: Hear) -> Bell:
    if not _url(settings):
        return HouseBell(hear)
    from depesche.store.notifications import PostgresBell  # noqa: PLC0415  its driver takes 200 ms to import

    return PostgresBell(_url(settings), hear)


def _url(settings: Settings) -> str:
    """Of the PostgreSQL database; empty: there is none, and nobody else works on ours."""
    return settings.database_url.get_secret_value()


def _place(settings: Settings) -> Place:
    url = _url(settings)
    return PostgresServer(url, settings.database_connections) if url else SqliteFile(settings.data / "depesche.db")


def _bring_up_to_date(settings: Settings, place: Place) -> None:
    upgrade.ready(place, first_job_id=settings.first_job_id, first_fax_id=settings.first_fax_id)


async def restore(settings: Settings, archive: Path, wishes: Wishes, told: Told) -> Restored:
    """Make the installation that an archive holds, where the settings say and nothing is yet.

    Raises: FolderInUse, NotVacant, NotReadable, BlobError, OSError, sqlite3.Error, sqlalchemy.exc.DBAPIError.
    """
    site = Site(settings, _place(settings))
    restoring.check_vacant(site)
    manifest = await asyncio.to_thread(verify, archive, told)
    restoring.check_known(manifest)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(settings.data / "lock"):
        restoring.check_vacant(site)
        return await restoring.restore(site, archive, manifest, wishes, told)


async def serve(settings: Settings, prepared: Callable[[Node, int], Awaitable[None]]) -> None:
    """Open the node and do what its roles say until SIGINT or SIGTERM.

    `prepared` is called with the open node and its port (0 if it answers no requests), before the first one is read.
    Raises: as `open_node`; NotWatched.
    """
    allow_open_files()
    listener = listen(settings.web.host, settings.web.port) if Role.WEB in settings.roles else None
    operations = _operations(settings)
    async with open_node(settings, dispatch=True) as node:
        readiness = Readiness(node.house)
        async with _watched(node.house, readiness, operations):
            if listener is None:
                await _work_until_told(node, prepared)
            else:
                await _answer_until_told(node, readiness, prepared, listener)
    log.info("stopped")


def _operations(settings: Settings) -> socket.socket | None:
    place = settings.operations
    if not place.port:
        return None
    try:
        return listen(place.host, place.port)
    except OSError as error:
        raise NotWatched(f"[operations] {place.host} port {place.port}: {error.strerror}") from error


def _watched(
    house: House, readiness: Readiness, listener: socket.socket | None
) -> AbstractAsyncContextManager[None, bool | None]:
    if listener is None:
        return nullcontext()
    return serving(watch.operations(house, readiness), house.settings, listener)


Prepared = Callable[[Node, int], Awaitable[None]]


async def _answer_until_told(node: Node, readiness: Readiness, prepared: Prepared, listener: socket.socket) -> None:
    application = Starlette(routes=[*endpoint.routes(node.house), *watch.health(readiness), Route("/", _home)])
    server = uvicorn.Server(ServerConfig(application, node.house.settings))

    def stop() -> None:
        server.should_exit = True

    _stop_by_signal(stop)
    await prepared(node, listener.getsockname()[1])
    _settle_down()
    await server.serve(sockets=[listener])


async def _work_until_told(node: Node, prepared: Prepared) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    _stop_by_signal(lambda: loop.call_soon_threadsafe(told.set))
    await prepared(node, 0)
    _settle_down()
    await told.wait()


def _settle_down() -> None:
    gc.freeze()  # the rooms stay: no collection has to look at them again
    gc.set_threshold(*COLLECT)


def _stop_by_signal(stop: Callable[[], object]) -> None:
    """uvicorn hears signals while it serves, and raises them again afterwards: the node still has to close then."""

    def told(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)


async def _home(request: Request) -> RedirectResponse:
    """Somebody looks what is here: the page of the interface."""
    del request
    return RedirectResponse("/xmlws.exe?intf=IntfXMLWS")


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
    shared = bool(_url(settings))
    if not shared:  # nobody else works on it: what is leased was left by a dead one
        now = house.now()
        await house.database.run(lambda connection: _expire_leases(connection, now))
    sandbox = _sandbox(house)
    zone = ZoneInfo(settings.timezone)
    desk = Desk(
        settings=settings.dispatch,
        database=house.database,
        blobs=house.blobs,
        worker=worker,
        sandbox=sandbox,
        real=sandbox if settings.sandbox else _real(trunks),
        now=house.now,
        zone=zone,
        ring=bell.ring,
        outbox=_shelves(sandbox),
        shared=shared,
    )

    def leads(connection: sa.Connection) -> bool:
        since = house.now() - timedelta(seconds=settings.dispatch.lease_seconds)
        return nodes.leads(connection, worker, Role.DISPATCH, since)

    return Dispatcher(desk, Notifier(desk, settings.callbacks, zone), settings.roles, _pruner(house, leads))


def _pruner(house: House, leads: Work[bool] = lambda _: True) -> Pruner:
    settings = house.settings
    return Pruner(house.database, house.blobs, settings.retention, house.now, ZoneInfo(settings.timezone), leads)


async def prune(house: House, actor: str, told: Callable[[str, int], None]) -> dict[str, int]:
    """Let all go that is old enough, now and not within the hour. Gives how much of each kind went.

    `told` is called after each piece: its kind, and how much of it went until then.
    Raises: sqlalchemy.exc.DBAPIError.
    """
    await retention.note(house, actor)
    gone = dict.fromkeys(retention.KINDS, 0)
    async for kind, count in _pruner(house).chunks():
        gone[kind] += count
        told(kind.value, gone[kind])
    return gone


def _expire_leases(connection: sa.Connection, now: datetime) -> None:
    deliveries.expire_leases(connection, now)
    expansions.expire_leases(connection, now)


async def _stop(dispatcher: Dispatcher, lock: "_alone") -> None:
    """What a channel cannot be stopped from sending is sent while this process lives: the folder stays ours as long."""
    if await dispatcher.stop():
        lock.keep()


def _sandbox(house: House) -> dict[Channel, Way]:
    data = house.settings.data
    outbox = data / "outbox"

    async def has_inbox(number: str) -> bool:
        return await receive.has_inbox(house, number)

    async def received(source: str) -> bool:
        return await receive.received(house, source)

    async def take(reception: Reception) -> None:
        await receive.receive(house, reception)

    mail = SandboxMail(outbox / "mail", house.now)
    return {
        Channel.FAX: SandboxFax(
            now=house.now,
            scratch=data / "scratch",
            has_inbox=has_inbox,
            receive=take,
            received=received,
            timezone=house.settings.timezone,
        ),
        Channel.SMS: SandboxSms(outbox / "sms"),
        Channel.MAIL: mail,
        Channel.QSIGN: mail,
        Channel.LETTER: SandboxLetter(outbox / "letters"),
    }


def _real(trunks: SipFax) -> dict[Channel, Way]:
    return {channel: trunks if channel is Channel.FAX else NoLine(channel) for channel in Channel}


def _trunks(house: House, worker: str) -> SipFax:
    settings = house.settings
    first, _, last = settings.lines.media_ports.partition("-")

    def path(given: Path | None) -> str:
        return str(given.absolute()) if given else ""

    def setup(place: int) -> Setup:
        """Of one line process: each has ports of its own."""
        local = settings.lines
        return Setup(
            host=local.host,
            nameserver=local.nameserver,
            advertised=local.advertised,
            port=local.port + 2 * place if local.port else 0,
            tls_port=local.tls_port + 2 * place if local.tls_port else 0,
            media_first=int(first or 0),
            media_last=int(last or 0),
            certificate=path(local.certificate),
            key=path(local.key),
            authorities=path(local.authorities),
        )

    return SipFax(
        Office(house, worker),
        scratch=settings.data / "scratch",
        spool=settings.data / "lines",
        setups=[setup(place) for place in range(settings.lines.processes)],
        timezone=settings.timezone,
    )


def _shelves(sandbox: Mapping[Channel, Way]) -> tuple[Shelf, ...]:
    ways = dict.fromkeys(sandbox.values())  # mails and invoices go one way
    return tuple(
        shelf for way in ways if isinstance(way, SandboxSms | SandboxMail | SandboxLetter) for shelf in way.shelves
    )


class _alone:  # noqa: N801  reads as a word in a with statement
    """Holds the folder's lock; the kernel lets go of it when the process dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            owner = self._file.read().strip() or "?"
            self._file.close()
            raise FolderInUse(f"{self._path.parent} is in use by process {owner}") from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def keep(self) -> None:
        """Hold it until the process ends: a second descriptor, which nobody closes."""
        os.dup(self._file.fileno())
