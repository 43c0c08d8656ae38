"""A server under measurement, and the processes it is made of."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 30
LOG_END = 4000
"""Characters."""


class NotStarted(Exception):
    """A server did not come up."""


@dataclass(frozen=True, slots=True)
class Service:
    """A server that is ready for requests on this machine."""

    name: str
    port: int
    database: Path
    """Its SQLite file."""

    pids: tuple[int, ...]
    """Its first processes; they may have children."""

    @property
    def url(self) -> str:
        """Where SOAP messages are posted to."""
        return f"http://127.0.0.1:{self.port}/xmlws.exe/soap/IntfXMLWS"


@dataclass(frozen=True, slots=True)
class Original:
    """What the peers copy from Depesche, so that all do the same."""

    wsdl: Path
    """The rpc/encoded one."""

    database: Path
    """With the tables and the demo accounts."""


@contextmanager
def started(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a program for as long as the context lasts; its messages go to `log`, its standard output is a pipe."""
    with log.open("ab") as messages:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            text=True,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C is for the benchmark, which then ends its servers in order
        )
    try:
        yield process
    finally:
        _stop(process)


def said(process: subprocess.Popen[str], pattern: re.Pattern[str], log: Path) -> str:
    """The first match in what the process prints. Raises: NotStarted, with the end of `log`."""
    assert process.stdout is not None
    for line in process.stdout:
        if match := pattern.search(line):
            return match[1]
    raise NotStarted(f"{process.args!r} ended before it was ready:\n{log.read_text()[-LOG_END:]}")


def family(pids: Sequence[int]) -> list[int]:
    """These processes and all their descendants that are alive."""
    found: list[int] = []
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            children = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
            if children:
                found.append(pid)
            waiting += [int(child) for line in children for child in line]
    return found


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
