"""What an HTML document brings along, and what it merely names.

Pictures that lie in the document itself, as ``data:`` URLs (RFC 2397) or as SVG, are shown. Whatever else it names, on
the network or on a disk, is neither fetched nor read: it is left out, and a warning says so.
"""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image, ImageFile, ImageOps
from weasyprint.logger import LOGGER, PROGRESS_LOGGER  # type: ignore[import-untyped]
from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]

from depesche.render.errors import Damaged, NotWhole
from depesche.render.image import flat

READERS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
"""Pillow's names of the formats that a picture in a document may have; SVG is WeasyPrint's own."""

BASE = "http://document.invalid/"
"""What addresses within the document are joined to: WeasyPrint does not tell all of those that it cannot join."""

LONGEST_NAME = 100
"""Characters that a warning shows of a URL."""

MOST_WARNINGS = 10
"""Of one document."""

_SCHEME = "data:"
_STYLE_SHEET = "text/css"
_SVG = "image/svg+xml"


class Omissions:
    """What is not on the pages though the document has or names it."""

    def __init__(self) -> None:
        self._named: dict[str, None] = {}
        self._pictures = 0
        self._other: dict[str, None] = {}

    def name(self, url: str) -> None:
        """Something that lies elsewhere."""
        self._named[url.strip().removeprefix(BASE)] = None

    def picture(self) -> None:
        """A picture that cannot be read, or drawn."""
        self._pictures += 1

    def say(self, sentence: str) -> None:
        """Anything else."""
        self._other[sentence] = None

    def warnings(self) -> tuple[str, ...]:
        """For the job's record: a sentence each, `MOST_WARNINGS` and one at most."""
        told = [f"{_shown(url)} is left out: what a document names is not fetched" for url in self._named]
        if self._pictures:
            told.append(f"pictures that cannot be read are left out: {self._pictures}")
        told += self._other
        more = len(told) - MOST_WARNINGS
        return (*told[:MOST_WARNINGS], *([f"and {more} more things are left out"] if more > 0 else []))


class Inline(URLFetcher):  # type: ignore[misc]
    """Gives WeasyPrint what lies in the document. It never says no, which not all of WeasyPrint is prepared for: what
    is left out is an empty file.
    """

    def __init__(self, pixels: int, omissions: Omissions) -> None:
        """`pixels`: of one picture at most."""
        super().__init__(allowed_protocols=("data",), allow_redirects=False)
        self._pixels = pixels
        self._omissions = omissions
        self.fault: Damaged | MemoryError | None = None
        """Why the whole document is refused. WeasyPrint may swallow what is raised here."""

    def fetch(self, url: str | None, headers: Any = None) -> URLFetcherResponse:
        """A picture or a style sheet of the document. Raises: FatalURLFetchingError, with `fault` set."""
        del headers
        if not url or url[: len(_SCHEME)].lower() != _SCHEME:
            self._omissions.name(url or "nothing")
            return URLFetcherResponse(url or "", b"")
        try:
            response = super().fetch(url)
            data, kind = response.read(), response.content_type
            if kind != _STYLE_SHEET:
                data, kind = self._picture(data)
            return URLFetcherResponse(url, data, {"Content-Type": kind})
        except (Damaged, MemoryError) as error:
            self.fault = error
            raise FatalURLFetchingError from error
        except Image.DecompressionBombError as error:
            self.fault = Damaged("a picture is larger than allowed")
            raise FatalURLFetchingError from error
        except Exception:  # noqa: BLE001  whatever decoders stumble over: the picture is damaged
            return URLFetcherResponse(url, b"")

    def _picture(self, data: bytes) -> tuple[bytes, str]:
        """A picture as WeasyPrint shows it for certain, and its type: half a picture is no picture."""
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            return data, _SVG
        ImageFile.LOAD_TRUNCATED_IMAGES = False  # importing WeasyPrint sets it
        with Image.open(io.BytesIO(data), formats=READERS) as image:
            width, height = image.size
            if width * height > self._pixels:
                raise Damaged(f"a picture of {width} by {height} pixels is larger than allowed")
            image.load()
            if image.format == "JPEG" and image.mode in {"L", "RGB"}:
                return data, "image/jpeg"
            return _as_png(ImageOps.exif_transpose(image)), "image/png"


class SystemFonts(FontConfiguration):  # type: ignore[misc]
    """The installed faces alone: a document's own would have to be written to a disk, and read by more C code."""

    def __init__(self, omissions: Omissions) -> None:
        super().__init__()
        self._omissions = omissions

    def add_font_face(self, rule_descriptors: Any, url_fetcher: Any) -> None:
        """Leave it out."""
        del url_fetcher
        name = "".join(c for c in str(rule_descriptors.get("font_family", "")) if c.isprintable())[:LONGEST_NAME]
        self._omissions.say(f"the font {name} is replaced by an installed one")


class _Listener(logging.Handler):
    """Hears what WeasyPrint tells nobody else."""

    def __init__(self, omissions: Omissions, most: int) -> None:
        super().__init__()
        self._omissions = omissions
        self._most = most
        self.starved = False
        """It got no memory for something, and went on without."""

    def emit(self, record: logging.LogRecord) -> None:
        """Raises: NotWhole: there are more pages than allowed; the rest need not be set."""
        if record.name == PROGRESS_LOGGER.name:
            page = record.args[0] if record.msg.endswith("Page %d") and isinstance(record.args, tuple) else 0
            if isinstance(page, int) and page > self._most:
                raise NotWhole(f"the HTML document takes more than {self._most} pages")
        elif record.exc_info:
            self.starved = self.starved or _is_of_memory(record.exc_info[1])
        elif record.levelno >= logging.ERROR:
            self._omit(record.args if isinstance(record.args, tuple) else ())

    def _omit(self, arguments: tuple[object, ...]) -> None:
        """The last text that an error tells is a URL, if there is one."""
        url = next((one for one in reversed(arguments) if isinstance(one, str)), _SCHEME)
        if url.lower().startswith(_SCHEME):
            self._omissions.picture()
        else:
            self._omissions.name(url)


@contextmanager
def listening(omissions: Omissions, most: int) -> Iterator[None]:
    """Note what WeasyPrint leaves out, and stop it after `most` pages. Raises: NotWhole, MemoryError."""
    listener = _Listener(omissions, most)
    before, silent = LOGGER.level, logging.root.manager.disable
    logging.disable(logging.NOTSET)
    LOGGER.setLevel(logging.DEBUG)
    LOGGER.addHandler(listener)
    propagates, LOGGER.propagate = LOGGER.propagate, False
    try:
        yield
    finally:
        LOGGER.propagate = propagates
        LOGGER.removeHandler(listener)
        LOGGER.setLevel(before)
        logging.disable(silent)
    if listener.starved:
        raise MemoryError


def _as_png(image: Image.Image) -> bytes:
    image = image.convert("RGBA") if image.has_transparency_data else flat(image)
    out = io.BytesIO()
    (image.convert("L") if image.mode == "1" else image).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _is_of_memory(error: BaseException | None) -> bool:
    """Whether somebody was refused memory, however often it was raised anew."""
    while error is not None and not isinstance(error, MemoryError):
        error = error.__cause__ or error.__context__
    return error is not None


def _shown(url: str) -> str:
    """A URL, safe for a record."""
    shown = "".join(c if c.isprintable() else "?" for c in url)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 1]}…"
