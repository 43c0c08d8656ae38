"""A Depesche with trunks to a real exchange."""

import base64
import io
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from PIL import Image, ImageSequence

from commands import depesche_in
from peers import ports
from peers.asterisk import Asterisk
from serving import Serving
from soapcall import call

LOGIN = {"Account": "10001", "Password": "demo"}

RING_SECONDS = 8

UNWANTED = "+493055512345"
"""Who calls from there is sent away."""

_SECONDS = 90

Found = TypeVar("Found")


def until(look: Callable[[], Found]) -> Found:
    """Wait until it finds something."""
    deadline = time.monotonic() + _SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.1)
    return found


@pytest.fixture(scope="session")
def exchange(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, int]]:
    """A server with a line for each trunk of the exchange, and its SIP port."""
    folder = tmp_path_factory.mktemp("lines")
    depesche = depesche_in(folder)
    with ports.block(2) as block:
        serving = Serving(
            folder / "data",
            DEPESCHE_LINES__PORT=str(block[0]),
            DEPESCHE_DISPATCH__FAX_CALLS="60",
            DEPESCHE_DISPATCH__LEASE_SECONDS="12",
        )
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
            ("5", "fax", ("--ring-seconds", "120")),
            ("4", "fax", ("--channels", "1")),
        ):
            password = ("--password-stdin",) if user == "secret" else ("--no-password",)
            run(
                *("line", "add", "sip", f"line{code}", place, "--user", user, "--no-register", "--caller", "asserted"),
                *("--route", f"+493023125{code}", "--channels", "20", "--ring-seconds", str(RING_SECONDS)),
                *("--number", "+4930231251*", "--deny", UNWANTED, *password, *more),
                stdin="geheim\n",
            )
        yield serving, block[0]
        assert serving.stop() == 0


@dataclass
class Sent:
    """Orders under way."""

    serving: Serving
    jobs: dict[str, str] = field(default_factory=dict)

    def order(self, name: str, number: str, tiff: bytes, options: str = "FAXRETRY=0", **more: Any) -> None:
        file = base64.b64encode(tiff).decode()
        given = {"JobType": 0, "Recipient": number, "SendFilename1": "fax.tif", "SendFile1": file, "Options": options}
        answer = call(self.serving.base_url, "SendJob", **LOGIN, **given, **more)
        assert answer["return"] == "0", (name, answer)
        self.jobs[name] = answer["JobId"]

    def state(self, name: str) -> str:
        """Of its delivery."""
        with closing(sqlite3.connect(f"file:{self.serving.data / 'depesche.db'}?mode=ro", uri=True)) as database:
            [state] = database.execute("SELECT state FROM delivery WHERE job_id = ?", (self.jobs[name],)).fetchone()
        return str(state)

    def result(self, name: str, seconds: float = 180) -> dict[str, str]:
        deadline = time.monotonic() + seconds
        while (answer := call(self.serving.base_url, "JobStatus", **LOGIN, JobId=self.jobs[name]))["return"] == "6":
            assert time.monotonic() < deadline, f"{name} is still in work"
            time.sleep(0.2)
        return answer


def rows(tiff: bytes | Path) -> list[np.ndarray[Any, Any]]:
    """The pages, without the rows of the header line."""
    with Image.open(io.BytesIO(tiff) if isinstance(tiff, bytes) else tiff) as image:
        return [np.asarray(page.convert("1")) for page in ImageSequence.Iterator(image)]
