"""`make run`, as a person at a terminal has it."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+\S+")
_INTERRUPT = b"\x03"

ENDED_BY_INTERRUPT = 130


class Terminal:
    """The screen and the keyboard of a running `make run`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.screen = b""

    def address(self) -> str:
        """The first address on the screen."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.screen += line
            if found := _ADDRESS.search(line):
                return found[0].decode()
        raise AssertionError(self.screen.decode())

    def interrupt(self) -> tuple[str, int]:
        """Press Ctrl-C. Returns: what the screen shows from then on, and the exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(_INTERRUPT)
        self._process.stdin.flush()
        farewell = self._process.stdout.read()
        self.screen += farewell
        return farewell.decode(), self._process.wait()


@contextmanager
def make_run(folder: Path, data: Path, environment: Mapping[str, str], seconds: int) -> Iterator[Terminal]:
    """It runs in `folder` until the end of the block, at most so many seconds: a mute terminal is no endless wait."""
    make = f"make --no-print-directory run PORT=0 DATA='{data}'"
    command = ["timeout", str(seconds), "script", "--quiet", "--flush", "--return", "--command", make, "/dev/null"]
    variables = {**environment, "TERM": "dumb"}
    with subprocess.Popen(command, cwd=folder, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Terminal(process)
        finally:
            process.terminate()
