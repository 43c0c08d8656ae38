"""Messages out of the octets of a stream (RFC 3261 §18.3), and the keep-alives between them (RFC 5626 §4.4.1)."""

from enum import Enum

from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.message import LONGEST_MESSAGE, Head, Request, Response, end_of_head

LINE_END = b"\r\n"
PING = LINE_END * 2
"""What asks the other side whether it is still there."""

PONG = LINE_END
"""What answers."""


class KeepAlive(Enum):
    """What came between messages."""

    PING = "asks for an answer"
    PONG = "answers"


Frame = Request | Response | Malformed | KeepAlive
"""A message that cannot be read is a value here: those behind it can be, as long as its length is told."""


class Frames:
    """What has come over one connection. However it is split, the same frames come of it."""

    def __init__(self) -> None:
        self.broken = False
        """Nothing more can be read: what came says so last, and the connection is to be closed."""

        self._octets = bytearray()
        self._seen = 0
        self._head: Head | None = None
        self._half_a_ping = False
        self._pongs_due = 0

    def pinged(self) -> None:
        """Note that a ping was sent: the next line end between messages answers it. Without that two are a ping."""
        self._pongs_due += 1

    def feed(self, data: bytes) -> list[Frame]:
        """What is complete now. Nothing, once it is broken."""
        frames: list[Frame] = []
        if not self.broken:
            self._octets += data
        while not self.broken and (frame := self._next()):
            frames.append(frame)
        if self.broken:
            self._octets.clear()
        return frames

    def _next(self) -> Frame | None:
        if self._head is None:
            if keep_alive := self._keep_alive():
                return keep_alive
            if error := self._begin():
                return error
        return None if self._head is None else self._end(self._head)

    def _keep_alive(self) -> KeepAlive | None:
        while self._octets.startswith(LINE_END):
            del self._octets[: len(LINE_END)]
            if self._pongs_due:
                self._pongs_due -= 1
                return KeepAlive.PONG
            self._half_a_ping = not self._half_a_ping
            if not self._half_a_ping:
                return KeepAlive.PING
        return None

    def _begin(self) -> Malformed | None:
        """Take the head, if it is there whole."""
        if self._octets and self._octets != b"\r":
            self._half_a_ping = False  # a line end too many behind the message before
        end = end_of_head(self._octets, 0, self._seen)
        self._seen = max(0, len(self._octets) - len(PING))
        if (len(self._octets) if end is None else end[1]) > LONGEST_MESSAGE:
            return self._break(Malformed("the head is too long"))
        if end is None:
            return None
        try:
            self._head = Head.read(bytes(self._octets[: end[0]]))
        except Malformed as error:
            return self._break(error)
        del self._octets[: end[1]]
        self._seen = 0
        if self._head.length is None:
            self._head.blame("Content-Length is missing")
        elif end[1] + self._head.length > LONGEST_MESSAGE:
            self._head.blame("the message is too long", 513)
            self._head.length = None
        return None

    def _end(self, head: Head) -> Request | Response | Malformed | None:
        """Take the body, if it is there whole."""
        length = head.length or 0
        if len(self._octets) < length:
            return None
        self._head = None
        body = bytes(self._octets[:length])
        del self._octets[:length]
        try:
            return head.message(body)
        except Malformed as error:
            return error if head.length is not None else self._break(error)

    def _break(self, error: Malformed) -> Malformed:
        self.broken = True
        return error
