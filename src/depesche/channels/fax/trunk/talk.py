"""One end of what a node and its line process say to each other: packets in both directions, none of which waits."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable

from depesche.channels.fax.trunk import wire

_MOST_UNSENT = 10_000
"""Messages for an other end that does not read: then it is as good as gone."""


class Talk:
    """It begins at once, in a running loop."""

    def __init__(self, control: socket.socket, hear: Callable[[wire.Message], None], gone: Callable[[], None]) -> None:
        """`hear` gets each message, `gone` is called once, when the other end is not there any more, or not itself."""
        control.setblocking(False)
        self._control = control
        self._hear = hear
        self._gone = gone
        self._unsent: deque[bytes] = deque()
        self._over = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(control, self._read)

    def say(self, message: wire.Message) -> None:
        """Send it, now or when the other end has read what was said before."""
        if self._over:
            return
        self._unsent.append(wire.pack(message))
        if len(self._unsent) == 1:
            self._write()
        elif len(self._unsent) > _MOST_UNSENT:
            self._end()

    def leave(self) -> None:
        """Say no more: the other end is told, and what it still says is heard."""
        if not self._over:
            self._control.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Neither say nor hear any more."""
        self._stop()
        self._control.close()

    def _write(self) -> None:
        try:
            while self._unsent:
                self._control.send(self._unsent[0])
                self._unsent.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._control, self._write)
            return
        except OSError:
            self._end()
            return
        self._loop.remove_writer(self._control)

    def _read(self) -> None:
        try:
            packet = self._control.recv(wire.PACKET)
            message = wire.unpack(packet) if packet else None
        except BlockingIOError:
            return
        except (OSError, wire.ProtocolError):
            self._end()
            return
        if message is not None:
            self._hear(message)
        else:  # it said all that it had to say; it may still listen
            self._loop.remove_reader(self._control)
            self._tell()

    def _tell(self) -> None:
        gone, self._gone = self._gone, _nothing
        gone()

    def _end(self) -> None:
        if not self._over:
            self._stop()
            self._tell()

    def _stop(self) -> None:
        if not self._over:
            self._over = True
            self._unsent.clear()
            self._loop.remove_reader(self._control)
            self._loop.remove_writer(self._control)


def _nothing() -> None:
    """It was told."""
