"""An S3 server of the tests' own: moto, a process on a free port of this machine; and a wire to it that can be cut."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from types import TracebackType
from typing import Self
from urllib.request import Request, urlopen

import pytest

from depesche.config import Blobs as Place

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

_RUNNING = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")


class S3Server:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._names = count()

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        """Empty; nothing of it is left at the end."""
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
            try:
                yield cls(_port(process))
            finally:
                process.kill()

    def place(self, port: int | None = None, seconds: float = 60, prefix: str = "one/two") -> Place:
        """A new bucket; `port` is that of a wire to here."""
        bucket = f"depesche-{next(self._names)}"
        self._call(bucket, "PUT")
        return Place(
            url=f"s3://{bucket}/{prefix}",
            endpoint=f"http://127.0.0.1:{port or self.port}",
            region="eu-central-1",
            access_key=KEY,
            secret_key=SECRET,
            allow_http=True,
            seconds=seconds,
        )

    def keys(self, place: Place) -> list[str]:
        """Of all that lies in the bucket, whoever put it there."""
        return re.findall("<Key>(.*?)</Key>", self._call(f"{_bucket(place)}?list-type=2"))

    def uploads(self, place: Place) -> list[str]:
        """Keys of what was begun in parts and neither completed nor given up."""
        return re.findall("<Key>(.*?)</Key>", self._call(f"{_bucket(place)}?uploads"))

    def _call(self, target: str, method: str = "GET") -> str:
        with urlopen(Request(f"http://127.0.0.1:{self.port}/{target}", method=method)) as answer:
            text: str = answer.read().decode()
        return text


def _bucket(place: Place) -> str:
    return place.url.removeprefix("s3://").partition("/")[0]
