"""The linters are tests."""

import subprocess
from pathlib import Path


def test_no_linter_finds_anything(root: Path) -> None:
    done = subprocess.run(["sh", "setup/lint.sh"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
