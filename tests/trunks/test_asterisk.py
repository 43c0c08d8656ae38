"""Faxes by trunks to Asterisk, both ways: orders in, orders' results and received faxes out."""

from pathlib import Path

from documents import fax_page, picture
from peers.asterisk import Asterisk, Way
from serving import Serving
from trunks.conftest import Sent, are, fetched


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
        sent.order(name, f"+493023125{code}{len(sent.jobs)}{way.value}", tiff)
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
        fax, got = fetched(serving)
        assert (fax["Pages"], fax["Originator"]) == ("3", "+493023125777")
        assert are(got, three)
