"""Faxes that fail on the way are repeated: from the page on that is missing, and in another way."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from commands import depesche_in
from depesche.model.result import Result
from documents import fax_page, picture
from peers import relay
from peers.asterisk import Asterisk, Way
from peers.relay import Crossing, Weather
from serving import Serving
from trunks.conftest import Sent, add_lines, line_to, noisy_page, print_of, rows, until

DROPPED, MUTE = f"+493023124500{Way.FAX.value}", f"+493023124600{Way.FAX.value}"

PAGES = [fax_page(800), noisy_page(), fax_page(800, seed=2)]

NO_T38 = Weather(loss=1)


@dataclass(frozen=True)
class Orders:
    """Both at once."""

    sent: Sent
    wire: Crossing


@pytest.fixture(scope="module")
def orders(exchange: tuple[Serving, int], asterisk: Asterisk) -> Iterator[Orders]:
    serving, port = exchange
    sent = Sent(serving)
    three = picture("TIFF", PAGES[0], compression="group4", dpi=(204, 196), save_all=True, append_images=PAGES[1:])
    with relay.crossing(asterisk.port, port, image=NO_T38) as wire:
        add_lines(
            serving.data,
            line_to(asterisk.port, "dropped", DROPPED[:11], user="fec"),
            line_to(wire.port, "mute", MUTE[:11]),
        )
        sent.order("dropped", DROPPED, three, options="FAXRETRY=1")
        sent.order("mute", MUTE, picture("TIFF", PAGES[0], compression="group4", dpi=(204, 196)), options="FAXRETRY=1")
        yield Orders(sent, wire)


def test_a_fax_whose_call_is_dropped_goes_on_with_the_page_that_is_missing(orders: Orders, asterisk: Asterisk) -> None:
    sent = orders.sent
    received = asterisk.folder / "received"
    known = set(received.iterdir())
    until(lambda: any(file.stat().st_size > 1000 for file in set(received.iterdir()) - known))  # the first page
    time.sleep(3)  # the second one is on the line, for ten seconds
    asterisk.hang_up("fec")
    until(lambda: sent.attempts("dropped"))
    assert sent.state("dropped") in {"waiting", "ready", "claimed", "sending"}
    assert sent.result("dropped")["SendResult"] == "OK"
    first, second = sent.attempts("dropped")
    assert (first.result, first.pages, first.detail) == (
        *(Result.SEND_FAILED, 1),
        "the connection was lost (T.30 code 49)",
    )
    assert (second.pages, second.call["first_page"], len(second.call["answers"])) == (3, 1, 2)
    broken, rest = [call for call in asterisk.calls() if call.called == DROPPED]
    assert (broken.status, rest.status, rest.pages) == ("FAILED", "SUCCESS", "2")
    got = [*rows(broken.file), *rows(rest.file)]  # each with a header line above
    assert len(got) == len(PAGES)
    assert all(np.array_equal(theirs[-800:], np.asarray(ours)) for theirs, ours in zip(got, PAGES, strict=True))


def test_a_number_to_which_nothing_gets_through_by_t38_is_called_again_without(
    orders: Orders, asterisk: Asterisk
) -> None:
    sent = orders.sent
    assert sent.result("mute")["SendResult"] == "OK"
    first, second = sent.attempts("mute")
    assert (first.result, first.pages, first.call["t38"]) == (Result.VOICE, 0, True)
    assert (second.result, second.pages, second.call["t38"]) == (Result.OK, 1, False)
    assert orders.wire.lost("image") > 0
    [received] = [call.file for call in asterisk.calls() if call.called == MUTE and call.status == "SUCCESS"]
    assert print_of(received) == second.call["stamp"]["prints"]["document"]
    shown = depesche_in(sent.serving.data.parent)("line", "lessons", "--json", "--data", "data")
    [lesson] = [one for one in json.loads(shown.stdout) if one["number"] == MUTE]
    assert (lesson["t38"], lesson["v17"]) == (False, True)
