"""The steward: starts LibreOffice, hands it one document after the other, and sees it off.

To the server it is a conversion process like `worker`, with the same conversation (`wire`). It runs on Debian's own
Python, beside LibreOffice in the same sandbox. It ends, and LibreOffice with it, when the control socket is closed,
when LibreOffice died or had to be killed, and after `DOCUMENTS` of them, for no program of that size forgets
everything that it has seen.
"""

import os
import resource
import select
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Thread
from traceback import extract_tb
from types import TracebackType
from typing import BinaryIO, Self

from depesche.render import landlock, limits, wire
from depesche.render.errors import ConverterFailed, Damaged, NotWhole, RenderError
from depesche.render.libreoffice import PIPES, Died, LibreOffice, reach

DOCUMENTS = 200

OWN_MEMORY = 2 << 30
"""Octets of address space for the steward itself: a directory of a package may be long."""

LOOK_MILLISECONDS = 20
"""Between two looks at LibreOffice's memory."""


class Watch:
    """Kills LibreOffice when the other end lets go of the leash, or when it takes more memory than it may."""

    def __init__(self, office: LibreOffice, leash: socket.socket, memory: int) -> None:
        self.killed = False
        self.too_much = False
        self._office = office
        self._most = office.size() + memory
        self._leash = leash
        self._over = os.eventfd(0, os.EFD_CLOEXEC)
        self._thread = Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.eventfd_write(self._over, 1)
        self._thread.join()
        os.close(self._over)

    def _look(self) -> None:
        poll = select.poll()
        poll.register(self._leash, select.POLLIN | select.POLLRDHUP)
        poll.register(self._over, select.POLLIN)
        while not (happened := dict(poll.poll(LOOK_MILLISECONDS))):
            if self._office.size() > self._most:
                self.too_much = True
                break
        if self._over not in happened:
            self.killed = True
            self._office.kill()


def serve(control: socket.socket, office: LibreOffice) -> None:
    """Until there is a reason to end."""
    for _ in range(DOCUMENTS):
        packet, descriptors, _, _ = socket.recv_fds(control, wire.PACKET, wire.DESCRIPTORS)
        if not packet or len(descriptors) != 2:
            return
        talk, leash = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        with talk, leash:
            _one(control, office, talk, leash)
        if control.fileno() < 0:
            return
    _say_goodbye(control)


def _one(control: socket.socket, office: LibreOffice, talk: socket.socket, leash: socket.socket) -> None:
    """One document. If LibreOffice does not outlive it the control socket is shut first: the server sees it then."""
    packet, descriptors, _, _ = socket.recv_fds(talk, wire.PACKET, wire.DESCRIPTORS)
    request = wire.unpack_request(packet)
    ended = wire.Exit(0, 0)
    watch = Watch(office, leash, request.memory)
    with os.fdopen(descriptors[0], "rb") as source, os.fdopen(descriptors[1], "wb") as output:
        try:
            answer = _convert(office, watch, request, source, output)
        except Died:
            _say_goodbye(control)
            ended = wire.Exit(*office.bury())
            answer = _last_words(office, watch)
        except Exception as error:  # noqa: BLE001  nobody planned it: the server is told, and gets another LibreOffice
            _say_goodbye(control)
            answer = wire.pack_error(_failure(error))
    with suppress(OSError):  # nobody wants to know any more
        if answer:
            talk.send(answer)
        talk.close()
        leash.send(wire.pack_exit(ended))


def _convert(office: LibreOffice, watch: Watch, request: wire.Request, source: BinaryIO, output: BinaryIO) -> bytes:
    """Returns: the answer. Raises: Died; whatever nobody planned."""
    try:
        with watch:
            made = office.convert(source, request.formats[0], request)
        answer = wire.pack_done(wire.Done(1))
        with made.open("rb") as pdf:
            shutil.copyfileobj(pdf, output)
        output.flush()
    except RenderError as error:
        answer = wire.pack_error(error)
    if watch.killed:
        raise Died
    return answer


def _say_goodbye(control: socket.socket) -> None:
    """Shut, not only closed: bubblewrap holds the same socket."""
    with suppress(OSError):
        control.shutdown(socket.SHUT_RDWR)
    control.close()


def _last_words(office: LibreOffice, watch: Watch) -> bytes:
    """Why LibreOffice died, if we know better than the status of its process."""
    if watch.too_much:
        return wire.pack_error(Damaged("the document takes more memory than allowed"))
    if office.overflowed:
        return wire.pack_error(NotWhole("the pages are larger than allowed"))
    return b""


def _failure(error: Exception) -> RenderError:
    if isinstance(error, MemoryError):
        return Damaged("the document takes more memory than allowed")
    frame = extract_tb(error.__traceback__)[-1]
    return ConverterFailed(f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}")


def _reach(folder: Path) -> dict[Path, int]:
    """What LibreOffice has, our own package, the processes, and the right to remove the folder."""
    ours = dict.fromkeys((Path(__file__).parents[1], Path("/proc")), landlock.READ)
    return reach(folder) | ours | {PIPES: landlock.MAKE_SOCKET | landlock.REMOVE_FILE | landlock.REMOVE_FOLDER}


def main(timezone: str) -> None:
    """Serve on the socket that is standard input; say so when ready. `timezone`: of the dates that fields show."""
    with socket.socket(fileno=0) as control, tempfile.TemporaryDirectory(prefix="depesche-") as folder:
        limits.seal()
        landlock.confine(_reach(Path(folder)))
        office = LibreOffice(Path(folder), timezone)
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (OWN_MEMORY, most))
        control.send(wire.READY)
        try:
            serve(control, office)
        finally:
            with suppress(OSError):
                office.kill()
                office.bury()
