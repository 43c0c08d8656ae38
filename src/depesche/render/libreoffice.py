"""A running LibreOffice, told by UNO over a pipe what to convert. Only the steward loads this: UNO is Debian's.

Its profile is made anew each time it starts, and says no to everything by which a document could do more than be
printed. The document lies in a folder of its own that is emptied after each one.
"""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL
from typing import Any, BinaryIO

import uno  # type: ignore[import-not-found]
import unohelper  # type: ignore[import-not-found]
from com.sun.star.task import XInteractionHandler  # type: ignore[import-not-found]

from depesche.render import columns, landlock, limits
from depesche.render.container import check
from depesche.render.detect import Format
from depesche.render.errors import ConverterFailed, Damaged, NotWhole
from depesche.render.office import FILTERS, PROGRAM, READ
from depesche.render.seccomp import forbid_processes
from depesche.render.wire import Request

START_SECONDS = 100
START_AGAIN = 81
"""What it exits with when it has made its profile and wants to be started anew (desktop: EXITHELPER_NORMAL_RESTART)."""

PAUSE = 0.01
DYING_SECONDS = 2.0
"""How long a LibreOffice that broke off the conversation may take to end by itself, so that the reason can be told."""

PIPE = "depesche"
NEVER, NO_UPDATE = 0, 0
"""com.sun.star.document: MacroExecMode.NEVER_EXECUTE, UpdateDocMode.NO_UPDATE."""

_LOCALE = "de-DE"
"""Of dates and numbers that leave their look to the reader's machine."""

_COMMON = "/org.openoffice.Office.Common"
PROFILE: tuple[tuple[str, str, str], ...] = (
    (f"{_COMMON}/Security/Scripting", "DisableMacrosExecution", "true"),
    (f"{_COMMON}/Security/Scripting", "MacroSecurityLevel", "3"),
    (f"{_COMMON}/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    (f"{_COMMON}/Misc", "FirstRun", "false"),
    (f"{_COMMON}/Misc", "UseOpenCL", "false"),
    (f"{_COMMON}/Undo", "Steps", "0"),
    (f"{_COMMON}/History", "PickListSize", "0"),
    ("/org.openoffice.Office.Java/VirtualMachine", "Enable", "false"),
    ("/org.openoffice.Office.Recovery/AutoSave", "Enabled", "false"),
    ("/org.openoffice.Office.Recovery/RecoveryInfo", "Enabled", "false"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", "2"),  # never
    ("/org.openoffice.Office.Calc/Content/Update", "Link", "2"),
    ("/org.openoffice.Office.Calc/Formula/Load", "OOXMLRecalcMode", "1"),  # never: what the file says is printed
    ("/org.openoffice.Office.Calc/Formula/Load", "ODFRecalcMode", "1"),
    ("/org.openoffice.Setup/L10N", "ooSetupSystemLocale", _LOCALE),
    ("/org.openoffice.Setup/Office", "ooSetupInstCompleted", "true"),
)
"""Settings: where, which, what."""

PDF: dict[str, Any] = {
    "Quality": 90,
    "MaxImageResolution": 300,
    "ReduceImageResolution": True,
    "ExportFormFields": False,  # they are drawn as what they hold
    "ExportBookmarks": False,
    "ExportNotes": False,
    "UseTaggedPDF": False,
    "IsSkipEmptyPages": True,
}


PIPES = Path("/tmp")  # noqa: S108  whatever TMPDIR says
"""Where LibreOffice makes the names of its pipes."""


class Died(Exception):
    """LibreOffice ended, or had to be ended: it takes no further document."""


class _Handler(unohelper.Base, XInteractionHandler):  # type: ignore[misc]
    """Is asked what a person would be asked, remembers it, and leaves it unanswered: LibreOffice gives up then."""

    def __init__(self) -> None:
        self.wants_password = False

    def handle(self, request: Any) -> None:
        """The request itself is an exception, which pyuno cannot hand over as a value: the possible answers tell."""
        answers = request.getContinuations()
        self.wants_password = self.wants_password or any(hasattr(answer, "setPassword") for answer in answers)


class LibreOffice:
    """One process."""

    def __init__(self, folder: Path, timezone: str) -> None:
        """`folder`: its own, for everything that it writes. Raises: Died, OSError."""
        self._folder = folder
        self._timezone = timezone
        self._work = folder / "document"
        self._made = self._work / "made.pdf"
        self._most = 0
        self._write_profile()
        self._process = self._start()
        self._desktop = self._connect()

    @property
    def pid(self) -> int:
        return self._process.pid

    def size(self) -> int:
        """Octets of its address space; 0 if it is gone."""
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[0]
        except (OSError, IndexError):
            return 0
        return int(pages) * resource.getpagesize()

    @property
    def overflowed(self) -> bool:
        """Whether it wrote as much as it may."""
        return self._made.exists() and self._made.stat().st_size >= self._most

    def kill(self) -> None:
        """End it, in whatever it is. Only as long as it was not buried."""
        os.kill(self.pid, signal.SIGKILL)

    def bury(self) -> tuple[int, int]:
        """Wait a moment for its end, then bring it about. Returns: its status (``os.waitpid``), octets at most."""
        until = time.monotonic() + DYING_SECONDS
        while True:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if pid:
                return status, used.ru_maxrss * 1024
            if time.monotonic() > until:
                self.kill()
            time.sleep(PAUSE)

    def convert(self, source: BinaryIO, format_: Format, request: Request) -> Path:
        """Make a PDF document; it is there until the next one.

        Raises: Damaged, NotWhole, ConverterFailed; Died.
        """
        check(format_, source, request.memory)
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir()
        self._allow(request)
        document = self._work / f"document.{FILTERS[format_].extension}"
        source.seek(0)
        with document.open("wb") as copy:
            shutil.copyfileobj(source, copy)
        made = self._made
        with self._loaded(document, format_) as loaded:
            self._export(loaded, format_, made, request)
        return made

    def _allow(self, request: Request) -> None:
        """Limits for this document. The steward watches the memory; this one is for a leap that it cannot see."""
        self._most = request.output
        most = self.size() + 2 * request.memory
        for limit, value in ((resource.RLIMIT_AS, most), (resource.RLIMIT_FSIZE, request.output)):
            resource.prlimit(self.pid, limit, (value, resource.RLIM_INFINITY))

    @contextmanager
    def _loaded(self, document: Path, format_: Format) -> Iterator[Any]:
        reader, handler = FILTERS[format_], _Handler()
        properties = {
            "FilterName": reader.name,
            "Hidden": True,
            "ReadOnly": True,
            "MacroExecutionMode": NEVER,
            "UpdateDocMode": NO_UPDATE,
            "InteractionHandler": handler,
        }
        if format_ is Format.CSV:
            properties["FilterOptions"] = columns.options(document)
        loaded = None
        with suppress(Exception):  # each filter has its own
            loaded = self._desktop.loadComponentFromURL(document.as_uri(), "_blank", 0, _properties(properties))
        if loaded is None:
            self._check_lives()
            raise Damaged(f"the document is {'encrypted' if handler.wants_password else 'broken'}")
        try:
            yield loaded
        finally:
            with suppress(Exception):
                loaded.close(True)

    def _export(self, loaded: Any, format_: Format, made: Path, request: Request) -> None:
        data = uno.Any("[]com.sun.star.beans.PropertyValue", _properties(PDF))
        try:
            if format_ is Format.CSV:
                _leave_out_headers(loaded)
            _check_pages(loaded.getRendererCount(loaded, _properties(PDF)), request.most)
            options = {"FilterName": FILTERS[format_].part.export, "FilterData": data}
            loaded.storeToURL(made.as_uri(), _properties(options))
        except NotWhole:
            raise
        except Exception as error:
            self._check_lives()
            if made.exists() and made.stat().st_size:
                raise NotWhole("the pages are larger than allowed") from error
            raise ConverterFailed(f"LibreOffice does not print the document: {type(error).__name__}") from error

    def _check_lives(self) -> None:
        """After a failure: one that dies fails first, and is gone a moment later; so it has to say something sensible.

        Raises: Died: it was not the document.
        """
        try:
            self._desktop.getFrames().getCount()
        except Exception as error:
            raise Died from error
        if not _lives(self.pid):
            raise Died

    def _write_profile(self) -> None:
        settings = self._folder / "profile" / "user" / "registrymodifications.xcu"
        settings.parent.mkdir(parents=True)
        items = "".join(
            f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
            for path, name, value in PROFILE
        )
        settings.write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
            f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{items}</oor:items>\n',
            encoding="utf-8",
        )

    def _start(self) -> "subprocess.Popen[bytes]":
        """The process itself, without the scripts and starters around it: it is to be our child."""
        parent = os.getpid()

        def confine() -> None:
            limits.die_with(parent)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            landlock.confine(reach(self._folder) | {Path("/proc/self"): landlock.READ})
            forbid_processes()

        return subprocess.Popen(
            [
                str(PROGRAM / "soffice.bin"),
                "--headless", "--invisible", "--norestore", "--nologo", "--nodefault", "--nolockcheck",
                f"-env:UserInstallation={(self._folder / 'profile').as_uri()}",
                f"--accept=pipe,name={self._pipe};urp;",
            ],
            stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, cwd=self._folder, env=self._environment(),
            preexec_fn=confine,  # noqa: PLW1509  nothing else runs in this process yet
        )  # fmt: skip

    @property
    def _pipe(self) -> str:
        """Without a sandbox other users' programs see it: its name is not guessed."""
        return f"{PIPE}-{self._folder.name}"

    def _remove_pipes(self) -> None:
        """We are connected, nobody else is to be; and without a sandbox no name is left when all are killed."""
        sockets = {str(opened.readlink()) for opened in Path(f"/proc/{self.pid}/fd").iterdir()}
        for line in Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace").splitlines()[1:]:
            *_, inode, path = line.split(maxsplit=7) if line.count("/") else ("", "", "")
            if f"socket:[{inode}]" in sockets:
                Path(path).unlink(missing_ok=True)

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self._folder),
            "TMPDIR": str(self._folder),
            "LANG": "C.UTF-8",
            "PATH": "/usr/bin:/bin",
            "TZ": self._timezone,
            "MALLOC_ARENA_MAX": "2",
            "SAL_USE_VCLPLUGIN": "svp",
            "SAL_DISABLE_OPENCL": "1",
        }

    def _connect(self) -> Any:
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if (code := self._process.poll()) == START_AGAIN:
                self._process = self._start()
            elif code is not None:
                break
            with suppress(Exception):  # it does not listen yet
                context = resolver.resolve(f"uno:pipe,name={self._pipe};urp;StarOffice.ComponentContext")
                self._remove_pipes()
                return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
            time.sleep(PAUSE)
        raise Died(f"LibreOffice does not start: {self._process.poll()}")


def reach(folder: Path) -> dict[Path, int]:
    """All files that it needs, and the rights that it needs to them; `folder`: its own."""
    made = {Path("/dev/null"): landlock.ALL, folder: landlock.ALL}
    return dict.fromkeys(map(Path, READ), landlock.READ) | {PIPES: landlock.MAKE_SOCKET | landlock.REMOVE_FILE} | made


def _lives(pid: int) -> bool:
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return ended is None


def _check_pages(pages: int, most: int) -> None:
    """Before they are written. Raises: NotWhole."""
    if not pages:
        raise NotWhole("there is no page")
    if pages > most:
        raise NotWhole(f"there are more than {most} pages")


def _leave_out_headers(loaded: Any) -> None:
    """A table of text has no page of its own; LibreOffice would put the name of the file on it."""
    styles = loaded.StyleFamilies.getByName("PageStyles")
    for name in styles.ElementNames:
        style = styles.getByName(name)
        style.HeaderIsOn = style.FooterIsOn = False


def _properties(values: dict[str, Any]) -> tuple[Any, ...]:
    def one(name: str, value: Any) -> Any:
        made = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
        made.Name, made.Value = name, value
        return made

    return tuple(one(name, value) for name, value in values.items())
