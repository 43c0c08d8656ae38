"""A request on its way in: parameters into memory, files into the blob store, where nothing outlives a failed call."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from depesche.blobs.store import Blob, BlobError, BlobWriter
from depesche.fronts.soap.anteroom import Anteroom, Place
from depesche.fronts.soap.codec.decoder import Decoder
from depesche.fronts.soap.codec.slots import Call, FileData, FileEnded, FileEvent, FileStarted, Limits
from depesche.usecases.authenticate import Login, authenticate
from depesche.usecases.house import House
from depesche.usecases.unbroken import unbroken

TEXTS = 64 << 10
"""Bytes of texts that a request may bring before it is asked whose they are."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """A whole call, by somebody who was asked for the password."""

    call: Call
    login: Login
    files: dict[str, Blob]
    """By the names of their parameters; whoever takes the request takes them over."""

    files_lost: bool
    """The blob store failed; `files` is empty."""


class Intake:
    """Takes in one request. As a context it leaves nothing behind but what `close` gave away.

    The password is checked as soon as it is known and a file or a long text comes: files of strangers are read, but not
    kept. Files that come before it wait in the blob store, and take place in the anteroom as long as they do.
    """

    def __init__(self, house: House, anteroom: Anteroom, peer: str, charset: str) -> None:
        """`peer` is the client's address, `charset` the parameter of the Content-Type."""
        soap = house.settings.soap
        self.decoder = Decoder(Limits(soap.max_body, soap.max_file, soap.max_text), charset)
        self._house = house
        self._place = Place(anteroom)
        self._peer = peer
        self._login: Login | None = None
        self._writers: dict[str, BlobWriter] = {}
        self._files: dict[str, Blob] = {}
        self._files_lost = False
        self._texts = 0
        """Bytes of texts that have their place in the anteroom."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.decoder.release()
        try:
            await self._discard()
        finally:
            self._place.leave()

    async def feed(self, data: bytes) -> None:
        """More of the body. Raises: SoapFault."""
        await self._take(self.decoder.feed(data))
        call = self.decoder.call
        if call is not None and call.size > TEXTS and not await self._is_customer():
            self._place.take(call.size - self._texts)
            self._texts = call.size

    async def close(self) -> Request:
        """The body has ended. Raises: SoapFault."""
        await self._take(self.decoder.close())
        call = self.decoder.call
        assert call is not None
        login = self._login or await self._authenticate(call)
        files, self._files = self._files, {}
        return Request(call, login, files, self._files_lost)

    async def _take(self, events: Iterable[FileEvent]) -> None:
        for event in events:
            try:
                await self._handle(event)
            except BlobError:
                log.exception("file lost to the blob store")
                self._files_lost = True
                await self._discard()

    async def _handle(self, event: FileEvent) -> None:
        match event:
            case FileStarted(name):
                if not self._files_lost and (await self._is_customer() or self._login is None):
                    self._writers[name] = self._house.blobs.writer("order", self._house.settings.soap.max_file)
            case FileData(name, data):
                if name in self._writers:
                    if self._login is None:
                        self._place.take(len(data))
                    await self._writers[name].write(data)
            case FileEnded(name):
                if name in self._writers:
                    self._files[name] = await self._writers[name].close()
                    del self._writers[name]

    async def _is_customer(self) -> bool:
        """Whether the client is known, as far as it has said who it is."""
        call = self.decoder.call
        if self._login is None and call is not None and {"Account", "Password"} <= call.texts.keys():
            await self._authenticate(call)
        return self._login is not None and self._login.account is not None

    async def _authenticate(self, call: Call) -> Login:
        account, password = call.texts.get("Account", ""), call.texts.get("Password", "")
        self._login = await authenticate(self._house, account, password, self._peer)
        if self._login.account is None:
            await self._discard()
        self._place.leave()
        self._texts = 0
        return self._login

    async def _discard(self) -> None:
        if self._writers or self._files:
            await unbroken(self._delete_all())

    async def _delete_all(self) -> None:
        writers, self._writers = self._writers, {}
        files, self._files = self._files, {}
        for writer in writers.values():
            await writer.abort()
        try:
            await self._house.blobs.delete(blob.key for blob in files.values())
        except BlobError as error:
            log.warning("blobs left behind", error=str(error))
