"""The fence around files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from depesche.render import landlock

PROGRAM = """
import json, os, sys
from pathlib import Path
from depesche.render import landlock, limits

inside, outside = map(Path, sys.argv[1:])

def attempt(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "done"

limits.seal()
held = landlock.confine({inside: landlock.ALL, outside / "open": landlock.READ, outside / "none": landlock.READ})
attempts = {
    "write inside": lambda: (inside / "new").write_bytes(b"x"),
    "move inside": lambda: (inside / "new").rename(inside / "folder" / "new"),
    "read what is open": lambda: (outside / "open" / "file").read_bytes(),
    "write what is open": lambda: (outside / "open" / "file").write_bytes(b"x"),
    "read outside": lambda: (outside / "file").read_bytes(),
    "list outside": lambda: os.listdir(outside),
    "write outside": lambda: (outside / "new").write_bytes(b"x"),
    "remove outside": lambda: (outside / "file").unlink(),
    "read through a link": lambda: (inside / "link").read_bytes(),
    "run a program": lambda: os.execv("/usr/bin/true", ["true"]),
}
print(json.dumps({"held": held} | {name: attempt(action) for name, action in attempts.items()}))
"""


def test_what_is_outside_cannot_be_reached(tmp_path: Path) -> None:
    assert landlock.version() > 0, "this kernel has no Landlock (5.13 or newer, switched on)"
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside / "folder", outside / "open"):
        folder.mkdir(parents=True)
    for file in (outside / "file", outside / "open" / "file"):
        file.write_bytes(b"Kanarienvogel")
    (inside / "link").symlink_to(outside / "file")
    command = [sys.executable, "-c", PROGRAM, str(inside), str(outside)]
    told = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    allowed = {"held": True} | dict.fromkeys(("write inside", "move inside", "read what is open"), "done")
    assert json.loads(told) == allowed | dict.fromkeys(
        (
            "write what is open", "read outside", "list outside", "write outside", "remove outside",
            "read through a link", "run a program",
        ),
        "PermissionError",
    )  # fmt: skip


def test_a_kernel_without_it_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert landlock.confine({}) is False
