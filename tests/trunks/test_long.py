"""What takes minutes: `make test-long`."""

from pathlib import Path

import pytest

from documents import fax_page, picture
from peers.asterisk import Asterisk, Way
from peers.sipp import Sipp
from serving import Serving
from trunks.conftest import OURS, Sent, add_lines, are, fetched, line_to, print_of

pytestmark = pytest.mark.long

PAGES = 20
SECONDS = 1200
"""Until the last page is there."""


def test_faxes_of_many_pages_arrive_as_they_were_sent(
    exchange: tuple[Serving, int], asterisk: Asterisk, tmp_path: Path
) -> None:
    serving, port = exchange
    pages = [fax_page(seed=seed) for seed in range(PAGES)]
    tiff = picture("TIFF", pages[0], compression="group4", dpi=(204, 196), save_all=True, append_images=pages[1:])
    source = tmp_path / "source.tif"
    source.write_bytes(tiff)
    sent = Sent(serving)
    numbers = {"T38": f"+493023125730{Way.FAX.value}", "audio": f"+493023125731{Way.AUDIO.value}"}
    for mode, number in numbers.items():
        sent.order(mode, number, tiff)
    ways = {"+493023125781": ("fax", "T38"), "+493023125782": ("audio", "audio")}
    orders = {
        caller: asterisk.send(source, f"sip:{OURS}@127.0.0.1:{port}", trunk, caller=caller)
        for caller, (trunk, _) in ways.items()
    }
    for mode, number in numbers.items():
        assert sent.result(mode, SECONDS)["SendResult"] == "OK"
        [tried] = sent.attempts(mode)
        taken = asterisk.taken(number)
        assert (taken.mode, taken.pages, tried.pages) == (mode, str(PAGES), PAGES)
        assert print_of(taken.file) == tried.call["stamp"]["prints"]["document"]
    for caller, (_, mode) in ways.items():
        done = asterisk.sent(orders[caller], SECONDS)
        assert (done.status, done.mode) == ("SUCCESS", mode)
    callers = set()
    for _ in ways:
        fax, got = fetched(serving)
        assert are(got, pages)
        callers.add(fax["Originator"])
    assert callers == set(ways)


def test_a_trunk_that_never_answers_is_passed_over_for_the_next_one(
    exchange: tuple[Serving, int], asterisk: Asterisk, tmp_path: Path
) -> None:
    serving, _ = exchange
    tiff = picture("TIFF", fax_page(400), compression="group4", dpi=(204, 196))
    sent = Sent(serving)
    beginning = "+4930231243"
    with Sipp.answering("silent", tmp_path, probed=True, milliseconds=60_000) as silent:
        add_lines(
            serving.data,
            line_to(silent.port, "silent", beginning),
            line_to(asterisk.port, "second", f"{beginning}=0.01"),
        )
        sent.order("fax", f"{beginning}00{Way.FAX.value}", tiff)
        assert sent.result("fax")["SendResult"] == "OK"
    [tried] = sent.attempts("fax")
    assert tried.call["line"] == "second"
