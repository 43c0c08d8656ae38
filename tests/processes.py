"""Watching processes that are not ours to wait for."""

import os
import select
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> set[int]:
    """Children, and theirs, that exist now."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        with suppress(ValueError, OSError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found, new = set[int](), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def named(pid: int) -> str:
    """The program that a process runs; nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def line_processes(server: int) -> list[int]:
    """Those that carry the calls of a server."""
    return [pid for pid in descendants(server) if b"depesche.channels.fax.trunk.worker" in _command(pid)]


def warm(pid: int) -> bool:
    """Whether it belongs to a LibreOffice that waits for documents: itself, its steward, or the sandbox around both."""
    command = _command(pid)
    return b"soffice.bin" in command or b"steward" in command


def _command(pid: int) -> bytes:
    """Nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


class Watch:
    """Remembers processes, so that their end can be awaited even when their numbers are used again."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._handles = [os.pidfd_open(pid) for pid in pids]

    def all_end(self, seconds: float = 10) -> bool:
        """Wait until the last one has ended; false if one is left after `seconds` without an end."""
        left = set(self._handles)
        poll = select.poll()
        for handle in left:
            poll.register(handle, select.POLLIN)
        while left and (ended := poll.poll(seconds * 1000)):
            for handle, _ in ended:
                poll.unregister(handle)
                left.discard(handle)
        for handle in self._handles:
            os.close(handle)
        return not left
