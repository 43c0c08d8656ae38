"""A trunk carries so many calls at once and no more; who may call on it is the operator's choice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from documents import fax_page, picture
from peers.asterisk import Asterisk, Way
from serving import Serving
from soapcall import call
from trunks.conftest import LOGIN, UNWANTED, Sent, meanwhile

TIFF = picture("TIFF", fax_page(), compression="group4", dpi=(204, 196))


@contextmanager
def looking(asterisk: Asterisk) -> Iterator[list[int]]:
    """How many calls the exchange had, at each look."""
    seen: list[int] = []
    with meanwhile(lambda: seen.append(asterisk.channels()), 0.3):
        yield seen


def test_faxes_wait_for_a_free_channel(exchange: tuple[Serving, int], asterisk: Asterisk) -> None:
    serving, _ = exchange
    sent = Sent(serving)
    with looking(asterisk) as seen:
        for number in range(3):
            sent.order(str(number), f"+4930231254{number:02}{Way.FAX.value}", TIFF)
        assert [sent.result(str(number))["SendResult"] for number in range(3)] == ["OK"] * 3
    assert max(seen) == 1


def test_a_caller_who_is_not_wanted_is_sent_away(
    exchange: tuple[Serving, int], asterisk: Asterisk, tmp_path: Path
) -> None:
    serving, port = exchange
    (page := tmp_path / "page.tif").write_bytes(TIFF)
    order = asterisk.send(page, f"sip:+493023125100@127.0.0.1:{port}", caller=UNWANTED)
    assert asterisk.sent(order).status == "", "it was never taken"
    assert call(serving.base_url, "RequestReceived", **LOGIN)["return"] == "5"
