"""The bell of nodes on one database: each hears what any of them rings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from depesche.store.bell import ALL
from depesche.store.notifications import PostgresBell
from peers.postgres import Server
from ways import until

pytestmark = pytest.mark.anyio

GREETING = list(ALL)
"""What whoever begins to listen takes for rung."""


@pytest.fixture(scope="module")
def url(server: Server) -> str:
    return server.url(server.database())


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[tuple[PostgresBell, list[str]]]:
    heard: list[str] = []
    bell = PostgresBell(url, heard.append)
    await bell.start()
    await until(lambda: heard == GREETING)
    try:
        yield bell, heard
    finally:
        await bell.stop()


async def test_everybody_hears_a_ring_once(url: str) -> None:
    async with listening(url) as (ours, here), listening(url) as (_, there):
        ours.ring("ready/sms")
        assert here == [*GREETING, "ready/sms"], "who rings need not wait for the database"
        await until(lambda: there == [*GREETING, "ready/sms"])
        ours.ring("listed")
        await until(lambda: there[-1] == "listed")
        await asyncio.sleep(0.1)
        assert here == there


async def test_what_is_rung_again_and_again_at_one_moment_goes_out_once(url: str) -> None:
    async with listening(url) as (ours, _), listening(url) as (_, there):
        for _ in range(100):
            ours.ring("ready/fax")
        ours.ring("listed")
        await until(lambda: len(there) >= len(ALL) + 2)
        await asyncio.sleep(0.1)
        assert sorted(there[len(ALL) :]) == ["listed", "ready/fax"]


async def test_what_is_rung_last_is_heard(url: str) -> None:
    async with listening(url) as (_, there):
        async with listening(url) as (ours, _):
            ours.ring("ready/letter")
        await until(lambda: there == [*GREETING, "ready/letter"])


async def test_lines_that_were_cut_are_made_again_and_nothing_that_was_rung_is_lost(url: str, server: Server) -> None:
    async with listening(url) as (ours, here), listening(url) as (_, there):
        cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'depesche-bell'"
        assert server.psql(cut) == "4"
        await until(lambda: here == there == GREETING * 2)
        ours.ring("ready/mail")  # goes out on a line that is dead, which nobody knows yet
        await until(lambda: len(there) > 2 * len(ALL))
        await asyncio.sleep(0.1)
        assert here[2 * len(ALL) :] == there[2 * len(ALL) :] == ["ready/mail"]
