"""The frame around a part: what tar writes before and behind it.

`tarfile` remembers every member it has seen, which is a gigabyte for a million documents. So only its headers are used,
and those are held to be exactly what is written here: no octet of an archive can change without being noticed.
"""

import tarfile

BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)
"""Behind the last part."""

MODE = 0o600


class NoHeader(Exception):
    """No header of ours is there."""


def header(name: str, size: int, moment: int) -> bytes:
    """One block; `moment` in seconds of the epoch. Sizes above 8 GiB are written as GNU tar does."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, moment, MODE
    block = info.tobuf(tarfile.GNU_FORMAT)
    assert len(block) == BLOCK, name
    return block


def read_header(block: bytes) -> tuple[str, int]:
    """Name and size of the part behind it. Raises: NoHeader."""
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        if info.size < 0 or header(info.name, info.size, int(info.mtime)) != block:
            raise NoHeader
    except (tarfile.HeaderError, ValueError, AssertionError) as error:
        raise NoHeader from error
    return info.name, info.size


def padding(size: int) -> int:
    """Zeros behind a part of so many octets."""
    return -size % BLOCK
