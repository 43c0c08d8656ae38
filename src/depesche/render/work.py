"""One order in work: its files, the time it has left, and the conversions it takes."""

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from depesche.config import Render
from depesche.render.detect import Format
from depesche.render.errors import ConverterFailed, Unsupported
from depesche.render.grid import Resolution
from depesche.render.keeper import Keeper
from depesche.render.office import FILTERS
from depesche.render.offices import Offices
from depesche.render.order import Report, Source, TextPage
from depesche.render.process import ConversionProcess, ProcessLost
from depesche.render.wire import Done, Paper, Request, Task

MADE_BY: Mapping[Format, Task] = {
    Format.TEXT: Task.PLAIN_TEXT,
    Format.HTML: Task.HTML,
    **dict.fromkeys(FILTERS, Task.OFFICE),
}
"""Which converter makes a PDF document of what; pages of all else are drawn as it is."""

PLAIN = Paper()
"""Of whatever is no letter."""

ATTEMPTS = 2
"""A conversion is repeated once if the conversion process was lost under it, or ended with it."""


@dataclass(frozen=True, slots=True)
class Input:
    """An open document of which pages can be drawn: a PDF document or a picture."""

    format: Format
    file: BinaryIO

    def size(self) -> int:
        """Octets."""
        return os.fstat(self.file.fileno()).st_size


class Work:
    """One call of the renderer, as a context manager: the files it opens are closed with it."""

    def __init__(self, settings: Render, keeper: Keeper, offices: Offices, folder: Path | None, until: float) -> None:
        """`folder`: where interim files may lie, unnamed; `until`: when its time is over, by the loop's clock."""
        self._settings = settings
        self._keeper = keeper
        self._offices = offices
        self._folder = folder
        self._until = until
        self._files = ExitStack()
        self.warnings: list[str] = []
        """What is not on the pages of the documents that were opened."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    async def open(self, source: Source) -> Input:
        """A document, ready to be drawn; what is neither PDF nor a picture becomes PDF first. Raises: RenderError."""
        if not source.format.renderable or source.format in self._offices.lacking:
            raise Unsupported(f"there is no converter for this type of file: {source.format.value}")
        document = Input(source.format, self._files.enter_context(source.path.open("rb", buffering=0)))
        task = MADE_BY.get(source.format)
        if task is None:
            return document
        made = self.scratch()
        if task is Task.OFFICE:
            async with self._offices.one() as office:
                await self.convert(task, [document], made, keeper=office)
        else:
            self.warnings += (await self.convert(task, [document], made)).warnings
        return Input(Format.PDF, made)

    async def set_text(self, page: TextPage, others: int) -> Input:
        """The sheets in front of a fax of which `others` more pages follow. Raises: RenderError."""
        source, sheets = self.scratch(), self.scratch()
        fields = asdict(page) | {"sent_on": page.sent_on.isoformat()}
        source.write(json.dumps(fields).encode())
        source.seek(0)
        done = await self.convert(Task.TEXT_PAGE, [Input(Format.TEXT, source)], sheets, others=others)
        self.warnings += done.warnings
        return Input(Format.PDF, sheets)

    async def set_report(self, report: Report, fax: Source | None, output: BinaryIO) -> Done:
        """A report, with a picture of the first page of a fax. Raises: RenderError."""
        source = self.scratch()
        source.write(json.dumps(asdict(report)).encode())
        pages = [await self.open(fax)] if fax else []
        return await self.convert(Task.REPORT, [Input(Format.TEXT, source), *pages], output)

    async def convert(
        self, task: Task, inputs: Sequence[Input], output: BinaryIO | None = None, *,
        first: int = 0, last: int = 0, others: int = 0, colour: bool = False, paper: Paper = PLAIN,
        resolution: Resolution = Resolution.FINE, keeper: Keeper | None = None,
    ) -> Done:  # fmt: skip
        """One conversion; what it writes begins where `output` stands. `keeper`: of another process than the usual one.

        Raises: RenderError.
        """
        keeper = keeper or self._keeper
        start = output.tell() if output else 0
        failure = ConverterFailed("the conversion process was lost, twice")
        for _ in range(ATTEMPTS):
            process = await self._process(keeper)
            for document in inputs:
                document.file.seek(0)
            if output:
                output.seek(start)
                output.truncate()
            request = replace(
                self._request(task, inputs),
                first=first,
                last=last,
                others=others,
                colour=colour,
                paper=paper,
                resolution=resolution,
            )
            try:
                return await process.convert(request, _descriptors(inputs, output))
            except ProcessLost:
                pass
            except ConverterFailed as error:
                if process.listens or self._left() <= 0:
                    raise
                failure = error  # LibreOffice died with it, maybe of what it had read before
            await keeper.give_up(process)
        raise failure

    def scratch(self) -> BinaryIO:
        """An empty file without a name."""
        return self._files.enter_context(tempfile.TemporaryFile(buffering=0, dir=self._folder))

    async def _process(self, keeper: Keeper) -> ConversionProcess:
        try:
            async with asyncio.timeout_at(self._until):
                return await keeper.process()
        except TimeoutError as error:
            raise ConverterFailed("the conversion process is not running") from error

    def _left(self) -> float:
        """Seconds."""
        return self._until - asyncio.get_running_loop().time()

    def _request(self, task: Task, inputs: Sequence[Input]) -> Request:
        left = self._left()
        if left <= 0:
            raise ConverterFailed(f"the conversion took longer than {self._settings.seconds:g} seconds")
        return Request(
            task, tuple(document.format for document in inputs),
            memory=self._settings.memory, output=self._settings.output, seconds=left, pixels=self._settings.pixels,
            most=self._settings.pages,
        )  # fmt: skip


def _descriptors(inputs: Sequence[Input], output: BinaryIO | None) -> list[int]:
    return [document.file.fileno() for document in inputs] + ([output.fileno()] if output else [])
