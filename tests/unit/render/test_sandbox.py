"""What a converter cannot do in its sandbox, and what is done where there can be none."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import structlog

import depesche
from depesche.render import sandbox

BWRAP = shutil.which("bwrap") or "/usr/bin/bwrap"
"""`make test` installs it: where it is missing all the same, these tests fail."""

WORKER = (sys.executable, "-I", "-B", "-m", "depesche.render.worker")


def kernels_refusal() -> str:
    """Why this machine lets nobody make namespaces (docs/howto/operate.md); empty where it does.

    Asked without our own options: a mistake in those must not pass for a refusal.
    """
    bare = [BWRAP, "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "/usr/bin/true"]
    probe = subprocess.run(bare, capture_output=True, text=True, check=False)
    return (probe.stderr.strip() or "unknown") if probe.returncode else ""


TROUBLE = kernels_refusal()


def inside(program: str) -> Any:
    """What a program in the sandbox writes as JSON."""
    ran = subprocess.run(
        sandbox.wrapped((sys.executable, "-I", "-c", program), BWRAP), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def attempt(action: str) -> Any:
    """How an action in the sandbox ends: ``done`` or the name of its failure."""
    return inside(
        "import json, os, socket\n"
        f"try:\n    {action}\n    end = 'done'\n"
        "except OSError as error:\n    end = type(error).__name__\n"
        "print(json.dumps(end))"
    )


@pytest.mark.skipif(bool(TROUBLE), reason=f"this machine lets nobody make namespaces: {TROUBLE}")
class TestInside:
    """Where the machine allows no namespaces there is no inside; the summary says so, and why."""

    def test_a_file_outside_cannot_be_read(self, tmp_path: Path) -> None:
        canary = tmp_path / "canary"
        canary.write_text("secret")
        assert attempt(f"open({str(canary)!r}).read()") == "FileNotFoundError"
        for path in (
            "/etc/passwd",
            "/etc/hostname",
            "/home",
            "/proc",
            "/dev",
            "/tmp",
            "/var/lib",
            str(Path.home() / ".ssh"),
        ):
            if not any(Path(seen).is_relative_to(path) for seen in (depesche.__file__, sys.prefix, sys.base_prefix)):
                assert attempt(f"os.stat({path!r})") == "FileNotFoundError"

    def test_of_our_own_folders_only_the_package_is_there(self) -> None:
        package = Path(depesche.__file__).parent
        assert inside(f"import json, os; print(json.dumps(os.listdir({str(package.parent)!r})))") == ["depesche"]

    def test_a_listening_socket_cannot_be_reached(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0)
            port = server.getsockname()[1]
            assert attempt(f"socket.create_connection(('127.0.0.1', {port}), 2)") == "ConnectionRefusedError"
            with pytest.raises(BlockingIOError):
                server.accept()

    def test_a_unix_socket_cannot_be_reached(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as abstract:
            server.bind(str(tmp_path / "socket"))
            server.listen()
            abstract.bind(b"\0depesche-test-" + str(os.getpid()).encode())
            abstract.listen()
            assert attempt(f"socket.socket(socket.AF_UNIX).connect({server.getsockname()!r})") == "FileNotFoundError"
            assert (
                attempt(f"socket.socket(socket.AF_UNIX).connect({abstract.getsockname()!r})")
                == "ConnectionRefusedError"
            )

    def test_nothing_can_be_written(self) -> None:
        package = Path(depesche.__file__).parent
        for folder in ("/", "/usr", "/tmp", sys.prefix, str(package)):
            assert attempt(f"open('{folder}/x', 'w')") in {"OSError", "PermissionError", "FileNotFoundError"}

    def test_the_environment_is_empty_but_for_what_is_needed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DEPESCHE_SECRET", "secret")
        found = inside("import json, os; print(json.dumps(dict(os.environ)))")
        assert {name: value for name, value in found.items() if name not in {"PWD", "LC_CTYPE"}} == sandbox.ENVIRONMENT

    def test_other_processes_cannot_be_killed(self) -> None:
        assert attempt(f"os.kill({os.getpid()}, 0)") == "ProcessLookupError"

    def test_there_are_no_privileges_inside(self) -> None:
        program = (
            "import ctypes, json, os\n"
            "header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()\n"
            "assert ctypes.CDLL(None).capget(header, sets) == 0\n"
            "print(json.dumps([os.getuid(), os.getgid(), *sets]))"
        )
        assert inside(program) == [65534, 65534, 0, 0, 0, 0, 0, 0]


def command(mode: str) -> tuple[str, ...]:
    return asyncio.run(sandbox.command(mode))


def falls_back(why: str) -> bool:
    """Whether documents are converted without a sandbox, with a warning that says why, unless one is required."""
    with pytest.raises(sandbox.SandboxMissing, match=re.escape(why)):
        command("require")
    with structlog.testing.capture_logs() as logged:
        chosen = command("prefer")
    [warning] = logged
    return chosen == WORKER and warning["log_level"] == "warning" and why in warning["why"]


def test_this_machine_has_a_sandbox_or_falls_back_as_documented() -> None:
    if TROUBLE:
        assert falls_back(asyncio.run(sandbox._trouble(BWRAP)))
    else:
        assert command("require") == command("prefer") == sandbox.wrapped(WORKER, BWRAP)


def test_the_sandbox_can_be_switched_off() -> None:
    assert command("off") == WORKER


def fake_bubblewrap(folder: Path, script: str) -> None:
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (None, "not installed"),
        ("echo bwrap: No permissions to create new namespace >&2; exit 1", "No permissions"),
        ("exit 1", "unknown"),
        ("exec sleep 60", "does not answer"),
    ],
)
def test_where_it_does_not_work_it_is_required_or_warned_of(
    script: str | None, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if script:
        fake_bubblewrap(tmp_path, script)
    monkeypatch.setenv("PATH", str(tmp_path) if script is None else f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(sandbox, "PROBE_SECONDS", 0.3)
    assert falls_back(why)


def test_where_it_works_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_bubblewrap(tmp_path, "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert command("require") == command("prefer") == sandbox.wrapped(WORKER, str(tmp_path / "bwrap"))


def test_whoever_is_cancelled_while_it_is_tried_out_does_not_wait_for_ever() -> None:
    async def work() -> None:
        for milliseconds in range(20):
            trying = asyncio.create_task(sandbox.command("prefer"))
            await asyncio.sleep(milliseconds / 1000)
            trying.cancel()
            async with asyncio.timeout(30):
                await asyncio.wait([trying])

    asyncio.run(work())
