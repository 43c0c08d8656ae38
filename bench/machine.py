"""What the figures were measured on."""

import os
import platform
import re
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from depesche import __version__

SYNCS = 300
IN_MEMORY = ("tmpfs", "ramfs")


def line() -> str:
    """One line: day, processor, memory, system, Python and Depesche."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({_processor()}), {_memory_gib():.0f} GiB, "
        f"{platform.freedesktop_os_release().get('PRETTY_NAME', 'Linux')}, Linux {platform.release()}; "
        f"Depesche {__version__} on Python {platform.python_version()}"
    )


def load() -> float:
    """How many processes wanted a core in the last minute: what runs beside a benchmark falsifies it."""
    return os.getloadavg()[0]


def file_system(folder: Path) -> str:
    """Its type, as the kernel names it."""
    told = subprocess.run(["stat", "--file-system", "--format=%T", folder], capture_output=True, text=True, check=True)
    return told.stdout.strip()


def sync_milliseconds(folder: Path) -> float:
    """Median time of fdatasync after 4 KiB were appended to a file."""
    times = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            start = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    (folder / "sync").unlink()
    return median(times) * 1000


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
