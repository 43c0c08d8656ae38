"""To be run by `island.run`: calls to hosts whose names are anything but what they seem."""

import asyncio
import json
from ipaddress import ip_address, ip_network
from typing import Any

from depesche.callbacks.caller import Caller
from depesche.callbacks.guard import Guard
from depesche.config import Callbacks
from peers import island, web
from peers.names import A, Names
from peers.web import Web

PUBLIC = "93.184.215.14"
PUBLIC6 = "2606:2800:21f:cb07::14"
NOBODY6 = "2a00:1450:4001::99"
"""A public address that no machine of the island has."""

SECOND = "93.184.215.15"
"""Of the same network as `PUBLIC`: a socket to it has that one's address for its source."""

NAMES: dict[str, Any] = {
    "public.example": [[PUBLIC]],
    "public6.example": [[PUBLIC6]],
    "both.example": [[NOBODY6, PUBLIC]],
    "rebind.example": [[PUBLIC], ["127.0.0.1"]],
    "rebind6.example": [[PUBLIC6], ["::1"]],
    "mixed.example": [[PUBLIC, "127.0.0.1"]],
    "mixed6.example": [[PUBLIC, "::1"]],
    "inner.example": [["127.0.0.1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "redirects.example": [[PUBLIC]],
    "localhost": [["127.0.0.1"]],
    "xn--strae-oqa.example": [[PUBLIC]],
    "empty.example": [[]],
    "silent.example": None,
}

CALLS = {
    "public": ["http://public.example/1", "http://public.example./2", "http://PUBLIC.example:80/3"],
    "public6": ["http://public6.example/4"],
    "number": [f"http://{PUBLIC}/5", f"http://[{PUBLIC6}]/6", "http://1572394766/7", "http://0x5d.0xb8.0xd70e/8"],
    "both": ["http://both.example/9"],
    "umlaut": ["http://straße.example/10"],
    "rebind": ["http://rebind.example/11", "http://rebind.example/12"],
    "rebind6": ["http://rebind6.example/13", "http://rebind6.example/14"],
    "mixed": ["http://mixed.example/", "http://mixed6.example/"],
    "inner": ["http://inner.example/", "http://mapped.example/", "http://localhost./", "http://localhost/"],
    "redirect": ["http://redirects.example/leave"],
    "nobody": ["http://nobody.example/", "http://empty.example/"],
    "silent": ["http://silent.example/"],
}


OWN = ["http://public.example/own", f"http://[{PUBLIC6}]/own", f"http://{SECOND}/own"]


async def leave(request: web.Request, writer: asyncio.StreamWriter) -> None:
    """One path leads home."""
    answer = web.redirect("http://inner.example/secret") if request.target == "/leave" else web.status(200)
    await answer(request, writer)


async def main() -> dict[str, Any]:
    island.settle(ip_address(PUBLIC), ip_address(SECOND), ip_address(PUBLIC6))
    loop = asyncio.get_running_loop()
    transport, names = await loop.create_datagram_endpoint(lambda: Names(NAMES), ("127.0.0.1", 53))
    async with (
        Web(leave, host=PUBLIC, port=80) as public,
        Web(host=PUBLIC6, port=80) as public6,
        Web(host=SECOND, port=80) as second,
        Web(host="127.0.0.1", port=80) as inner,
        Web(host="::1", port=80) as inner6,
    ):
        said = {what: [await call(url) for url in urls] for what, urls in CALLS.items()}
        said["own"] = [await call(url, Callbacks()) for url in OWN]
        reached = len(second.targets)
        said["own, allowed"] = [await call(OWN[-1], Callbacks(allow=(ip_network(SECOND),)))]
        found = {
            "said": said,
            "public": [*public.targets, *public6.targets],
            "inner": inner.connections + inner6.connections + reached,
            "lookups": names.asked["rebind.example", A],
        }
    transport.close()
    return found


async def call(url: str, settings: Callbacks | None = None) -> str:
    """Each with connections of its own; the failure, or the status. Without settings nothing is allowed but what is
    public, and the island's addresses pass for those of other machines."""
    caller = Caller(settings) if settings else Caller(Callbacks(seconds=1.5), Guard((), own=lambda address: False))
    called = await caller.call(url)
    await caller.aclose()
    return called.failure or str(called.status)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
