"""A stranger's code in the conversion process of a running server: what it can reach.

The server's converter is a real one in its own sandbox, with one difference: of a text file that begins with a mark it
does what is written there, as a document would that makes a hole in a library its own.
"""

import asyncio
import errno
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract.conftest import house_beside, sender
from depesche.render import sandbox
from depesche.usecases import jobs
from documents import pdf, words
from peers.listener import listener
from serving import Serving

MARK = "#!uebernommen"

CONVERTER = f"""
import json, os, socket
from depesche.render import worker
from depesche.render.wire import Done, Task

honest = worker.perform

def attempt(action):
    try:
        return eval(action)
    except OSError as error:
        return error.errno

def perform(request, files):
    if request.task is Task.PLAIN_TEXT and files[0].readline().strip() == {MARK.encode()!r}:
        ends = [attempt(action) for action in json.load(files[0])]
        files[0].seek(0)
        return Done(honest(request, files).pages, warnings=(json.dumps(ends),))
    files[0].seek(0)
    return honest(request, files)

worker.perform = perform
worker.main()
"""

SERVER = f"""
import sys
from depesche.render import sandbox
sandbox.command.__defaults__ = ((sys.executable, "-I", "-B", "-c", {CONVERTER!r}), ())
from depesche.cli.main import run
run()
"""


class TakenOver(Serving):
    program = ("-c", SERVER)


Ends = list[object]
Attempts = Callable[..., Ends]
"""Does what the words say, Python expressions, in the conversion process; gives their values, or what errno says."""


@contextmanager
def taken_over(data: Path, mode: str) -> Iterator[tuple[Serving, Attempts]]:
    serving = TakenOver(data, DEPESCHE_RENDER__SANDBOX=mode).start()
    send = sender(serving)

    def attempts(*actions: str) -> Ends:
        text = f"{MARK}\n{json.dumps(actions)}".encode()
        answer = send(JobType=0, Recipient="+493023125000", SendText="", SendFilename1="a.txt", SendFile1=text)
        assert answer["return"] == "0"
        with house_beside(serving) as house:
            told = asyncio.run(jobs.show(house, int(answer["JobId"]))).head.warnings
        ends: Ends = json.loads(next(warning for warning in told if warning.startswith("[")))
        return ends

    yield serving, attempts
    assert serving.stop() == 0


def trouble() -> str:
    """Why this machine lets nobody make namespaces; empty where it does (docs/howto/operate.md)."""
    return asyncio.run(sandbox._trouble(shutil.which("bwrap") or "bwrap"))


@pytest.fixture(scope="module")
def boxed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, Attempts]]:
    with taken_over(tmp_path_factory.mktemp("boxed") / "data", "require") as made:
        yield made


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, Attempts]]:
    """Without the sandbox, where the same attempts succeed: that they fail inside is the sandbox's doing."""
    with taken_over(tmp_path_factory.mktemp("bare") / "data", "off") as made:
        yield made


def targets(serving: Serving) -> Mapping[str, Path]:
    """Files that are there, and none of the converter's business."""
    other = sender(serving)(JobType=0, Recipient="+493023125000", SendText="", SendFilename1="geheim.pdf",
                            SendFile1=pdf(words(f"Befund {serving.pid}")))  # fmt: skip
    assert other["return"] == "0"
    blob = next(path for path in (serving.data / "blobs").rglob("*") if path.is_file())
    settings = serving.data.parent / "depesche.toml"
    settings.write_text("# geheim\n")
    found = {
        "the database": serving.data / "depesche.db",
        "a document of another job": blob,
        "the settings": settings,
        "the log": serving.log,
        "the users of this machine": Path("/etc/passwd"),
        "the server's environment": Path(f"/proc/{serving.pid}/environ"),
        "the server's root": Path(f"/proc/{serving.pid}/root/etc/passwd"),
        "an open file of the server": next(Path(f"/proc/{serving.pid}/fd").iterdir()),
        "this test": Path(__file__),
    }
    assert [name for name, path in found.items() if not path.exists()] == []
    return found


def reading(path: Path) -> str:
    return f"bool(os.stat({str(path)!r}))"


@pytest.fixture(scope="module")
def namespaces() -> None:
    """The sandbox cannot be shown without them: then this fails, and says what the machine lacks."""
    assert not trouble(), f"this machine lets nobody make namespaces: {trouble()}"


needs_namespaces = pytest.mark.usefixtures("namespaces")


@needs_namespaces
def test_no_file_of_the_server_is_there(boxed: tuple[Serving, Attempts], bare: tuple[Serving, Attempts]) -> None:
    for (serving, attempts), end in ((boxed, errno.ENOENT), (bare, True)):
        paths = targets(serving)
        ends = attempts(*map(reading, paths.values()))
        assert dict(zip(paths, ends, strict=True)) == dict.fromkeys(paths, end)


@needs_namespaces
def test_nothing_can_be_left_behind(boxed: tuple[Serving, Attempts], bare: tuple[Serving, Attempts]) -> None:
    for (serving, attempts), works in ((boxed, False), (bare, True)):
        folders = [serving.data, serving.data / "blobs", Path("/tmp"), Path("/usr/share/fonts"), Path(sys.prefix)]
        names = [folder / f"hinterlassen-{os.getpid()}" for folder in folders]
        ends = attempts(*(f"bool(os.open({str(name)!r}, os.O_CREAT | os.O_WRONLY))" for name in names))
        made = [name.exists() for name in names]
        for name in names:
            name.unlink(missing_ok=True)
        assert made[0] is works
        if not works:
            assert not any(made)
            assert set(ends) <= {errno.ENOENT, errno.EROFS}


def test_nobody_can_be_called(boxed: tuple[Serving, Attempts], bare: tuple[Serving, Attempts], tmp_path: Path) -> None:
    """Neither inside nor outside of the sandbox: the filter of system calls is everywhere."""
    with listener() as (url, asked), socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "door"))
        door.listen()
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            pass  # it listens
        for serving, attempts in (boxed, bare):
            own = int(serving.base_url.rpartition(":")[2])
            ends = attempts(
                f"bool(socket.create_connection(('127.0.0.1', {port}), 2))",
                f"bool(socket.create_connection(('127.0.0.1', {own}), 2))",
                f"bool(socket.create_connection(('::1', {port}), 2))",
                f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))",
                "bool(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))",
                "bool(socket.socket(socket.AF_PACKET, socket.SOCK_RAW))",
            )
            assert set(ends) <= {errno.EACCES, errno.EPERM}
        assert not asked


@needs_namespaces
def test_a_socket_in_a_folder_is_not_there(boxed: tuple[Serving, Attempts], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "door"))
        door.listen()
        _, attempts = boxed
        assert attempts(f"socket.socket(socket.AF_UNIX).connect({str(tmp_path / 'door')!r})") == [errno.ENOENT]


def test_it_holds_its_own_document_and_nobody_elses(
    boxed: tuple[Serving, Attempts], bare: tuple[Serving, Attempts]
) -> None:
    """Three times nothing, the one it talks to, the document, and what comes of it."""
    for _, attempts in (boxed, bare):
        [held] = attempts("[n for n in range(200) if attempt(f'os.fstat({n}) and 0') == 0]")
        assert isinstance(held, list)
        assert held[:4] == [0, 1, 2, 3]
        assert len(held) == 6


@needs_namespaces
def test_no_other_process_can_be_seen(boxed: tuple[Serving, Attempts]) -> None:
    serving, attempts = boxed
    ends = attempts(f"os.kill({serving.pid}, 0)", "os.listdir('/proc')", "os.kill(1, 9)", "os.getppid() < 10")
    assert ends[:2] == [errno.ESRCH, errno.ENOENT]
    assert ends[3] is True
