"""What those ask who watch: does the process live, can it work, and how much is there to do?

`/healthz` and `/readyz` are for anybody, and say nothing of places and names. `/metrics` is for a port of its own.
"""

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from depesche import metrics
from depesche.fronts.server import HEALTH, READY
from depesche.usecases.house import House
from depesche.usecases.readiness import Readiness
from depesche.usecases.survey import Survey

_FRESH = {"Cache-Control": "no-store"}


def health(readiness: Readiness) -> list[BaseRoute]:
    """Whether it lives, which needs no answer but the answer itself; whether it is ready, else 503 and why not."""

    async def live(request: Request) -> Response:
        del request
        return PlainTextResponse("ok\n", headers=_FRESH)

    async def ready(request: Request) -> Response:
        del request
        found = await readiness.look()
        well = not any(found.values())
        parts = {part: words or "ok" for part, words in found.items()}
        return JSONResponse({"ready": well, "parts": parts}, 200 if well else 503, _FRESH)

    return [Route(HEALTH, live), Route(READY, ready)]


def operations(house: House, readiness: Readiness) -> Starlette:
    """All of it, for the operator's own port."""
    survey = Survey(house)

    async def read(request: Request) -> Response:
        del request
        await survey.refresh()
        page = await asyncio.to_thread(metrics.page)
        return Response(page, headers={"Content-Type": metrics.PAGE_TYPE, **_FRESH})

    return Starlette(routes=[*health(readiness), Route("/metrics", read)])
