"""What a child of the conversion process cannot do any more, whoever runs it, with bubblewrap and without."""

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from depesche.render import sandbox, seccomp

NOBODY = 65534
USERS = sorted({os.getuid(), NOBODY}) if os.getuid() == 0 else [os.getuid()]
"""Limits of processes do not hold for root: where we are root, both are tried."""

PROGRAM = """
import ctypes, json, os, resource, socket, subprocess, sys, threading
from depesche.render import limits
from depesche.render.wire import Request, Task

def of_a_new_process(number):
    if number == 0:
        os._exit(0)
    return number

def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if (result := libc.syscall(number, *map(ctypes.c_long, arguments))) < 0:
        raise OSError(ctypes.get_errno(), "syscall")
    return of_a_new_process(result)

fork, clone = {{"x86_64": (57, 56), "aarch64": (1079, 220)}}[os.uname().machine]
if os.getuid() == 0:
    os.setresuid({user}, {user}, {user})
limits.seal()
limits.confine(Request(Task.{task}, (), 1 << 30, 1 << 20, 10, 1, 1))
try:
    {action}
    end = "done"
except ValueError as error:  # so the module resource says it
    end = str(error)
except OSError as error:
    end = os.strerror(error.errno)
print(json.dumps(end))
"""


def confined(action: str, *, task: str = "FAX", user: int = USERS[0], boxed: bool = False) -> Any:
    """How an action ends after the limits are set: ``done``, or the kernel's answer."""
    command: tuple[str, ...] = (sys.executable, "-I", "-c", PROGRAM.format(action=action, task=task, user=user))
    if boxed:
        command = sandbox.wrapped(command, shutil.which("bwrap") or "bubblewrap is not installed")
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("task", ["FAX", "TEXT_PAGE"])
@pytest.mark.parametrize("boxed", [False, True])
@pytest.mark.parametrize("user", USERS)
def test_no_process_can_be_started(task: str, boxed: bool, user: int) -> None:
    assert confined("of_a_new_process(os.fork())", task=task, boxed=boxed, user=user) == "Operation not permitted"


@pytest.mark.parametrize(
    "action",
    [
        "subprocess.run(['/usr/bin/true'])",
        "os.posix_spawn('/usr/bin/true', ['true'], {})",
        "call(clone, 17, 0, 0, 0, 0)",  # flags: SIGCHLD, as fork has it
        "call(clone, 0x4111, 0, 0, 0, 0)",  # as vfork has it
    ],
)
def test_no_way_of_starting_one_is_left(action: str) -> None:
    assert confined(action) == "Operation not permitted"


def test_the_calls_that_cannot_be_looked_into_are_not_there() -> None:
    assert confined("call(435, 0, 0)") == "Function not implemented"  # clone3
    assert confined("call(fork)") in {"Operation not permitted", "Function not implemented"}


def test_a_program_that_the_child_becomes_can_start_none_either() -> None:
    program = "import json, os\ntry: os.fork()\nexcept OSError as error: print(json.dumps(os.strerror(error.errno)))"
    assert confined(f"os.execv(sys.executable, ['python', '-I', '-c', {program!r}])") == "Operation not permitted"


@pytest.mark.parametrize("user", USERS)
def test_limits_cannot_be_raised_again(user: int) -> None:
    raised = "resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))"
    assert confined(raised, user=user) == "not allowed to raise maximum limit"
    assert confined("assert resource.getrlimit(resource.RLIMIT_AS) == (1 << 30, 1 << 30)", user=user) == "done"


@pytest.mark.parametrize("boxed", [False, True])
@pytest.mark.parametrize(
    ("family", "end"), [("INET", "Permission denied"), ("INET6", "Permission denied"), ("UNIX", "done")]
)
def test_there_is_no_network(family: str, end: str, boxed: bool) -> None:
    assert confined(f"socket.socket(socket.AF_{family}).close()", boxed=boxed) == end


def test_there_is_no_way_round_the_filter() -> None:
    assert confined("call(425, 1, 0)") == "Function not implemented"  # io_uring_setup


def test_threads_are_allowed() -> None:
    assert confined("thread = threading.Thread(target=sum, args=[[]]); thread.start(); thread.join()") == "done"


def test_on_a_machine_of_which_nothing_is_known_nothing_is_confined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seccomp, "_MACHINES", {})
    with pytest.raises(OSError, match="not known"):
        seccomp.check()
