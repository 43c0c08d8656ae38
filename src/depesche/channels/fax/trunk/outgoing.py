"""A fax on its way out: its pages as they go on the line."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from depesche.channels.fax.header import BadDocument, HeaderLine, stamp
from depesche.model.callrecord import Stamp
from depesche.model.lesson import Lesson
from depesche.model.outcome import Outcome
from depesche.model.result import Result


@dataclass(slots=True)
class Fax:
    """One, to one number."""

    document: Path
    pages: Path
    """The document as it goes on the line."""

    header: HeaderLine
    lesson: Lesson
    _stamp: Stamp | None = None

    @property
    def stamp(self) -> Stamp:
        """For the record; `prepare` comes first."""
        assert self._stamp is not None
        return self._stamp

    async def prepare(self) -> Outcome | None:
        """Write the pages as the lesson wants them. Why that cannot be is told as the outcome of the attempt."""
        finest = self.lesson.finest
        try:
            prints = await asyncio.to_thread(stamp, self.document, self.pages, self.header, finest)
        except BadDocument as error:
            return Outcome(Result.LINE_ERROR, detail=f"the document cannot be sent: {error}")
        except OSError as error:
            return Outcome(Result.LINE_ERROR, retry=True, detail=f"the pages cannot be prepared: {error}")
        self._stamp = self.header.stamp(prints, finest)
        return None
