"""A request on its way in: parameters into memory, files into the blob store, where nothing outlives a failed call."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from depesche.blobs.store import Blob, BlobError, BlobWriter
from depesche.fronts.soap.codec.decoder import Decoder
from depesche.fronts.soap.codec.slots import Call, FileData, FileEnded, FileEvent, FileStarted, Limits
from depesche.usecases.authenticate import Login, authenticate
from depesche.usecases.house import House

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

    The password is checked as soon as it is known and a file comes: files of strangers are read, but not kept. Files
    that come before it wait in the blob store.
    """

    def __init__(self, house: House, peer: str, charset: str) -> None:
        """`peer` is the client's address, `charset` the parameter of the Content-Type."""
        soap = house.settings.soap
        self.decoder = Decoder(Limits(soap.max_body, soap.max_file, soap.max_text), charset)
        self._house = house
        self._peer = peer
        self._login: Login | None = None
        self._writers: dict[str, BlobWriter] = {}
        self._files: dict[str, Blob] = {}
        self._files_lost = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.decoder.release()
        await self._discard()

    async def feed(self, data: bytes) -> None:
        """More of the body. Raises: SoapFault."""
        await self._take(self.decoder.feed(data))

    async def close(self) -> Request:
        """The body has ended. Raises: SoapFault."""
        await self._take(self.decoder.close())
        call = self.decoder.call
        assert call is not None
        login = self._login or await self._authenticate(call)
        if login.account is None:
            await self._discard()
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
                if await self._welcome():
                    self._writers[name] = self._house.blobs.writer("order", self._house.settings.soap.max_file)
            case FileData(name, data):
                if name in self._writers:
                    await self._writers[name].write(data)
            case FileEnded(name):
                if name in self._writers:
                    self._files[name] = await self._writers[name].close()
                    del self._writers[name]

    async def _welcome(self) -> bool:
        """Whether files of this client are kept, as far as it is known yet."""
        call = self.decoder.call
        if self._login is None and call is not None and {"Account", "Password"} <= call.texts.keys():
            self._login = await self._authenticate(call)
        return not self._files_lost and (self._login is None or self._login.account is not None)

    async def _authenticate(self, call: Call) -> Login:
        return await authenticate(
            self._house, call.texts.get("Account", ""), call.texts.get("Password", ""), self._peer
        )

    async def _discard(self) -> None:
        if not (self._writers or self._files):
            return
        writers, self._writers = self._writers, {}
        files, self._files = self._files, {}
        for writer in writers.values():
            await writer.abort()
        try:
            await self._house.blobs.delete(blob.key for blob in files.values())
        except BlobError as error:
            log.warning("blobs left behind", error=str(error))
