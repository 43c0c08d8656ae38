"""Documents become pages: what the use cases call."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from depesche import metrics
from depesche.config import Letters, Render
from depesche.model import legibility
from depesche.model.legibility import Legibility
from depesche.render import office, sandbox, tiff
from depesche.render.detect import Format
from depesche.render.errors import ConverterFailed, RenderError
from depesche.render.grid import Resolution
from depesche.render.keeper import Keeper
from depesche.render.offices import Offices
from depesche.render.order import Rendered, Report, Source, TextPage
from depesche.render.turns import Turns
from depesche.render.wire import Done, Finding, LetterFault, Paper, Task
from depesche.render.work import Input, Work

__all__ = ["Finding", "LetterFault", "Rendered", "Renderer", "Report", "Source", "TextPage"]

LARGE = 32 << 10
"""Octets of documents from which their pages are counted first, and drawn in several processes if they are many.

Counting takes as long as half a page; a hundred pages of text without pictures may be no larger than this.
"""

PART = 12
"""Pages that are worth a process of their own."""


class Renderer:
    """Makes pages in a conversion process of its own; an async context manager that ends it.

    The first order starts it, if `start` has not; whoever comes before the process is warm waits. Each call is one
    order, of one `account` (its id), and has the time of one: it runs from the call on, so the wait for a turn is part
    of it.
    """

    def __init__(self, settings: Render, letters: Letters | None = None, timezone: str = "UTC") -> None:
        """`timezone`: of the times that fields of Office documents show."""
        self._settings = settings
        self._timezone = timezone
        needs = letters or Letters()
        self._paper = Paper(needs.margin, needs.strip, needs.free)
        self._turns = Turns(settings.workers)
        self._open = False
        self._starting = asyncio.Lock()
        self._keeper: Keeper | None = None
        self._offices: Offices | None = None
        self.lacking = office.lacking()
        """Formats of which this machine cannot make pages, and the package that each of them wants."""

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def start(self) -> None:
        """Start the conversion process now: the first order finds it warm. Raises: SandboxMissing."""
        await self._processes()

    async def _processes(self) -> tuple[Keeper, Offices]:
        """Those that run; they are started by whoever comes first. Raises: SandboxMissing, ConverterFailed."""
        async with self._starting:
            if not self._open:
                raise ConverterFailed("the renderer is not running")
            if self._keeper is None or self._offices is None:
                command = await sandbox.command(self._settings.sandbox)
                self._offices = Offices(await self._office_command(command), self._settings.workers, self.lacking)
                self._keeper = Keeper(command)
            return self._keeper, self._offices

    async def _office_command(self, worker: Sequence[str]) -> tuple[str, ...]:
        """As the worker: where there is no sandbox for it, there is none, and that was said."""
        if set(office.FILTERS) <= set(self.lacking):
            return ()
        mode = "off" if worker == sandbox.WORKER else self._settings.sandbox
        return await sandbox.command(mode, office.steward(self._timezone), office.mounts(self._settings.output))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._starting:
            self._open = False
            keeper, self._keeper = self._keeper, None
            offices, self._offices = self._offices, None
        if offices:
            await offices.close()
        if keeper:
            await keeper.close()

    @property
    def ready(self) -> bool:
        """Whether the conversion process is warm."""
        return self._keeper is not None and self._keeper.ready

    def takes(self, format_: Format) -> bool:
        """Whether pages can be made of it here."""
        return format_.renderable and format_ not in self.lacking

    async def fax(
        self, text: TextPage | None, sources: Sequence[Source], out: Path, *,
        resolution: Resolution = Resolution.FINE, account: int = 0,
    ) -> Rendered:  # fmt: skip
        """Write all pages to `out`, a TIFF of T.6 pages on the fax grid: the text, then the sources in order.

        Raises: RenderError (then `out` does not exist).
        """
        async with self._work(Task.FAX, account, out.parent) as work:
            inputs = [await work.open(source) for source in sources]
            if text:
                others = (await work.convert(Task.COUNT, inputs)).pages if inputs else 0
                inputs.insert(0, await work.set_text(text, others))
            with _result(out) as file:
                pages = await self._draw(account, work, inputs, file, resolution)
            return Rendered(len(pages), (*work.warnings, *legibility.warnings(pages)), pages)

    async def letter(self, sources: Sequence[Source], out: Path, *, colour: bool = True, account: int = 0) -> Rendered:
        """Write all sources to `out`, one PDF document of A4 pages, grey if it is not in `colour`.

        Raises: RenderError (then `out` does not exist).
        """
        async with self._work(Task.LETTER, account, out.parent) as work:
            inputs = [await work.open(source) for source in sources]
            with _result(out) as file:
                done = await work.convert(Task.LETTER, inputs, file, colour=colour, paper=self._paper)
            return Rendered(done.pages, (*work.warnings, *done.warnings), findings=done.findings)

    async def preview(
        self, finished: Source, folder: Path, pages: range, *, colour: bool = False, account: int = 0
    ) -> list[Path]:
        """Draw these pages, counted from 1, of what `fax` or `letter` wrote, as PNG files in `folder`.

        A fax is drawn picture element by picture element, a letter with the window of its envelope
        and what is wrong with it. Raises: RenderError; OSError.
        """
        async with self._work(Task.PREVIEW, account, folder) as work:
            document = await work.open(finished)
            pictures = work.scratch()
            done = await work.convert(
                Task.PREVIEW, [document], pictures, first=pages.start - 1, last=pages.stop - 1, colour=colour,
                paper=self._paper,
            )  # fmt: skip
            if len(done.sizes) != len(pages):
                raise ConverterFailed("the converter lost pages")
            return await asyncio.to_thread(_apart, pictures, done.sizes, [folder / f"{page}.png" for page in pages])

    async def report(self, report: Report, fax: Source | None, out: Path, *, account: int = 0) -> Rendered:
        """Write a report to `out`, a PDF document of A4 pages, with a picture of the first page of `fax`.

        Raises: RenderError (then `out` does not exist).
        """
        async with self._work(Task.REPORT, account, out.parent) as work:
            with _result(out) as file:
                done = await work.set_report(report, fax, file)
            return Rendered(done.pages, done.warnings)

    async def count(self, source: Source, *, account: int = 0) -> int:
        """The pages of one document. Raises: RenderError."""
        async with self._work(Task.COUNT, account) as work:
            return await _count(work, source)

    async def count_known(self, sources: Sequence[Source], *, account: int = 0) -> int:
        """The pages of those documents that can be read, and counted while there is time."""
        pages = 0
        with suppress(RenderError):
            async with self._work(Task.COUNT, account) as work:
                for source in sources:
                    with suppress(RenderError):
                        pages += await _count(work, source)
        return pages

    @asynccontextmanager
    async def _work(self, task: Task, account: int, folder: Path | None = None) -> AsyncIterator[Work]:
        """Wait for a turn, and time it all. Raises: ConverterFailed: it does not come in time."""
        with metrics.RENDER.labels(task.value).time():
            try:
                async with self._turn(account, folder) as work:
                    yield work
            except RenderError as error:
                metrics.RENDER_FAILURES.labels(type(error).__name__).inc()
                raise

    @asynccontextmanager
    async def _turn(self, account: int, folder: Path | None) -> AsyncIterator[Work]:
        until = asyncio.get_running_loop().time() + self._settings.seconds
        keeper, offices = await self._processes()
        try:
            async with asyncio.timeout_at(until):
                await self._turns.take(account)
        except TimeoutError as error:
            raise ConverterFailed(f"no worker was free within {self._settings.seconds:g} seconds") from error
        try:
            with Work(self._settings, keeper, offices, folder, until) as work:
                yield work
        finally:
            self._turns.give_back(account)

    async def _draw(
        self, account: int, work: Work, inputs: Sequence[Input], file: BinaryIO, resolution: Resolution
    ) -> tuple[Legibility, ...]:
        tiff.begin(file)
        async with self._parts(account, work, inputs) as parts:
            outputs = [file, *(work.scratch() for _ in parts[1:])]
            done = await _together(
                [
                    work.convert(Task.FAX, inputs, output, first=part.start, last=part.stop, resolution=resolution)
                    for part, output in zip(parts, outputs, strict=True)
                ]
            )
        await asyncio.to_thread(_assemble, file, outputs[1:], done, resolution)
        return tuple(page for part in done for page in part.legibility)

    @asynccontextmanager
    async def _parts(self, account: int, work: Work, inputs: Sequence[Input]) -> AsyncIterator[list[range]]:
        """Ranges of pages to be drawn at the same time: as many as there are turns that nobody waits for."""
        if not self._turns.has_spare() or sum(document.size() for document in inputs) < LARGE:
            yield [range(0)]
            return
        pages = (await work.convert(Task.COUNT, inputs)).pages
        most = -(-pages // PART)
        spare = 0
        try:
            while spare + 1 < most and self._turns.take_spare(account):
                spare += 1
            length = -(-pages // (spare + 1))
            yield [range(first, min(first + length, pages)) for first in range(0, pages, length)]
        finally:
            for _ in range(spare):
                self._turns.give_back(account)


def _apart(file: BinaryIO, sizes: Sequence[int], paths: list[Path]) -> list[Path]:
    """Write each of the files that stand one after the other to a path of its own."""
    file.seek(0)
    for size, path in zip(sizes, paths, strict=True):
        path.write_bytes(file.read(size))
    return paths


async def _count(work: Work, source: Source) -> int:
    return (await work.convert(Task.COUNT, [await work.open(source)])).pages


@contextmanager
def _result(path: Path) -> Iterator[BinaryIO]:
    """The file for the result; nothing is left of it if there is none."""
    with path.open("w+b", buffering=0) as file:
        try:
            yield file
        except BaseException:
            path.unlink()
            raise


async def _together(conversions: Sequence[Coroutine[None, None, Done]]) -> list[Done]:
    """All results, or the first failure; then the others are stopped."""
    tasks = [asyncio.ensure_future(conversion) for conversion in conversions]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _assemble(file: BinaryIO, others: Sequence[BinaryIO], done: Sequence[Done], resolution: Resolution) -> None:
    """Join the parts' strips and make them a TIFF. Raises: ConverterFailed: they are not what they should be."""
    strips = [strip for part in done for strip in part.strips]
    file.seek(0, 2)
    for other in others:
        other.seek(0)
        shutil.copyfileobj(other, file)
    if len(strips) != done[0].pages:
        raise ConverterFailed("the converter lost pages")
    try:
        tiff.finish(file, strips, resolution)
    except ValueError as error:
        raise ConverterFailed(str(error)) from error
