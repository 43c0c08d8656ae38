"""LibreOffice, as far as it is installed: what it converts, by which of its filters, and how it is started.

Both sides know this module: the server, and the steward that minds LibreOffice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import depesche
from depesche.render.detect import Format

PROGRAM = Path("/usr/lib/libreoffice/program")
PYTHON = Path("/usr/bin/python3")
"""Debian's, for which python3-uno is made; ours may be another."""

BRIDGE = PROGRAM / "pyuno.so"
"""From python3-uno."""

SYSTEM = ("/etc/libreoffice", "/var/lib/libreoffice", "/var/spool/libreoffice")
"""What of it is outside /usr."""

USERS = ("/etc/nsswitch.conf", "/etc/passwd")
"""Where there is no sandbox both ends look them up for the name of their pipe, and fail if they may not."""

READ = ("/usr", "/etc/fonts", "/etc/ld.so.cache", "/var/cache/fontconfig", "/dev/urandom", *SYSTEM, *USERS)
"""All that it has to read, where the folders of the root are links into /usr."""

_STEWARD = "import sys; sys.path.append({!r}); from depesche.render import steward; steward.main({!r})"


@dataclass(frozen=True, slots=True)
class Part:
    """One of LibreOffice's programs."""

    library: str
    export: str
    """Its filter for PDF."""

    package: str


WRITER = Part("libswlo.so", "writer_pdf_Export", "libreoffice-writer-nogui")
CALC = Part("libsclo.so", "calc_pdf_Export", "libreoffice-calc-nogui")


@dataclass(frozen=True, slots=True)
class Filter:
    """How a format is read. LibreOffice has hundreds of filters: no other than these ever sees a document."""

    part: Part
    name: str
    extension: str


FILTERS: Mapping[Format, Filter] = {
    Format.DOC: Filter(WRITER, "MS Word 97", "doc"),
    Format.DOCX: Filter(WRITER, "MS Word 2007 XML", "docx"),
    Format.ODT: Filter(WRITER, "writer8", "odt"),
    Format.RTF: Filter(WRITER, "Rich Text Format", "rtf"),
    Format.XLS: Filter(CALC, "MS Excel 97", "xls"),
    Format.XLSX: Filter(CALC, "Calc MS Excel 2007 XML", "xlsx"),
    Format.ODS: Filter(CALC, "calc8", "ods"),
    Format.CSV: Filter(CALC, "Text - txt - csv (StarCalc)", "csv"),
}


def lacking() -> dict[Format, str]:
    """The formats of which this machine cannot make pages, and the package that each of them wants."""
    if not BRIDGE.exists() or not PYTHON.exists():
        return dict.fromkeys(FILTERS, "python3-uno")
    return {
        format_: reader.part.package
        for format_, reader in FILTERS.items()
        if not (PROGRAM / reader.part.library).exists()
    }


def steward(timezone: str) -> tuple[str, ...]:
    """The command that starts LibreOffice and the steward in front of it; `timezone`: of the dates that fields show."""
    return str(PYTHON), "-I", "-B", "-c", _STEWARD.format(str(Path(depesche.__file__).parents[1]), timezone)


def mounts(output: int) -> tuple[str, ...]:
    """What LibreOffice finds in its sandbox beside programs and fonts (bwrap(1)): a folder that is gone with it.

    `output`: octets that a conversion may write; as much again is for the document and what LibreOffice puts aside.
    """
    system = (word for folder in SYSTEM for word in ("--ro-bind-try", folder, folder))
    return *system, "--proc", "/proc", "--dev", "/dev", "--size", str(2 * output), "--tmpfs", "/tmp"  # noqa: S108  its own
