"""One call of a STATURL: a GET, and what came of it. Nothing that a stranger's server does is an exception."""

import asyncio
import ssl
from contextlib import aclosing, suppress
from dataclasses import dataclass
from urllib.parse import urljoin

import httpcore2

from depesche import __version__
from depesche.callbacks.failure import reason
from depesche.callbacks.guard import Guard
from depesche.config import Callbacks
from depesche.model import webaddress
from depesche.model.webaddress import WebAddress

BODY = 4096
"""Octets of an answer's body that are read, and forgotten, so that the connection can serve again."""

BODY_SECONDS = 1.0
KEEP_SECONDS = 1.0
"""A connection is kept for the next given row of the same job; longer, and servers close it under our feet."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""RFC 9110 §15.4; a GET stays a GET with all of them."""


@dataclass(frozen=True, slots=True)
class Called:
    """How a call ended."""

    status: int = 0
    """Of the last answer; 0 if there was none."""

    failure: str = ""
    """Why it does not count, in a few words and without anything of path or query; empty if it does."""

    @property
    def ok(self) -> bool:
        """The customer's program was told."""
        return not self.failure


class Caller:
    """Makes calls. Knows no cookies, no passwords and no proxies."""

    def __init__(self, settings: Callbacks, guard: Guard | None = None) -> None:
        """Reads the certificates that the system trusts: some milliseconds of work."""
        self._settings = settings
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=settings.at_once,
            keepalive_expiry=KEEP_SECONDS,
            network_backend=guard or Guard(settings.allow),
        )

    async def call(self, url: str) -> Called:
        """GET this address, and what it redirects to, all within the time of one call."""
        try:
            address = webaddress.parse(url)
        except ValueError as error:
            return Called(failure=f"no address to call: {error}")
        try:
            return await self._follow(address, asyncio.get_running_loop().time() + self._settings.seconds)
        except TimeoutError:
            return Called(failure=f"no answer within {self._settings.seconds:g} seconds")
        except Exception as error:  # noqa: BLE001  whatever a stranger's server brings about is a failed call
            return Called(failure=reason(error))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def _follow(self, address: WebAddress, deadline: float) -> Called:
        for _ in range(self._settings.redirects + 1):
            status, location = await self._get(address, deadline)
            if status not in REDIRECTS or location is None:
                return Called(status, "" if _is_success(status) else f"answered {status}")
            try:
                following = _redirected(address, location)
            except ValueError as error:
                return Called(status, f"redirected: {error}")
            address = following
        return Called(status, "redirected too often")

    async def _get(self, address: WebAddress, deadline: float) -> tuple[int, str | None]:
        """Status and Location of the answer."""
        async with asyncio.timeout_at(deadline):
            response = await self._pool.handle_async_request(_request(address))
        try:
            if _is_success(response.status):
                await _forget_body(response)
        finally:
            await response.aclose()
        location = next((value for name, value in response.headers if name.lower() == b"location"), None)
        return response.status, None if location is None else location.decode("latin-1")


def _request(address: WebAddress) -> httpcore2.Request:
    return httpcore2.Request(
        "GET",
        httpcore2.URL(scheme=address.scheme, host=address.host, port=address.port, target=address.target),
        headers=[("Host", address.authority), ("User-Agent", f"Depesche/{__version__}"), ("Accept", "*/*")],
        extensions={"sni_hostname": address.certified_name},
    )


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _redirected(address: WebAddress, location: str) -> WebAddress:
    """Where `location` (RFC 9110 §10.2.2) leads from there. Raises: ValueError, as `webaddress.parse`."""
    base = f"{address.scheme}://{address.authority}{address.target}"
    following = webaddress.parse(urljoin(base, location.strip()))
    if (address.scheme, following.scheme) == ("https", "http"):
        raise ValueError("it leads from https to http")
    return following


async def _forget_body(response: httpcore2.Response) -> None:
    """The head said all there is to say: whatever happens here, the call was good."""
    read = 0
    with suppress(TimeoutError, OSError, httpcore2.NetworkError, httpcore2.ProtocolError):
        async with asyncio.timeout(BODY_SECONDS), aclosing(response.aiter_stream()) as chunks:
            async for chunk in chunks:
                read += len(chunk)
                if read > BODY:
                    return
