"""How much of it this process has."""

import os
from pathlib import Path


def resident() -> int:
    """Octets now (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
