"""A Depesche server of a test's own: a real process on a free port of this machine."""

import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

START_SECONDS = 90
STOP_SECONDS = 40

_INTERFACE = re.compile(r"http://\S+?:\d+")


class Serving:
    """``depesche serve --demo`` on `data`; may be started again after it ended."""

    program: tuple[str, ...] = ("-m", "depesche")
    """What Python is given to be Depesche."""

    def __init__(self, data: Path, *arguments: str, **environment: str) -> None:
        self.data = data
        self._arguments = ("--demo", *arguments)
        self.base_url = ""
        self.log = data.parent / f"{data.name}.log"
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> Self:
        """Start it, and return when it answers."""
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **self._environment}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self.program, "serve", "--port", "0", "--data", str(self.data), *self._arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        self.base_url = self._read_address()
        return self

    def kill(self) -> None:
        """SIGKILL: what a power cut or the kernel does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._end_reading()

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            self._end_reading()

    def _read_address(self) -> str:
        """The first address that it prints, or nothing if it answers no requests; it works by then."""
        assert self._process is not None
        assert self._process.stdout is not None
        deadline = time.monotonic() + START_SECONDS
        for line in self._process.stdout:
            if (found := _INTERFACE.search(line)) or line.lstrip().startswith("Roles"):
                self._reader = threading.Thread(target=self._process.stdout.read, daemon=True)
                self._reader.start()
                return found[0] if found else ""
            if time.monotonic() > deadline:
                break
        self.kill()
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-4000:]}")

    def _end_reading(self) -> None:
        if self._reader is not None:
            self._reader.join(STOP_SECONDS)
            self._reader = None
        assert self._process is not None
        if self._process.stdout is not None:
            self._process.stdout.close()
