"""What every kind of document is to the fax: pages that can be drawn."""

from typing import Protocol

from depesche.render.raster import Bits


class Pages(Protocol):
    """An open document."""

    def __len__(self) -> int:
        """Its pages."""
        ...

    def draw(self, index: int) -> Bits:
        """One page on the fax grid; `index` counts from 0.

        Raises: Damaged.
        """
        ...
