"""Nobody is connected to whom it is not allowed to call, however the host is written and whatever its name says."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore2
import pytest

from depesche.callbacks import guard as module
from depesche.callbacks.caller import Called, Caller
from depesche.callbacks.guard import Closed, Guard, Lookups, TooManyLookups, is_own
from depesche.callbacks.networks import Address
from depesche.config import Callbacks
from peers import island
from peers.web import Web

pytestmark = pytest.mark.anyio

Build = Callable[..., Caller]

LOOPBACK = Callbacks().on_this_machine().allow

HERE = [
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "0177.1",
    "2130706433",
    "017700000001",
    "localhost",
    "LOCALHOST",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "\uff11\uff12\uff17.0.0.1",
    "127\u30020\u30020\u30021",
]
"""Ways to write 127.0.0.1."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What calls from an island came to, where names are answered by a name server of ours."""
    script = Path(island.__file__).with_name("calls_on_an_island.py")
    return island.run(script, tmp_path_factory.mktemp("island"))


# --- however it is written


@pytest.mark.parametrize("host", HERE)
async def test_this_machine_is_closed_however_it_is_written(caller: Build, host: str) -> None:
    async with Web() as server:
        called = await caller(allow=()).call(server.url(host=host))
        assert called.failure.startswith("not allowed: ")
        assert called.failure.endswith(" is loopback")
        assert server.connections == 0
        assert (await caller().call(server.url(host=host))).ok  # it is this machine indeed
        assert server.connections == 1


@pytest.mark.parametrize("host", ["[::1]", "[0:0:0:0:0:0:0:1]"])
async def test_this_machine_is_closed_in_ipv6_as_well(caller: Build, host: str) -> None:
    async with Web(host="::1") as server:
        assert await caller(allow=()).call(server.url(host=host)) == Called(failure="not allowed: ::1 is loopback")
        assert server.connections == 0
        assert (await caller().call(server.url(host=host))).ok
        assert server.requests[0].headers["host"] == f"[::1]:{server.port}"


@pytest.mark.parametrize(
    ("host", "what"),
    [
        ("0", "0.0.0.0 is this network"),
        ("[::]", ":: is reserved"),
        ("[::127.0.0.1]", "::7f00:1 is reserved"),
        ("[64:ff9b::7f00:1]", "64:ff9b::7f00:1 is loopback"),
        ("[2002:7f00:1::]", "2002:7f00:1:: is 6to4"),
        ("169.254.169.254", "169.254.169.254 is link-local"),
        ("0xa9fea9fe", "169.254.169.254 is link-local"),
        ("[fd00:ec2::254]", "fd00:ec2::254 is private"),
        ("10.1", "10.0.0.1 is private"),
        ("255.255.255.255", "255.255.255.255 is reserved"),
    ],
)
async def test_no_connection_is_tried_to_what_is_not_public(caller: Build, host: str, what: str) -> None:
    assert await caller(allow=()).call(f"http://{host}/") == Called(failure=f"not allowed: {what}")


# --- names, as a name server of ours tells them


def test_public_hosts_are_called_without_being_allowed(seen: dict[str, Any]) -> None:
    assert [seen["said"][what] for what in ("public", "public6", "number", "umlaut")] == [
        ["200"] * 3,
        ["200"],
        ["200"] * 4,
        ["200"],
    ]


def test_a_name_that_changes_its_mind_is_judged_again_for_each_connection(seen: dict[str, Any]) -> None:
    assert seen["said"]["rebind"] == ["200", "not allowed: 127.0.0.1 is loopback"]
    assert seen["said"]["rebind6"] == ["200", "not allowed: ::1 is loopback"]


def test_a_name_is_looked_up_once_for_each_call(seen: dict[str, Any]) -> None:
    assert seen["lookups"] == 2


def test_an_inner_address_beside_a_public_one_closes_the_host(seen: dict[str, Any]) -> None:
    assert seen["said"]["mixed"] == ["not allowed: 127.0.0.1 is loopback", "not allowed: ::1 is loopback"]


def test_names_of_inner_addresses_are_closed(seen: dict[str, Any]) -> None:
    assert set(seen["said"]["inner"]) == {"not allowed: 127.0.0.1 is loopback"}
    assert seen["said"]["redirect"] == ["not allowed: 127.0.0.1 is loopback"]


def test_none_of_it_reached_this_machine(seen: dict[str, Any]) -> None:
    assert seen["inner"] == 0
    assert sorted(seen["public"]) == sorted([*(f"/{number}" for number in [*range(1, 12), 13]), "/leave"])


def test_this_machines_own_public_addresses_are_closed_unless_they_are_allowed(seen: dict[str, Any]) -> None:
    assert seen["said"]["own"] == [
        "not allowed: 93.184.215.14 is this machine's own",
        "not allowed: 2606:2800:21f:cb07::14 is this machine's own",
        "not allowed: 93.184.215.15 is this machine's own",
    ]
    assert seen["said"]["own, allowed"] == ["200"]


@pytest.mark.parametrize(
    ("address", "own"), [("127.0.0.1", True), ("127.0.0.2", True), ("::1", True), ("8.8.8.8", False), ("2600::", False)]
)
def test_the_kernel_tells_which_addresses_are_this_machines(address: str, own: bool) -> None:
    assert is_own(ip_address(address)) is own


async def test_an_own_address_beside_one_of_another_machine_closes_the_host() -> None:
    guard = Guard((), told("8.8.8.8", "1.1.1.1"), own=lambda address: str(address) == "1.1.1.1")
    with pytest.raises(Closed, match=r"1\.1\.1\.1 is this machine's own"):
        await connected(guard, 80)


def test_an_address_that_nobody_has_is_passed_over(seen: dict[str, Any]) -> None:
    assert seen["said"]["both"] == ["200"]


def test_names_that_lead_nowhere_are_failures(seen: dict[str, Any]) -> None:
    said = [*seen["said"]["nobody"], *seen["said"]["silent"]]
    assert len(said) == 3
    assert all(failure.startswith("the host is not found: ") for failure in said)


# --- several addresses


def told(*addresses: str) -> Callable[[str, int], Any]:
    """A resolver that knows these for every host."""

    async def resolve(host: str, port: int) -> Sequence[Address]:
        return [ip_address(address) for address in addresses]

    return resolve


async def connected(guard: Guard, port: int) -> str:
    """Where the guard connects to."""
    stream = await guard.connect_tcp("any.example", port)
    where: str = stream.get_extra_info("server_addr")[0]
    await stream.aclose()
    return where


async def test_the_first_address_that_answers_is_taken() -> None:
    async with Web(host="127.0.0.3") as server:
        guard = Guard(LOOPBACK, told("127.0.0.1", "127.0.0.2", "127.0.0.3"))
        assert await connected(guard, server.port) == "127.0.0.3"


async def test_an_address_that_hangs_holds_up_the_next_for_a_moment_only(full: int) -> None:
    async with Web(host="127.0.0.3", port=full) as server:
        begun = time.monotonic()
        assert await connected(Guard(LOOPBACK, told("127.0.0.1", "127.0.0.3")), full) == "127.0.0.3"
        assert module.HEAD_START <= time.monotonic() - begun < 5
    assert server.connections == 1


@pytest.fixture
def full() -> Any:
    """A port of 127.0.0.1 where connections hang: the queue is full, and nobody accepts."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        yield listener.getsockname()[1]


async def test_where_no_address_answers_the_first_failure_is_told() -> None:
    guard = Guard(LOOPBACK, told("127.0.0.1", "127.0.0.2"))
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(httpcore2.ConnectError):
            await connected(guard, bound.getsockname()[1])


async def test_only_some_of_very_many_addresses_are_tried() -> None:
    async with Web(host="127.0.0.99") as server:
        guard = Guard(LOOPBACK, told(*(f"127.0.0.{number}" for number in range(2, 100))))
        with pytest.raises(httpcore2.ConnectError):
            await connected(guard, server.port)


async def test_all_of_very_many_addresses_are_judged() -> None:
    guard = Guard((), told(*(f"8.8.8.{number}" for number in range(200)), "10.0.0.1"))
    with pytest.raises(Closed, match=r"10\.0\.0\.1 is private"):
        await connected(guard, 80)


async def test_a_host_without_any_address_is_closed() -> None:
    with pytest.raises(Closed, match="no address"):
        await connected(Guard((), told()), 80)


async def test_what_is_given_up_leaves_no_connection_behind(full: int) -> None:
    guard = Guard(LOOPBACK, told("127.0.0.1"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await connected(guard, full)


# --- the system's resolver


async def test_lookups_that_hang_do_not_stop_the_event_loops_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def hang(*args: Any, **named: Any) -> list[Any]:
        answer.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(module, "MOST_LOOKUPS", 40)
    lookups = Lookups()
    hanging = [asyncio.create_task(lookups.addresses("slow.example", 80)) for _ in range(40)]
    await asyncio.sleep(0)
    assert await asyncio.to_thread(lambda: "free") == "free"
    with pytest.raises(TooManyLookups):
        await lookups.addresses("slow.example", 80)
    hanging[0].cancel()
    with pytest.raises(TooManyLookups):  # nobody waits for it, but it hangs
        await lookups.addresses("slow.example", 80)
    answer.set()
    assert await asyncio.gather(*hanging[1:]) == [[]] * 39
    await asyncio.sleep(0.05)
    monkeypatch.undo()
    assert await lookups.addresses("127.0.0.1", 80) == [ip_address("127.0.0.1")]


def test_a_lookup_that_outlives_the_event_loop_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, ended = threading.Event(), threading.Event()

    def hang(*args: Any, **named: Any) -> list[Any]:
        answer.wait(10)
        ended.set()
        return []

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await Lookups().addresses("slow.example", 80)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    begun = time.monotonic()
    asyncio.run(give_up())
    assert time.monotonic() - begun < 5
    answer.set()
    assert ended.wait(5)
    for thread in threading.enumerate():
        if thread.name == "callback-lookup":
            thread.join(5)
