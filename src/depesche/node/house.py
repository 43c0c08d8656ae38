"""The use cases of an installation, on its folder and its database."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from depesche.blobs.store import Blobs
from depesche.config import Settings
from depesche.model.callrecord import Prints
from depesche.node.place import alone, bring_up_to_date, place_of, url
from depesche.node.trouble import BrokenOff
from depesche.render.renderer import Renderer
from depesche.store import upgrade
from depesche.store.bell import CANCELLED, DUE, LISTED, Bell, Hear, HouseBell
from depesche.store.clock import ServerClock
from depesche.store.database import Database, Place
from depesche.store.measured import Measured
from depesche.usecases import restore
from depesche.usecases.house import Header, House
from depesche.usecases.throttle import Throttle


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """Open the data folder for a command, made or brought up to date where needed. A server may work in it meanwhile.

    Raises: FolderInUse, BrokenOff, upgrade.TooNew, OSError.
    """
    async with AsyncExitStack() as stack:
        lock = own(settings)
        place = place_of(settings)
        if upgrade.wanted(place):
            with lock:  # never under the feet of a running server of an older release
                bring_up_to_date(settings, place)
        house, _ = await furnish(settings, place, _deaf, stack)
        yield house


def own(settings: Settings) -> alone:
    """Make the data folder if there is none. Gives its lock, not held yet.

    Raises: BrokenOff, OSError.
    """
    data = settings.data
    if (data / restore.STAGING).exists():
        raise BrokenOff(f"a restore into {data} is under way, or was broken off: then run it again")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)  # documents and accounts: the server's user alone
    return alone(data / "lock")


async def furnish(settings: Settings, place: Place, hear: Hear, stack: AsyncExitStack) -> tuple[House, Bell]:
    """The use cases on a database that is up to date, and the bell that they ring; both end with `stack`."""
    database = Measured(place.open())
    stack.callback(database.close)
    renderer = Renderer(settings.render, settings.letters, settings.timezone)
    await stack.enter_async_context(renderer)
    bell = _bell(settings, hear)
    house = House(
        settings=settings,
        database=database,
        blobs=Blobs.at(settings.blobs, settings.data / "blobs", settings.data / "scratch"),
        renderer=renderer,
        throttle=Throttle(settings.accounts),
        now=await _clock(settings, database),
        wake=lambda: bell.ring(DUE),
        expand=lambda: bell.ring(LISTED),
        hurry=lambda: bell.ring(CANCELLED),
        stamp=stamped,
    )
    await bell.start()
    stack.push_async_callback(bell.stop)
    return house, bell


def _deaf(what: str) -> None:
    """Who has no loops hears nothing."""
    del what


def stamped(source: Path, target: Path, header: Header) -> Prints:
    """Write a fax file anew with its header line; see `House.stamp`."""
    from depesche.channels.fax.header import HeaderLine, stamp  # noqa: PLC0415  few commands stamp pages, and Pillow is large

    line = HeaderLine(header.at, header.sender, header.note, header.recipient)
    return stamp(source, target, line, header.finest)


async def _clock(settings: Settings, database: Database) -> Callable[[], datetime]:
    if not url(settings):
        return lambda: datetime.now(UTC)
    clock = ServerClock(database)
    await clock.look()
    return clock


def _bell(settings: Settings, hear: Hear) -> Bell:
    if not url(settings):
        return HouseBell(hear)
    from depesche.store.notifications import PostgresBell  # noqa: PLC0415  its driver takes 200 ms to import

    return PostgresBell(url(settings), hear)
