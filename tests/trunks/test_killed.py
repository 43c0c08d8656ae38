"""A line process or a node is killed with calls on it: nothing is sent twice, nothing is lost, and lines come back."""

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from depesche.channels.fax.trunk.spool import whole_pages
from depesche.model.states import FINAL
from depesche.usecases import lines
from documents import fax_page, picture
from peers.asterisk import Asterisk, Way
from processes import Watch, line_processes
from serving import Serving
from soapcall import call
from trunks.conftest import LOGIN, OURS, Sent, add_lines, are, change, fetched, line_to, until


@dataclass(frozen=True)
class Load:
    """Calls on a line process when it is killed."""

    ringing: int
    """That nobody has taken."""

    taken: int
    coming: int
    """That others make."""

    ringing_at: str = "+4930231255"
    """How their numbers begin."""

    taken_at: str = "+4930231257"


Kill = Callable[[Serving], None]

NOT_TAKEN = {"before the call was taken", "during the call, before it was taken"}
"""How it is told: by the node that comes after a node, and by a node of its line process."""

ENDED = {state.value for state in FINAL}


def kill_line_process(serving: Serving) -> None:
    """Until another one runs."""
    [pid] = line_processes(serving.pid)
    os.kill(pid, signal.SIGKILL)
    until(lambda: (left := line_processes(serving.pid)) and left != [pid])


def kill_node(serving: Serving) -> None:
    """Until it is there again; its line process ends by itself."""
    left = Watch(line_processes(serving.pid))
    serving.kill()
    serving.start()
    assert left.all_end()


@pytest.mark.parametrize("kill", [kill_line_process, kill_node])
def test_it_is_killed_with_calls_on_it(
    exchange: tuple[Serving, int], asterisk: Asterisk, tmp_path: Path, kill: Kill
) -> None:
    kill_under(Load(ringing=8, taken=12, coming=1), kill, exchange, asterisk, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("kill", [kill_line_process, kill_node])
def test_it_is_killed_with_fifty_calls_on_it(exchange: tuple[Serving, int], tmp_path: Path, kill: Kill) -> None:
    serving, _ = exchange
    with Asterisk.running(calls=60) as crowded:
        line = line_to(crowded.port, "crowded", "+4930231244", channels=60, ring_seconds=120)
        add_lines(serving.data, line)
        load = Load(ringing=10, taken=30, coming=10, ringing_at=line.routes[0].prefix, taken_at=line.routes[0].prefix)
        kill_under(load, kill, exchange, crowded, tmp_path)
        change(serving.data, lambda house: lines.remove(house, "test", line.name))


def kill_under(load: Load, kill: Kill, exchange: tuple[Serving, int], asterisk: Asterisk, tmp_path: Path) -> None:
    serving, port = exchange
    first = random.randrange(10**6)  # the same order twice would be refused
    pages = [fax_page(seed=seed) for seed in range(first, first + 8)]
    tiff = picture("TIFF", pages[0], compression="group4", dpi=(204, 196), save_all=True, append_images=pages[1:])
    sent = Sent(serving)
    ringing = {f"ringing {number}": f"{load.ringing_at}{number:02}{Way.SILENT.value}" for number in range(load.ringing)}
    taken = {f"taken {number}": f"{load.taken_at}{number + 20:02}{Way.AUDIO.value}" for number in range(load.taken)}
    sent.order_all(ringing, tiff)
    sent.order_all(taken, tiff)
    source = tmp_path / "source.tif"
    source.write_bytes(tiff)
    orders = {
        caller: asterisk.send(source, f"sip:{OURS}@127.0.0.1:{port}", caller=caller)
        for caller in (f"+493023125{number}" for number in range(800, 800 + load.coming))
    }
    resting = load.ringing + load.coming
    until(lambda: asterisk.channels() >= resting + sum(sent.state(name) not in ENDED for name in taken))
    spool = serving.data / "lines"
    until(lambda: sum(whole_pages(path) > 0 for path in spool.glob("fax-*.tif")) == load.coming)
    kill(serving)
    until(lambda: all(sent.attempts(name) for name in ringing))
    assert {sent.attempts(name)[0].detail.partition(" ended ")[2] for name in ringing} <= NOT_TAKEN
    if kill is kill_node:  # they ring again: that a node ended is no attempt of theirs
        until(lambda: all(sent.state(name) == "sending" for name in ringing))
        assert call(serving.base_url, "CancelJob", **LOGIN, JobId=sent.jobs["ringing 0"])["return"] == "0"
    until(lambda: all(sent.state(name) in {"failed", "cancelled"} for name in ringing))
    until(lambda: all(sent.state(name) in {"unknown", "sent"} for name in taken))
    over = {number for name, number in taken.items() if sent.state(name) == "sent"}  # where all is slow, some are
    assert len(over) < load.taken
    assert over <= {done.called for done in asterisk.calls() if done.status == "SUCCESS"}
    for _ in range(load.coming):
        fax, got = fetched(serving)
        order = orders.pop(fax["Originator"])
        assert 1 <= len(got) == int(fax["Pages"]) < len(pages)
        assert are(got, pages[: len(got)])
        assert asterisk.sent(order).status == "FAILED"

    asterisk.hang_up()  # it does not know yet that the other end of its calls is gone
    time.sleep(3)  # until the new process has its lines
    one = picture("TIFF", pages[0], compression="group4", dpi=(204, 196))
    sent.order("afterwards", f"{load.taken_at}99{Way.FAX.value}", one)
    assert sent.result("afterwards")["SendResult"] == "OK"
