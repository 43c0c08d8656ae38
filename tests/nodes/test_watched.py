"""Nodes without a web port are watched as well, and the database that they share is what they are ready for."""

import signal
import time
from collections.abc import Callable

from installation import Installation
from nodes.conftest import send
from peers import ports
from watching import Watched, get

SECONDS = 60


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def watched(installation: Installation, name: str, roles: str) -> Watched:
    port = ports.one()
    node = Watched(installation.folder / name)
    node.operations = f"127.0.0.1:{port}"
    node.serving = installation.node(name, roles, DEPESCHE_OPERATIONS__PORT=str(port))
    return node


def test_every_node_tells_the_whole_queue_and_its_own_lines(installation: Installation) -> None:
    front = watched(installation, "front", "web,dispatch")
    lines = watched(installation, "lines", "lines")
    send(front.serving, SendDateTime="2099-01-01T00:00:00Z")
    waiting = 'depesche_deliveries{channel="sms",state="waiting"}'
    until(lambda: front.value(waiting) == lines.value(waiting) == 1)
    places = 'depesche_line_places{channel="sms"}'
    assert (front.value(places), lines.value(places)) == (0, 32)


def test_a_node_is_ready_when_the_database_is(installation: Installation) -> None:
    lines = watched(installation, "lines", "lines")
    well = dict.fromkeys(("database", "migrations", "blobs"), "ok")
    until(lambda: lines.ready() == (200, well))
    installation.server.stop(signal.SIGQUIT)
    try:
        until(lambda: lines.ready()[1]["database"] != "ok")
        status, parts = lines.ready()
        assert (status, parts["blobs"]) == (503, "ok")
        assert get(lines.operations, "/healthz")[0] == 200
        until(lambda: "depesche_deliveries{" not in get(lines.operations, "/metrics")[1])
    finally:
        installation.server.start()
    until(lambda: lines.ready() == (200, well))
