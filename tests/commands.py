"""``depesche`` as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Depesche = Callable[..., subprocess.CompletedProcess[str]]
"""Runs a command with these words; further ones by name are environment variables, and `stdin`."""

SECONDS = 60


def depesche_in(folder: Path) -> Depesche:
    """Commands are run in this folder, with nothing else in their environment."""

    def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "depesche", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "COLUMNS": "200", **environment},
            check=False,
        )

    return run
