"""A node that answers requests and works until it is told to stop."""

import asyncio
import gc
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from types import FrameType

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from depesche.config import Role, Settings
from depesche.fronts import watch
from depesche.fronts.server import ServerConfig, allow_open_files, listen, serving
from depesche.fronts.soap import endpoint
from depesche.node.trouble import NotWatched
from depesche.node.work import Node, open_node
from depesche.usecases.house import House
from depesche.usecases.readiness import Readiness

COLLECT = (20_000, 10, 20)
"""Allocations before the collector looks. Requests leave next to nothing in cycles, and Python's 700 are one in two."""

Prepared = Callable[[Node, int], Awaitable[None]]

log = structlog.get_logger(__name__)


async def serve(settings: Settings, prepared: Prepared) -> None:
    """Open the node and do what its roles say until SIGINT or SIGTERM.

    `prepared` is called with the open node and its port (0 if it answers no requests), before the first one is read.
    Raises: as `open_node`; NotWatched, SandboxMissing.
    """
    allow_open_files()
    listener = listen(settings.web.host, settings.web.port) if Role.WEB in settings.roles else None
    operations = _operations(settings)
    async with open_node(settings) as node:
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


async def _answer_until_told(node: Node, readiness: Readiness, prepared: Prepared, listener: socket.socket) -> None:
    await node.house.renderer.start()  # whoever orders first finds it warm; nodes of other roles make no pages
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
