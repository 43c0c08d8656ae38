"""A fax machine behind SIP that takes no superfine pages: spandsp again, told to offer less."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from depesche.channels.fax.t30 import session
from depesche.channels.fax.trunk import process, worker
from depesche.channels.fax.trunk.process import LineProcess
from depesche.channels.fax.trunk.wire import Called, Lines, Received, Refuse, Setup, Take
from depesche.model.line import Caller, Line
from peers import ports

SECONDS = 60

STANDARD_AND_FINE = 0x01 | 0x02 | 0x20000
"""As `spandsp.RESOLUTIONS`."""


@dataclass
class OldMachine:
    """Takes every call."""

    port: int
    folder: Path
    calls: int = 0
    received_files: list[Path] = field(default_factory=list)
    up: threading.Event = field(default_factory=threading.Event)

    @classmethod
    @contextmanager
    def running(cls, folder: Path, far: int) -> Iterator["OldMachine"]:
        """On a port of its own; `far` is where those call from that it takes for its exchange."""
        machine, over, loop = cls(ports.one(), folder), Future[None](), asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_until_complete, args=(machine._serve(far, over),))
        thread.start()
        try:
            assert machine.up.wait(SECONDS), "the old machine does not come up"
            yield machine
        finally:
            over.set_result(None)
            thread.join()
            loop.close()

    async def _serve(self, far: int, over: Future[None]) -> None:
        path = f"PYTHONPATH={Path(__file__).parents[1]}"
        with patch.object(process, "WORKER", ("env", path, sys.executable, "-m", "peers.oldmachine")):
            running = await LineProcess.start(Setup("127.0.0.1", "", "", self.port, 0, 0, 0, "", "", ""), self)
        line = Line("old", "127.0.0.1", far, register=False, numbers=("+49*",), channels=9, caller=Caller.ASSERTED)
        running.set_lines(Lines({line.name: line.as_json()}, {}))
        try:
            await asyncio.wrap_future(over)
        finally:
            await running.stop()

    def line_is(self, line: str, *, up: bool, why: str) -> None:
        """See `process.Node`."""
        del line, why
        if up:
            self.up.set()

    async def called(self, call: Called) -> Take | Refuse:
        """See `process.Node`."""
        self.calls += 1
        return Take(call.call, "old", str(self.folder / f"old{self.calls}.tif"), str(self.calls))

    async def received(self, take: Take, received: Received) -> None:
        """See `process.Node`."""
        if received.complete:
            self.received_files.append(Path(take.document))


if __name__ == "__main__":
    with patch.object(session, "RESOLUTIONS", STANDARD_AND_FINE):
        worker.main()
