"""The conversion process: warm, and forking a child for each conversion.

Everything heavy is loaded and used once, then the process only waits. It never opens a document itself: for each
conversion it is given two sockets, forks, and tells how the child ended. The first socket is the child's: the request
comes in and the answer goes out there. The second is the leash: when the other end lets go of it, the child is killed.
"""

import gc
import logging
import os
import selectors
import signal
import socket
import warnings
from contextlib import suppress
from datetime import UTC, datetime
from typing import NoReturn

from PIL import Image, PdfImagePlugin, TiffImagePlugin

from depesche.render import faces, g4, limits, wire
from depesche.render.errors import RenderError
from depesche.render.html import html_document
from depesche.render.inline import READERS
from depesche.render.order import TextPage
from depesche.render.pdf import PdfPages
from depesche.render.tasks import perform
from depesche.render.text import text_page

WRITERS = (PdfImagePlugin, TiffImagePlugin)
"""Loaded here, so that no child has to; Pillow's readers are loaded by `Image.init`."""

_TALK = 3
"""The descriptor on which a child talks; 0, 1 and 2 are nothing."""


class Nursery:
    """Forks children and sees each of them off."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._leashes: dict[int, socket.socket] = {}
        self._open = True
        self._selector = selectors.DefaultSelector()
        self._deaths, self._bell = socket.socketpair()
        self._deaths.setblocking(False)
        self._bell.setblocking(False)
        self._selector.register(self._deaths, selectors.EVENT_READ, self._reap)
        self._selector.register(control, selectors.EVENT_READ, self._take)

    def run(self) -> None:
        """Serve until the control socket is closed; the children do not outlive this process."""
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler Python would not ring the bell
        signal.set_wakeup_fd(self._bell.fileno(), warn_on_full_buffer=False)
        while self._open:
            for key, _ in self._selector.select():
                key.data()

    def _take(self) -> None:
        """Take an order: a packet with two sockets."""
        packet, descriptors, _, _ = socket.recv_fds(self._control, wire.PACKET, wire.DESCRIPTORS)
        self._open = bool(packet)
        if len(descriptors) == 2:
            self._fork(*descriptors)

    def _fork(self, talk: int, leash: int) -> None:
        parent = os.getpid()
        child = os.fork()
        if not child:
            _live(talk, parent)
        os.close(talk)
        self._leashes[child] = socket.socket(fileno=leash)
        self._selector.register(self._leashes[child], selectors.EVENT_READ, lambda: self._let_go(child))

    def _let_go(self, child: int) -> None:
        if child in self._leashes:
            self._selector.unregister(self._leashes[child])
            os.kill(child, signal.SIGKILL)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            self._deaths.recv(4096)
        while self._leashes:
            child, status, used = os.wait4(-1, os.WNOHANG)
            if not child:
                return
            self._tell(self._leashes.pop(child), wire.Exit(status, used.ru_maxrss * 1024))

    def _tell(self, leash: socket.socket, ended: wire.Exit) -> None:
        with suppress(KeyError):  # already let go
            self._selector.unregister(leash)
        with suppress(OSError):  # nobody wants to know any more
            leash.send(wire.pack_exit(ended))
        leash.close()


def _live(talk: int, parent: int) -> NoReturn:
    """A child's whole life."""
    try:
        limits.die_with(parent)
        signal.set_wakeup_fd(-1)
        _keep_only(talk)
        _convert(socket.socket(fileno=_TALK))
    finally:
        os._exit(0)


def _keep_only(talk: int) -> None:
    """Close the control socket and the other children's leashes: they are none of a child's business."""
    for nothing in (0, 2):
        os.dup2(1, nothing)
    os.dup2(talk, _TALK)
    os.closerange(_TALK + 1, os.sysconf("SC_OPEN_MAX"))


def _convert(talk: socket.socket) -> None:
    packet, descriptors, _, _ = socket.recv_fds(talk, wire.PACKET, wire.DESCRIPTORS)
    request = wire.unpack_request(packet)
    inputs = [os.fdopen(descriptor, "rb") for descriptor in descriptors[: len(request.formats)]]
    outputs = [os.fdopen(descriptor, "wb") for descriptor in descriptors[len(request.formats) :]]
    limits.confine(request)
    try:
        answer = wire.pack_done(perform(request, [*inputs, *outputs]))
    except RenderError as error:
        answer = wire.pack_error(error)
    talk.send(answer)


def _know_few_readers() -> None:
    """Whoever asks Pillow to find out what a picture is, as WeasyPrint does, gets none of its forty other readers."""
    Image.init()
    for name in set(Image.OPEN) - set(READERS):
        del Image.OPEN[name]
        Image.ID.remove(name)


def warm_up() -> None:
    """Do once what most conversions do, so that children find it done."""
    warnings.simplefilter("ignore")
    logging.disable()
    _know_few_readers()
    faces.look_for_them()
    Image.MAX_IMAGE_PIXELS = None  # PicturePages looks at the size itself
    page = TextPage("Wärme", "Depesche", "+493023125000", "+493023125000", datetime.now(UTC))
    with os.fdopen(os.memfd_create("page"), "r+b") as file:
        html_document(b"<table><tr><td>Depesche</table>", 1, 1)
        file.write(text_page(page, 1, 2).pdf)
        file.flush()
        g4.encode(PdfPages(file, 1).draw(0).bits)
    gc.collect()
    gc.freeze()


def main() -> None:
    """Serve on the socket that is standard input; say so when ready."""
    with socket.socket(fileno=0) as control:
        limits.seal()
        warm_up()
        control.send(wire.READY)
        Nursery(control).run()


if __name__ == "__main__":
    main()
