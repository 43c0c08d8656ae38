"""A Depesche with trunks to a real exchange."""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from peers import certificates
from peers.asterisk import Asterisk
from peers.certificates import Certificate
from serving import Serving
from soapcall import call

LOGIN = {"Account": "10001", "Password": "demo"}
OWN = "+493023125100"
"""The account's number."""


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificates.make(tmp_path_factory.mktemp("certificate"), "IP:127.0.0.1", "DNS:localhost", "DNS:tls.example")


@pytest.fixture(scope="session")
def asterisk(certificate: Certificate) -> Iterator[Asterisk]:
    with Asterisk.running(certificate=certificate) as running:
        yield running


@dataclass
class Sent:
    """Orders under way."""

    serving: Serving
    jobs: dict[str, str] = field(default_factory=dict)

    def order(self, name: str, number: str, tiff: str, options: str = "FAXRETRY=0", **more: Any) -> None:
        given = {"JobType": 0, "Recipient": number, "SendFilename1": "fax.tif", "SendFile1": tiff, "Options": options}
        answer = call(self.serving.base_url, "SendJob", **LOGIN, **given, **more)
        assert answer["return"] == "0", (name, answer)
        self.jobs[name] = answer["JobId"]

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
