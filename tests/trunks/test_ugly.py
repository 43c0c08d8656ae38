"""Far ends that do as nobody should: what calls to them and from them come to, and a fax goes through afterwards."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from depesche.model.result import Result
from depesche.usecases import accounts, lines
from documents import fax_page, picture
from peers import ports, sipp
from peers.asterisk import Asterisk, Way
from peers.sipp import Sipp
from processes import line_processes
from serving import Serving
from soapcall import call
from trunks.conftest import LOGIN, OURS, Sent, add_lines, change, line_to, lines_up, until

NOBODYS = "+493023125199"
"""Of the line, and of no account."""


@dataclass(frozen=True)
class Ugly:
    """A far end that we call, and what that comes to."""

    scenario: str
    result: Result
    detail: str
    """As a pattern."""

    again: bool = True
    words: dict[str, Any] = field(default_factory=dict)


def refusing(status: str, result: Result, header: str = "Server: SIPp", *, again: bool = True) -> Ugly:
    return Ugly("refusing", result, re.escape(status), again, {"status": status, "header": header})


def taken(scenario: str, **words: str | int) -> Ugly:
    """It takes the call, says nothing in it, and ends it after a moment."""
    return Ugly(scenario, Result.VOICE, r"the connection was lost \(T\.30 code 49\)", words=words)


UGLY = {
    "busy": refusing("486 Busy Here", Result.BUSY),
    "unwilling": refusing("603 Decline", Result.LINE_ERROR, again=False),
    "away": refusing("408 Request Timeout", Result.NO_ANSWER),
    "broken": refusing("503 Service Unavailable", Result.LINE_ERROR, "Retry-After: 18000000000000000000"),
    "moved": refusing("302 Moved Temporarily", Result.LINE_ERROR, "Contact: <sip:+493023125100@127.0.0.1>"),
    "gone": refusing("500 Oops", Result.NO_RING, 'Reason: Q.850;cause=1;text="Unallocated"', again=False),
    "late": Ugly("late_200", Result.NO_ANSWER, "nobody takes the call"),
    "early": taken("early_media"),
    "twice": taken("retransmissions"),
    "forked": taken("forked"),
    "reliable": taken("reliable"),
    "brief": taken("too_brief", seconds=3600),
    "garbled": taken("malformed_answers"),
}


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process that does nothing for as long."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def sockets(pid: int) -> int:
    """That a process has."""
    return sum(str(file.readlink()).startswith("socket:") for file in Path(f"/proc/{pid}/fd").iterdir())


def number(name: str) -> str:
    return f"+4930231260{list(UGLY).index(name):02}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Serving, int]]:
    """A server, and its SIP port."""
    with ports.block(1) as [port]:
        serving = Serving(
            tmp_path / "data", DEPESCHE_LINES__PORT=str(port), DEPESCHE_DISPATCH__FAX_CALLS=str(len(UGLY) + 1)
        )
        serving.start()
        change(serving.data, lambda house: accounts.change(house, "test", "10001", {"sandbox": False}))
        yield serving, port
        assert serving.stop() == 0


def test_far_ends_that_do_as_nobody_should(site: tuple[Serving, int], asterisk: Asterisk, tmp_path: Path) -> None:
    serving, port = site
    tiff = picture("TIFF", fax_page(400), compression="group4", dpi=(204, 196))
    with ExitStack() as stack:
        registrar = stack.enter_context(Sipp.answering("registrar", tmp_path, seconds=1200))
        far_ends = {
            name: stack.enter_context(Sipp.answering(ugly.scenario, tmp_path, probed=True, **ugly.words))
            for name, ugly in UGLY.items()
        }
        add_lines(
            serving.data,
            *(line_to(one.port, name, number(name), ring_seconds=5) for name, one in far_ends.items()),
            line_to(registrar.port, "registering", "+43", register=True),
            line_to(asterisk.port, "good", "+493023125", numbers=("+4930231251*",)),
        )
        until(lambda: lines_up(serving) == len(UGLY) + 2)
        [worker] = line_processes(serving.pid)
        quiet = sockets(worker)

        sent = Sent(serving)
        sent.order_all({name: number(name) for name in UGLY}, tiff, options="FAXRETRY=1")
        for scenario, called, code in (
            ("calling", OURS, 200),
            ("malformed", OURS, 200),
            ("options", OURS, 200),
            ("refused", NOBODYS, 404),
            ("refused", "+493023199999", 404),
        ):
            played = sipp.call(scenario, called, port, tmp_path, code=code)
            assert played.code == 0, (scenario, called, played.complaints)
        with stopped(serving.pid):  # nobody decides whether a call is taken
            given_up = sipp.call("giving_up", OURS, port, tmp_path)
            undecided = sipp.call("refused", OURS, port, tmp_path, code=503)
        assert (given_up.code, undecided.code) == (0, 0), given_up.complaints + undecided.complaints

        for name, one in far_ends.items():
            played = one.played()
            assert played.code == 0, (name, played.complaints)
        until(lambda: all(sent.state(name) in {"waiting", "failed"} and sent.attempts(name) for name in UGLY))
        outcomes = {name: sent.attempts(name) for name in UGLY}
        assert {name: [one.result for one in tried] for name, tried in outcomes.items()} == {
            name: [ugly.result] for name, ugly in UGLY.items()
        }
        assert {name: sent.state(name) == "waiting" for name in UGLY} == {name: one.again for name, one in UGLY.items()}
        for name, [tried] in outcomes.items():
            assert re.match(UGLY[name].detail, tried.detail), name

        until(lambda: sockets(worker) == quiet and not list((serving.data / "lines").iterdir()))
        assert line_processes(serving.pid) == [worker]
        assert call(serving.base_url, "RequestReceived", **LOGIN)["return"] != "0"
        change(serving.data, lambda house: lines.remove(house, "test", "registering"))
        sent.order("afterwards", f"+493023125799{Way.FAX.value}", tiff)
        assert sent.result("afterwards")["SendResult"] == "OK"
        registered = registrar.played()
    assert registered.code == 0, registered.complaints
