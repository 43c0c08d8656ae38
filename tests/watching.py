"""What those see who watch: metrics in this process, and a server's by way of its operations port."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from depesche import metrics
from peers import ports
from serving import Serving


def counted(name: str, **labels: str) -> float:
    """A value of this process; 0 for one that does not exist yet."""
    return metrics.REGISTRY.get_sample_value(name, labels) or 0


def get(netloc: str, path: str) -> tuple[int, str]:
    """Status and body."""
    connection = http.client.HTTPConnection(netloc, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


class Watched:
    """A server with an operations port."""

    def __init__(self, data: Path, *arguments: str, **environment: str) -> None:
        self.operations = f"127.0.0.1:{ports.one()}"
        port = self.operations.rpartition(":")[2]
        self.serving = Serving(data, *arguments, DEPESCHE_OPERATIONS__PORT=port, **environment)

    @classmethod
    @contextmanager
    def running(cls, data: Path, *arguments: str, **environment: str) -> Iterator["Watched"]:
        watched = cls(data, *arguments, **environment)
        watched.serving.start()
        try:
            yield watched
        finally:
            assert watched.serving.stop() == 0

    @property
    def public(self) -> str:
        """Host and port that everybody may ask."""
        return self.serving.base_url.removeprefix("http://")

    def value(self, series: str) -> float:
        """Of ``name{label="value"}`` as it stands on the page; 0 if it does not."""
        status, page = get(self.operations, "/metrics")
        assert status == 200
        return next((float(line.split()[-1]) for line in page.splitlines() if line.startswith(f"{series} ")), 0)

    def ready(self, netloc: str = "") -> tuple[int, dict[str, Any]]:
        """Status, and what the parts are."""
        status, body = get(netloc or self.operations, "/readyz")
        answer = json.loads(body)
        assert answer["ready"] == (status == 200)
        parts: dict[str, Any] = answer["parts"]
        return status, parts

    def lines(self) -> list[dict[str, Any]]:
        """Of the log."""
        return [json.loads(line) for line in self.serving.log.read_text().splitlines()]
