"""The command that starts the conversion process, inside bubblewrap where that is possible.

Inside there is no network, no process of ours, nowhere to write, and no folder but programs, libraries and fonts:
documents come in, and pages go out, as open files.
"""

import asyncio
import shutil
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile

import structlog

import depesche

ROOTS = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
"""Folders of the root; on most machines links into /usr."""

SYSTEM = ("/usr", "/etc/fonts", "/etc/ld.so.cache", "/var/cache/fontconfig")

ENVIRONMENT = {
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",  # every further arena takes 64 MiB of the address space that a child may have
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),  # else every page's bitmap is given back to the kernel and zeroed anew
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
    "OPENBLAS_NUM_THREADS": "1",  # numpy would start threads, and a process with threads must not fork
    "PATH": "/usr/bin:/bin",
}
"""All variables that the conversion process gets."""

PROBE_SECONDS = 10

_log = structlog.get_logger(__name__)


class SandboxMissing(Exception):
    """The settings require bubblewrap, and it is not installed or may not make namespaces here."""


WORKER = (sys.executable, "-I", "-B", "-m", "depesche.render.worker")


async def command(mode: str, program: Sequence[str] = WORKER, mounts: Sequence[str] = ()) -> tuple[str, ...]:
    """How to start a conversion process; `mode`: ``require``, ``prefer`` or ``off``; `mounts`: more for bwrap(1).

    Raises: SandboxMissing.
    """
    if mode == "off":
        return tuple(program)
    bubblewrap = shutil.which("bwrap")
    why = await _trouble(bubblewrap, mounts) if bubblewrap else "bubblewrap is not installed"
    if bubblewrap and not why:
        return wrapped(program, bubblewrap, mounts)
    if mode == "require":
        raise SandboxMissing(f"documents cannot be converted in a sandbox, as [render] sandbox requires: {why}")
    _log.warning("documents are converted without a sandbox, with limits only", why=why)
    return tuple(program)


def wrapped(program: Sequence[str], bubblewrap: str, mounts: Sequence[str] = ()) -> tuple[str, ...]:
    """The same command in a world of its own (bwrap(1)). Open files stay open."""
    environment = (word for name, value in ENVIRONMENT.items() for word in ("--setenv", name, value))
    return (
        bubblewrap, "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL",
        "--die-with-parent", "--new-session", "--clearenv", *environment,
        *_mounts(), *mounts, "--remount-ro", "/", "--chdir", "/", "--", *program,
    )  # fmt: skip


def _mounts() -> Iterator[str]:
    for root in (Path("/", name) for name in ROOTS):
        if root.is_symlink():
            yield from ("--symlink", str(root.readlink()), str(root))
        elif root.is_dir():
            yield from ("--ro-bind", str(root), str(root))
    for folder in (*SYSTEM, *_python()):
        yield from ("--ro-bind-try", folder, folder)


def _python() -> Iterator[str]:
    """Interpreter, libraries and our own package, as far as they are not in /usr."""
    package = Path(depesche.__file__).parent
    for folder in dict.fromkeys((sys.base_prefix, sys.prefix, str(package))):
        if not Path(folder).is_relative_to("/usr"):
            yield folder


async def _trouble(bubblewrap: str, mounts: Sequence[str] = ()) -> str:
    """Why bubblewrap does not work here; empty if it does. Containers often forbid namespaces."""
    with TemporaryFile() as complaint:  # whoever is cancelled while asyncio starts a process with a pipe waits for ever
        probe = await asyncio.create_subprocess_exec(
            *wrapped(("/usr/bin/true",), bubblewrap, mounts),
            stdin=DEVNULL, stdout=DEVNULL, stderr=complaint, env=ENVIRONMENT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await probe.wait()
        except TimeoutError:
            probe.kill()
            await probe.wait()
            return "bubblewrap does not answer"
        complaint.seek(0)
        return complaint.read().decode(errors="replace").strip()[:300] or "unknown" if probe.returncode else ""
