"""What a child does with the documents it is given: one function for each task."""

import errno
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from traceback import extract_tb
from typing import BinaryIO

from depesche.model.cover import Cover
from depesche.render import g4
from depesche.render.detect import Format
from depesche.render.errors import ConverterFailed, Damaged, NotWhole, RenderError
from depesche.render.html import html_document
from depesche.render.image import PicturePages
from depesche.render.letter import Letter
from depesche.render.order import Report, TextPage
from depesche.render.pages import Pages, Sheets
from depesche.render.pdf import PdfPages, open_pdf
from depesche.render.preview import pictures
from depesche.render.report import report_sheets
from depesche.render.text import plain_text, text_page
from depesche.render.tiff import Strip
from depesche.render.wire import Done, Request, Task

MOST_TEXT = 16 << 20
"""Octets of a text file that are read; more would be more pages than anyone may send."""

MOST_HTML = 64 << 20
"""Octets of an HTML file that are read; most of a long one are pictures."""


def perform(request: Request, files: Sequence[BinaryIO]) -> Done:
    """Carry out a task. Raises: RenderError, whatever happens."""
    try:
        return _TASKS[request.task](request, files)
    except RenderError:
        raise
    except MemoryError as error:
        raise Damaged("the document takes more memory than allowed") from error
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise NotWhole("the pages are larger than allowed") from error
        if error.errno == errno.ENOMEM:
            raise Damaged("the document takes more memory than allowed") from error
        raise _failure(error) from error
    except Exception as error:
        raise _failure(error) from error


def _failure(error: Exception) -> ConverterFailed:
    """Where our own converter stumbled; nothing of the document goes into the reason."""
    frame = extract_tb(error.__traceback__)[-1]
    return ConverterFailed(f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}")


def _count(request: Request, files: Sequence[BinaryIO]) -> Done:
    return Done(len(_all_pages(request, files)))


def _fax(request: Request, files: Sequence[BinaryIO]) -> Done:
    *inputs, output = files
    pages = _all_pages(request, inputs)
    strips, legibility = [], []
    before = None
    for document, index in pages[request.first : request.last or None]:
        if before is not None and document is not before:
            before.forget()
        before = document
        page = document.draw(index)
        strip = g4.encode(page.bits)
        output.write(strip)
        strips.append(Strip(len(page.bits), len(strip)))
        legibility.append(page.legibility)
    output.flush()
    return Done(len(pages), tuple(strips), legibility=tuple(legibility))


def _letter(request: Request, files: Sequence[BinaryIO]) -> Done:
    *inputs, output = files
    _all_pages(request, inputs)  # refuses a document that is too long before anything is written
    letter = Letter(colour=request.colour)
    for format_, file in zip(request.formats, inputs, strict=True):
        if format_ is Format.PDF:
            letter.add_pdf(open_pdf(file))
        else:
            letter.add_pictures(PicturePages(file, format_, request.pixels, request.most))
    pages = letter.save(output)
    output.flush()
    return Done(pages, findings=letter.findings(request.paper))


def _text_page(request: Request, files: Sequence[BinaryIO]) -> Done:
    source, output = files
    fields = json.loads(source.read())
    fields["sent_on"] = datetime.fromisoformat(fields["sent_on"])
    fields["cover"] = Cover(**fields["cover"])
    return _written(text_page(TextPage(**fields), request.others, request.most, request.pixels), output)


def _plain_text(request: Request, files: Sequence[BinaryIO]) -> Done:
    source, output = files
    data = source.read(MOST_TEXT + 1)
    if len(data) > MOST_TEXT:
        raise NotWhole("the text is longer than allowed")
    return _written(plain_text(data, request.most), output)


def _html(request: Request, files: Sequence[BinaryIO]) -> Done:
    source, output = files
    data = source.read(MOST_HTML + 1)
    if len(data) > MOST_HTML:
        raise NotWhole("the HTML document is longer than allowed")
    return _written(html_document(data, request.most, request.pixels), output)


def _preview(request: Request, files: Sequence[BinaryIO]) -> Done:
    source, output = files
    sizes = [output.write(picture) for picture in pictures(request, source)]
    output.flush()
    return Done(len(sizes), sizes=tuple(sizes))


def _report(request: Request, files: Sequence[BinaryIO]) -> Done:
    del request
    source, *pages, output = files
    return _written(report_sheets(Report.of_json(json.loads(source.read())), pages[0] if pages else None), output)


def _written(sheets: Sheets, output: BinaryIO) -> Done:
    output.write(sheets.pdf)
    output.flush()
    return Done(sheets.pages, warnings=sheets.warnings)


def _all_pages(request: Request, files: Sequence[BinaryIO]) -> list[tuple[Pages, int]]:
    """Every page of all inputs: its document and its index there.

    Raises: Damaged, NotWhole.
    """
    documents = [_open(request, *document) for document in zip(request.formats, files, strict=True)]
    pages = [(document, index) for document in documents for index in range(len(document))]
    if not pages:
        raise NotWhole("there is no page")
    if len(pages) > request.most:
        raise NotWhole(f"there are more than {request.most} pages")
    return pages


def _open(request: Request, format_: Format, file: BinaryIO) -> Pages:
    if format_ is Format.PDF:
        return PdfPages(file, request.pixels, request.resolution)
    return PicturePages(file, format_, request.pixels, request.most, request.resolution)


_TASKS: dict[Task, Callable[[Request, Sequence[BinaryIO]], Done]] = {
    Task.COUNT: _count,
    Task.FAX: _fax,
    Task.LETTER: _letter,
    Task.TEXT_PAGE: _text_page,
    Task.PLAIN_TEXT: _plain_text,
    Task.HTML: _html,
    Task.PREVIEW: _preview,
    Task.REPORT: _report,
}
