"""Room for the header line, which is set at the top of every page when it is sent: nothing stands there."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from depesche.render.legibility import Drawn
from depesche.render.raster import Bits


def clear(draw: Callable[[int], Drawn], line: int) -> Drawn:
    """A page whose top `line` rows are blank, and that is no longer for it.

    It is as it is drawn, or moved down where there is as much blank room below, or drawn again, smaller. `draw` is told
    how many rows at the top it has to leave free.
    """
    page = draw(0)
    moved = lowered(page.bits, line)
    return draw(line) if moved is None else replace(page, bits=moved)


def lowered(page: Bits, line: int) -> Bits | None:
    """The page as it is, or moved down until its top `line` rows are blank; None if it lacks the blank room below."""
    inked = np.flatnonzero(page[:line].any(axis=1))
    if not inked.size:
        return page
    down = line - int(inked[0])
    if page[-down:].any():
        return None
    return np.concatenate((np.zeros_like(page[:down]), page[:-down]))
