"""The SOAP service as a route: GET gives the page or the WSDL, POST takes calls."""

import asyncio
import contextlib
from typing import Any, NoReturn

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from depesche.fronts.soap.addresses import POST_PATHS, WSDL_PATHS, Address, find
from depesche.fronts.soap.anteroom import Anteroom
from depesche.fronts.soap.codec.encoder import Message
from depesche.fronts.soap.exchange import Disconnected, Exchange, Reply
from depesche.fronts.soap.forwarded import origin, request_id
from depesche.fronts.soap.page import POLICY, render
from depesche.fronts.soap.wsdl import describe
from depesche.usecases.house import House

LINGER_SECONDS = 10
"""How long the rest of a refused request is taken in before the connection is closed."""

_NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}


def routes(house: House) -> list[BaseRoute]:
    """The SOAP service, for the node's application."""
    return [SoapRoute(house)]


class SoapRoute(BaseRoute):
    """All addresses of the service: one route, since they are read in any case."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._anteroom = Anteroom(house.settings.soap.max_before_login)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        found = scope["type"] == "http" and _address(scope) is not None
        return (Match.FULL, {}) if found else (Match.NONE, {})

    def url_path_for(self, name: str, /, **path_params: Any) -> NoReturn:
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = _address(scope)
        assert address is not None
        if scope["method"] == "POST":
            await self._post(address, scope, receive, send)
        elif scope["method"] in ("GET", "HEAD"):
            await self._show(address, scope)(scope, receive, send)
        else:
            refusal = PlainTextResponse("Only GET and POST\n", 405, {"Allow": "GET, HEAD, POST"})
            await refusal(scope, receive, send)

    def _show(self, address: Address, scope: Scope) -> Response:
        base = origin(scope, self._house.settings.web.trusted_proxies).base_url
        posts = {style: base + path for style, path in POST_PATHS.items()}
        if address.wsdl:
            wsdl = describe(address.style, self._house.settings.soap, posts[address.style])
            return Response(wsdl, media_type="text/xml; charset=utf-8", headers=_NO_SNIFFING)
        wsdls = {style: base + path for style, path in WSDL_PATHS.items()}
        return HTMLResponse(render(wsdls, posts), headers={"Content-Security-Policy": POLICY, **_NO_SNIFFING})

    async def _post(self, address: Address, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_id(scope, self._house.settings.web.trusted_proxies)
        if Headers(scope=scope).get("content-encoding", "identity").lower() != "identity":
            await _send(_NOT_ENCODED, request, receive, send, body_read=False)
            return
        exchange = Exchange(self._house, self._anteroom, address.style, scope, receive)
        try:
            with bound_contextvars(request=request):
                reply = await exchange.reply()
        except Disconnected:
            return
        await _send(reply, request, receive, send, body_read=exchange.body_read)


_NOT_ENCODED = Reply(
    415,
    "text/plain; charset=utf-8",
    Message((b"Compressed requests are not read here: send the body without a Content-Encoding.\n",)),
)


def _address(scope: Scope) -> Address | None:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return find(path, scope["query_string"])


async def _send(reply: Reply, request: str, receive: Receive, send: Send, *, body_read: bool) -> None:
    """The reply to the request of that id; who is still sending gets it first, and is cut off once it has read it."""
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(reply.message.size).encode()),
        (b"x-request-id", request.encode()),
    ]
    if not body_read:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    for part in reply.message:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    if not body_read:
        await _drain(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(receive: Receive) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            message = await receive()
            while message["type"] == "http.request" and message.get("more_body", False):
                message = await receive()
