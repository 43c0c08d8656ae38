"""A machine that takes no superfine pages gets them with fewer rows, and is remembered."""

import json
from pathlib import Path

from commands import depesche_in
from depesche.model.result import Result
from documents import fax_page, picture
from peers.oldmachine import OldMachine
from serving import Serving
from trunks.conftest import Sent, add_lines, line_to, print_of, until

TIFF = picture("TIFF", fax_page(1600), compression="group4", dpi=(204, 391))


def test_a_machine_that_takes_no_superfine_pages_gets_fine_ones(exchange: tuple[Serving, int], tmp_path: Path) -> None:
    serving, port = exchange
    sent, number = Sent(serving), "+49302312460"
    with OldMachine.running(tmp_path, port) as machine:
        add_lines(serving.data, line_to(machine.port, "old", number))
        for name, calls in (("first", 2), ("second", 3)):  # it is told once that it takes no superfine pages
            sent.order(name, number, TIFF, options="FAXRETRY=0;RESOLUTION=SUPERFINE", SendText=name)
            assert sent.result(name)["SendResult"] == "OK", sent.attempts(name)
            [tried] = sent.attempts(name)
            assert (tried.result, tried.call["stamp"]["finest"]) == (Result.OK, "fine")
            until(lambda: len(machine.received_files) == len(sent.jobs))
            assert tried.call["stamp"]["prints"]["document"] == print_of(machine.received_files[-1])
            assert machine.calls == calls
    listed = depesche_in(tmp_path)("line", "lessons", "--json", "--data", str(serving.data))
    assert [(one["number"], one["finest"]) for one in json.loads(listed.stdout) if one["number"] == number] == [
        (number, "fine")
    ]
