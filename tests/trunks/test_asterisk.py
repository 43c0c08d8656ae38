"""Faxes by trunks to Asterisk, both ways: orders in, orders' results and received faxes out."""

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from commands import depesche_in
from documents import fax_page, picture
from peers import ports
from peers.asterisk import Asterisk, Way
from serving import Serving
from soapcall import call
from trunks.conftest import LOGIN, Sent, rows

RING_SECONDS = 8


@pytest.fixture(scope="module")
def exchange(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, int]]:
    """A server with a line for each trunk of the exchange, and its SIP port."""
    folder = tmp_path_factory.mktemp("lines")
    depesche = depesche_in(folder)
    with ports.block(2) as block:
        serving = Serving(folder / "data", DEPESCHE_LINES__PORT=str(block[0]), DEPESCHE_DISPATCH__FAX_CALLS="60")
        serving.start()

        def run(*arguments: str, stdin: str = "") -> None:
            done = depesche(*arguments, "--data", "data", stdin=stdin)
            assert done.returncode == 0, done.stderr

        run("account", "set", "10001", "--live")
        place = f"127.0.0.1:{asterisk.port}"
        for code, user, more in (
            ("7", "fax", ()),
            ("8", "fax", ("--transport", "tcp")),
            ("9", "audio", ("--t38", "prefer")),
            ("6", "secret", ()),
        ):
            password = ("--password-stdin",) if user == "secret" else ("--no-password",)
            run(
                *("line", "add", "sip", f"line{code}", place, "--user", user, "--no-register", "--caller", "asserted"),
                *("--route", f"+493023125{code}", "--channels", "20", "--ring-seconds", str(RING_SECONDS)),
                *("--number", "+4930231251*", *password, *more),
                stdin="geheim\n",
            )
        yield serving, block[0]
        assert serving.stop() == 0


def test_faxes_go_out_and_come_in(exchange: tuple[Serving, int], asterisk: Asterisk, tmp_path: Path) -> None:
    serving, port = exchange
    page, three = fax_page(), [fax_page(seed=seed) for seed in (1, 2, 3)]
    one = picture("TIFF", page, compression="group4", dpi=(204, 196))
    more = picture("TIFF", three[0], compression="group4", dpi=(204, 196), save_all=True, append_images=three[1:])
    sent = Sent(serving)
    numbers = {
        "T.38": ("7", Way.FAX, one),
        "three pages": ("7", Way.FAX, more),
        "audio": ("7", Way.AUDIO, one),
        "TCP": ("8", Way.FAX, one),
        "T.38 refused": ("9", Way.FAX, one),
        "password": ("6", Way.FAX, one),
        "no ECM": ("7", Way.NO_ECM, one),
        "busy": ("7", Way.BUSY, one),
        "no answer": ("7", Way.SILENT, one),
        "unknown": ("7", Way.UNKNOWN, one),
        "voice": ("7", Way.VOICE, one),
    }
    for name, (code, way, tiff) in numbers.items():
        sent.order(name, f"+493023125{code}{len(sent.jobs)}{way.value}", base64.b64encode(tiff).decode())
    source = tmp_path / "source.tif"
    source.write_bytes(more)
    orders = [
        asterisk.send(source, f"sip:+493023125100@127.0.0.1:{port}", caller="+493023125777", t38=t38)
        for t38 in (False, True)
    ]
    results = {name: sent.result(name)["SendResult"] for name in numbers}
    assert results == {
        **dict.fromkeys(("T.38", "three pages", "audio", "TCP", "T.38 refused", "password", "no ECM"), "OK"),
        "busy": "busy",
        "no answer": "No answer",
        "unknown": "Call failed",
        "voice": "Voice",
    }
    for order in orders:
        assert asterisk.sent(order).status == "SUCCESS"
    for _ in orders:
        fax = call(serving.base_url, "RequestReceived", **LOGIN)
        assert (fax["return"], fax["Pages"], fax["Originator"]) == ("0", "3", "+493023125777")
        got = rows(base64.b64decode(fax["FaxImage"]))
        assert all(np.array_equal(ours, np.asarray(theirs)) for ours, theirs in zip(got, three, strict=True))
        assert call(serving.base_url, "DeleteReceived", **LOGIN, FaxId=fax["FaxId"])["return"] == "0"
