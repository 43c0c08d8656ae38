"""A line process that is killed with calls on it: nothing is sent twice, nothing is lost, and its lines come back."""

import base64
import os
import signal
import time
from pathlib import Path

import numpy as np

from depesche.model.states import FINAL
from documents import fax_page, picture
from peers.asterisk import Asterisk, Way
from processes import descendants
from serving import Serving
from soapcall import call
from trunks.conftest import LOGIN, Sent, rows, until

RINGING, TAKEN = 8, 12
"""Calls that nobody has taken when it happens, and calls that somebody has."""

ENDED = {state.value for state in FINAL}


def line_processes(serving: Serving) -> list[int]:
    return [
        pid
        for pid in descendants(serving.pid)
        if b"depesche.channels.fax.trunk.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def test_a_line_process_is_killed_with_calls_on_it(
    exchange: tuple[Serving, int], asterisk: Asterisk, tmp_path: Path
) -> None:
    serving, port = exchange
    pages = [fax_page(seed=seed) for seed in range(1, 9)]
    tiff = picture("TIFF", pages[0], compression="group4", dpi=(204, 196), save_all=True, append_images=pages[1:])
    sent = Sent(serving)
    for number in range(RINGING):
        sent.order(f"ringing {number}", f"+4930231255{number:02}{Way.SILENT.value}", tiff)
    for number in range(TAKEN):
        sent.order(f"taken {number}", f"+4930231257{number + 20:02}{Way.AUDIO.value}", tiff)
    source = tmp_path / "source.tif"
    source.write_bytes(tiff)
    order = asterisk.send(source, f"sip:+493023125100@127.0.0.1:{port}", caller="+493023125778")
    taken = [f"taken {number}" for number in range(TAKEN)]
    until(lambda: asterisk.channels() >= RINGING + 1 + sum(sent.state(name) not in ENDED for name in taken))
    over = {name: state for name in taken if (state := sent.state(name)) in ENDED}  # where all is slow, some are
    assert len(over) < TAKEN
    spool = serving.data / "lines"
    until(lambda: any(path.stat().st_size > 10_000 for path in spool.glob("fax-*.tif")))  # more than one page is there
    [pid] = line_processes(serving)
    os.kill(pid, signal.SIGKILL)
    until(lambda: (left := line_processes(serving)) and left != [pid])

    until(lambda: all(sent.state(f"ringing {number}") == "failed" for number in range(RINGING)))
    until(lambda: all(sent.state(name) == over.get(name, "unknown") for name in taken))
    until(lambda: call(serving.base_url, "RequestReceived", **LOGIN)["return"] == "0")
    fax = call(serving.base_url, "RequestReceived", **LOGIN)
    assert fax["Originator"] == "+493023125778"
    got = rows(base64.b64decode(fax["FaxImage"]))
    assert 1 <= len(got) == int(fax["Pages"]) < len(pages)
    assert all(np.array_equal(ours, np.asarray(theirs)) for ours, theirs in zip(got, pages, strict=False))
    assert call(serving.base_url, "DeleteReceived", **LOGIN, FaxId=fax["FaxId"])["return"] == "0"
    assert asterisk.sent(order).status == "FAILED"

    time.sleep(3)  # until the new process has its lines
    one = picture("TIFF", pages[0], compression="group4", dpi=(204, 196))
    sent.order("afterwards", f"+493023125799{Way.FAX.value}", one)
    assert sent.result("afterwards")["SendResult"] == "OK"
