"""Writing an archive: it has its name when it is whole and on the disk, and not before."""

import errno
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from depesche.archive import tar
from depesche.archive.manifest import SUMS

CHUNK = 1 << 20

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})
"""File systems without hard links say so."""


class Writer:
    """Takes parts one after the other; `finish` gives the file its name, leaving without it leaves nothing.

    A process that dies leaves ``NAME.….part``. Raises in every method: OSError.
    """

    def __init__(self, target: Path, moment: int) -> None:
        """`moment`, in seconds of the epoch, is that of every part. Raises: FileExistsError: `target` is there."""
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "there is something already, and it is not overwritten", str(target))
        self._target = target
        self._moment = moment
        self._part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, tar.MODE)
        self._file = os.fdopen(descriptor, "wb", CHUNK)
        self._sums = tempfile.TemporaryFile(dir=target.parent)  # noqa: SIM115  closed with the archive

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sums.close()
        with suppress(OSError):  # what cannot be flushed is not wanted any more
            self._file.close()
        self._part.unlink(missing_ok=True)

    def add(self, name: str, size: int, chunks: Iterable[bytes]) -> None:
        """A part of exactly `size` bytes."""
        digest, written = hashlib.sha256(), 0
        self._file.write(tar.header(name, size, self._moment))
        for chunk in chunks:
            self._file.write(chunk)
            digest.update(chunk)
            written += len(chunk)
        if written != size:
            raise OSError(errno.EIO, f"{name} changed while it was read")
        self._file.write(bytes(tar.padding(size)))
        self._sums.write(f"{digest.hexdigest()}  {name}\n".encode())

    def add_file(self, name: str, path: Path) -> None:
        """A file as it is now."""
        with path.open("rb") as file:
            self.add(name, os.fstat(file.fileno()).st_size, iter(lambda: file.read(CHUNK), b""))

    def finish(self) -> int:
        """The sums, the end, and everything on the disk. Gives the size in bytes. Raises: FileExistsError."""
        size = self._sums.tell()
        self._sums.seek(0)
        self._file.write(tar.header(SUMS, size, self._moment))
        while chunk := self._sums.read(CHUNK):
            self._file.write(chunk)
        self._file.write(bytes(tar.padding(size)) + tar.END)
        self._file.flush()
        os.fsync(self._file.fileno())
        total = self._file.tell()
        self._name()
        return total

    def _name(self) -> None:
        try:
            os.link(self._part, self._target)  # unlike a rename it takes nobody's place
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._part.rename(self._target)
        folder = os.open(self._target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
