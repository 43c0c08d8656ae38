"""Ports for media: one socket a call, and one look at all of them at each beat."""

import random
import select
import socket
from collections.abc import Callable

import structlog

from depesche.channels.fax.media.udptl import LONGEST
from depesche.channels.fax.sip.flow import Address

_TRIES = 50

_MOST_AT_ONCE = 16
"""Datagrams of one call at a beat; one comes usually. More wait in the socket, which forgets what is too much."""

_MOST_WAITING = 1000
"""Datagrams; what a socket holds is a third of it."""

log = structlog.get_logger()


class NoPort(Exception):
    """All ports of the range are taken."""


class MediaSocket:
    """The socket of one call. It sends to where media came from, once something plausible did (symmetric RTP)."""

    def __init__(
        self,
        own: socket.socket,
        incoming: "Incoming",
        plausible: Callable[[bytes], bool],
        receive: Callable[[bytes], None],
    ) -> None:
        self._socket = own
        self._incoming = incoming
        self._plausible = plausible
        self._receive = receive
        self._told: Address | None = None
        self._far: Address | None = None
        self._latched = False
        incoming.add(own.fileno(), self)

    @property
    def port(self) -> int:
        """Ours."""
        return int(self._socket.getsockname()[1])

    def aim(self, far: Address) -> None:
        """Send there, as the far end says; another address is latched onto when media come from it."""
        if far != self._told:
            self._told = self._far = far
            self._latched = False

    def send(self, datagram: bytes) -> None:
        """Send one, if it is known where to. What the network does not take is lost, as anywhere else on its way."""
        if self._far is not None:
            try:
                self._socket.sendto(datagram, self._far)
            except OSError as error:
                log.debug("a datagram is not sent", why=error.strerror)

    def read(self) -> bool:
        """Take one that came. False: there is none."""
        try:
            datagram, address = self._socket.recvfrom(LONGEST + 1)
        except OSError:  # there is none; or a far end's machine says that nobody listens: the signalling tells
            return False
        far = address[:2]  # of IPv6 there is more
        if far != self._far:
            if self._latched or not self._plausible(datagram):
                return True
            self._far = far
        self._latched = True
        self._receive(datagram)
        return True

    def catch_up(self) -> None:
        """Take what came until now: nobody has looked while the call rang."""
        for _ in range(_MOST_WAITING):
            if not self.read():
                return

    def close(self) -> None:
        """No more."""
        self._incoming.remove(self._socket.fileno())
        self._socket.close()


class Incoming:
    """What came for all calls since the last look: the kernel is asked once for all of them (epoll(7)).

    An event loop that hands over each datagram as it comes takes a fifth more time for a call in G.711, and a fax
    gains nothing by it: its samples are due at the next beat.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._sockets: dict[int, MediaSocket] = {}

    def add(self, number: int, own: MediaSocket) -> None:
        """Look at this one as well; `number` is its descriptor."""
        self._sockets[number] = own
        self._epoll.register(number, select.EPOLLIN)

    def remove(self, number: int) -> None:
        """Look at it no longer; also for one that was removed before."""
        if self._sockets.pop(number, None) is not None:
            self._epoll.unregister(number)

    def read(self) -> None:
        """Give each call what came for it."""
        for _ in range(_MOST_AT_ONCE):
            ready = self._epoll.poll(0, max(1, len(self._sockets)))
            if not ready:
                return
            for number, _ in ready:
                if number in self._sockets:  # none before it in this look closed it
                    self._read(number)

    def _read(self, number: int) -> None:
        try:
            self._sockets[number].read()
        except Exception:  # whatever it was, the other calls go on
            log.exception("a call hears no more")
            self.remove(number)


class Ports:
    """A range of them on one address; the machine chooses where there is none."""

    def __init__(self, host: str, first: int = 0, last: int = 0) -> None:
        self.host = host
        self.incoming = Incoming()
        self._range = range(first, last + 1, 2) if first else None

    def at(self, host: str) -> "Ports":
        """The same range on another address."""
        other = Ports(host)
        other.incoming, other._range = self.incoming, self._range
        return other

    def open(self, plausible: Callable[[bytes], bool], receive: Callable[[bytes], None]) -> MediaSocket:
        """A socket for a call. Raises: NoPort."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        for port in random.sample(self._range, min(_TRIES, len(self._range))) if self._range else (0,):
            own = socket.socket(family, socket.SOCK_DGRAM)
            own.setblocking(False)
            try:
                own.bind((self.host, port))
            except OSError:
                own.close()
                continue
            return MediaSocket(own, self.incoming, plausible, receive)
        raise NoPort(f"no free port for media on {self.host}")
