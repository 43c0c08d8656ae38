"""What every kind of document is to the fax: pages that can be drawn."""

import mmap
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from depesche.render.errors import Damaged
from depesche.render.legibility import Drawn


class Pages(Protocol):
    """An open document."""

    def __len__(self) -> int:
        """Its pages."""
        ...

    def draw(self, index: int) -> Drawn:
        """One page on the fax grid; `index` counts from 0.

        Raises: Damaged.
        """
        ...

    def forget(self) -> None:
        """Let go of what is kept of the pages that were drawn."""
        ...


@dataclass(frozen=True, slots=True)
class Sheets:
    """A finished PDF document."""

    pdf: bytes
    pages: int
    warnings: tuple[str, ...] = ()
    """What is not on them, as sentences without their full stop."""


def mapped(file: BinaryIO) -> mmap.mmap:
    """The whole document in memory, without a copy.

    Several children may read the same open file: each needs a position of its own, which the file has not.

    Raises: Damaged: it is empty.
    """
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except ValueError as error:
        raise Damaged("the document is empty") from error
