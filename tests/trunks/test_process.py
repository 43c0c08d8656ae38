"""What a line process tells of itself."""

import asyncio
from dataclasses import asdict
from pathlib import Path

from depesche.channels.fax.trunk import wire
from depesche.channels.fax.trunk.process import LineProcess
from depesche.model.lesson import PLAIN
from depesche.model.line import Caller, Line
from depesche.model.result import Result
from documents import fax_page, picture
from peers import ports
from peers.asterisk import Asterisk, Way
from watching import counted

SECONDS = 60


class Node:
    """Hears of one line."""

    def __init__(self) -> None:
        self.up = asyncio.Event()

    def line_is(self, line: str, *, up: bool, why: str) -> None:
        del line, why
        if up:
            self.up.set()

    async def called(self, call: wire.Called) -> wire.Take | wire.Refuse:
        return wire.Refuse(call.call, 404, "Not Found")

    async def received(self, take: wire.Take, received: wire.Received) -> None:
        raise AssertionError((take, received))


def test_whoever_watches_sees_how_calls_keep_time(asterisk: Asterisk, tmp_path: Path) -> None:
    asyncio.run(_call_until_it_is_told(asterisk, tmp_path))


async def _call_until_it_is_told(asterisk: Asterisk, folder: Path) -> None:
    page, note, hang_up, node = folder / "page.tif", folder / "note", asyncio.Event(), Node()
    page.write_bytes(picture("TIFF", fax_page(), compression="group4", dpi=(204, 196)))
    note.touch()
    number = f"+49302312599{Way.MUTE.value}"
    beats = counted("depesche_tick_late_seconds_count")

    def dial(call: int) -> wire.Dial:
        return wire.Dial(call, "line", number, "", "", str(page), 1, 0, asdict(PLAIN), str(note))

    process = await LineProcess.start(wire.Setup("127.0.0.1", "", "", ports.one(), 0, 0, 0, "", "", ""), node)
    try:
        line = Line("line", "127.0.0.1", asterisk.port, register=False, user="audio", caller=Caller.ASSERTED)
        process.set_lines(wire.Lines({"line": line.as_json()}, {}))
        async with asyncio.timeout(SECONDS):
            await node.up.wait()
            call = asyncio.create_task(process.dial(dial, hang_up.wait()))
            while counted("depesche_tick_late_seconds_count") == beats:
                await asyncio.sleep(0.05)
            hang_up.set()
            assert (await call).read().result is Result.CANCELED
    finally:
        await process.stop()
