"""Our side of the conversion process, with real ones and with ones that misbehave."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from depesche.render import process as process_module
from depesche.render import sandbox
from depesche.render.detect import Format
from depesche.render.errors import ConverterFailed, Damaged, NotWhole
from depesche.render.process import ConversionProcess, ProcessLost
from depesche.render.wire import Done, Request, Task
from documents import (
    BLACK_SQUARE,
    encrypted_pdf,
    endless_pdf,
    file,
    pdf,
    pdf_showing,
    pdf_with_stamp,
    picture,
    picture_object,
)
from processes import Watch, descendants
from studio import Studio

MIB = 1 << 20


async def conversion(
    process: ConversionProcess,
    task: Task,
    *documents: tuple[Format, bytes],
    written: list[bytes] | None = None,
    **changes: Any,
) -> Done:
    """One conversion; what is written is appended to `written`."""
    limits = {"memory": 1024 * MIB, "output": 64 * MIB, "seconds": 10.0, "pixels": 10**8, "most": 500} | changes
    request = Request(task, tuple(format_ for format_, _ in documents), **limits)
    with ExitStack() as open_files:
        files = [open_files.enter_context(file(data)) for _, data in documents]
        output = open_files.enter_context(file(b"")) if written is not None else None
        descriptors = [opened.fileno() for opened in (*files, *([output] if output else []))]
        done = await process.convert(request, descriptors)
        if output and written is not None:
            output.seek(0)
            written.append(output.read())
        return done


def test_conversions_succeed_and_fail_one_after_the_other_in_one_process(any_studio: Studio) -> None:
    async def work() -> None:
        process = await any_studio.process()
        assert await conversion(process, Task.COUNT, (Format.PDF, pdf(b"", b""))) == Done(2)
        with pytest.raises(Damaged, match="encrypted"):
            await conversion(process, Task.COUNT, (Format.PDF, encrypted_pdf()))
        with pytest.raises(NotWhole, match="more than 1"):
            await conversion(process, Task.COUNT, (Format.PDF, pdf(b"", b"")), most=1)
        written: list[bytes] = []
        done = await conversion(process, Task.FAX, (Format.PDF, pdf(BLACK_SQUARE)), written=written)
        assert (done.pages, done.strips[0].rows, done.strips[0].octets) == (1, 2292, len(written[0]))
        assert await conversion(process, Task.PLAIN_TEXT, (Format.TEXT, b"Guten Tag"), written=written) == Done(1)

    any_studio.run(work())


def test_many_conversions_run_at_once_and_do_not_mix(studio: Studio) -> None:
    async def work() -> None:
        process = await studio.process()
        documents = [pdf(*[b""] * pages) for pages in range(1, 13)]
        counted = await asyncio.gather(*(conversion(process, Task.COUNT, (Format.PDF, data)) for data in documents))
        assert [done.pages for done in counted] == list(range(1, 13))

    studio.run(work())


def test_a_conversion_that_takes_too_long_is_killed(any_studio: Studio) -> None:
    async def work() -> None:
        process = await any_studio.process()
        before = descendants(process.pid)
        task = asyncio.create_task(conversion(process, Task.FAX, (Format.PDF, endless_pdf()), written=[], seconds=0.7))
        children = await _new_descendants(process, before)
        watch = Watch(children)
        with pytest.raises(ConverterFailed, match="longer than"):
            await task
        assert watch.all_end()
        assert descendants(process.pid) == before
        assert await conversion(process, Task.COUNT, (Format.PDF, pdf(b""))) == Done(1)

    any_studio.run(work())


def test_the_processor_time_of_a_conversion_is_limited_too(studio: Studio) -> None:
    async def work() -> None:
        process = await studio.process()
        before = descendants(process.pid)
        task = asyncio.create_task(conversion(process, Task.FAX, (Format.PDF, endless_pdf()), written=[]))
        (child,) = await _new_descendants(process, before)
        os.kill(child, signal.SIGXCPU)  # what the kernel does at the limit
        with pytest.raises(ConverterFailed, match="processor time"):
            await task

    studio.run(work())


def test_limits_hold_for_the_child(any_studio: Studio) -> None:
    async def work() -> None:
        process = await any_studio.process()
        before = descendants(process.pid)
        task = asyncio.create_task(
            conversion(process, Task.FAX, (Format.PDF, endless_pdf()), written=[], seconds=30.0, output=7 * MIB)
        )
        (child,) = await _new_descendants(process, before)
        limits = await _limits(child)
        assert limits["Max address space"] == str(1024 * MIB)
        assert limits["Max cpu time"] == "30"
        assert limits["Max file size"] == str(7 * MIB)
        assert limits["Max open files"] == "64"
        assert limits["Max core file size"] == "0"
        task.cancel()
        watch = Watch([child])
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(watch.all_end)

    any_studio.run(work())


def test_a_child_that_is_killed_is_a_failure_of_the_converter(studio: Studio) -> None:
    async def work() -> None:
        process = await studio.process()
        before = descendants(process.pid)
        task = asyncio.create_task(conversion(process, Task.FAX, (Format.PDF, endless_pdf()), written=[]))
        (child,) = await _new_descendants(process, before)
        os.kill(child, signal.SIGSEGV)
        with pytest.raises(ConverterFailed, match="SIGSEGV"):
            await task

    studio.run(work())


def test_a_document_that_takes_too_much_memory_is_damaged(any_studio: Studio) -> None:
    picture_of_400_mib = picture("PNG", Image.new("RGB", (12_000, 12_000)), compress_level=1)
    page_of_endless_content = pdf(b"q 0 0 m 1 1 l S Q " * 1_500_000)

    async def work() -> None:
        process = await any_studio.process()
        for format_, data in ((Format.PNG, picture_of_400_mib), (Format.PDF, page_of_endless_content)):
            with pytest.raises(Damaged, match="memory"):
                await conversion(process, Task.FAX, (format_, data), written=[], memory=400 * MIB, pixels=10**9)

    any_studio.run(work())


BEGUN = zlib.compress(bytes(1 << 20))
"""Pixels of which the rest is missing: the memory is wanted before that is seen."""

MASKED = {
    100: picture_object(8_000, 8_000, zlib.compress(bytes(8_000 * 8_000 * 3), 1), entries=b"/SMask 101 0 R"),
    101: picture_object(8_000, 8_000, zlib.compress(b"\xff" * 8_000 * 8_000, 1), colours=1),
}
FACES = b" ".join(b"BT /%s 12 Tf 70 700 Td (x) Tj ET" % face for face in (b"A", b"B", b"C"))
FACES_RESOURCES = b"/XObject<</I 100 0 R>>/Font<<" + b"".join(
    b"/%s<</Type/Font/Subtype/TrueType/BaseFont/%s/Encoding/WinAnsiEncoding>>" % face
    for face in ((b"A", b"Arial"), (b"B", b"Unknown"), (b"C", b"SimSun"))
)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pdf_showing({100: picture_object(16_000, 16_000, BEGUN)}), id="on the page"),
        pytest.param(pdf_showing(MASKED), id="with a mask"),
        pytest.param(pdf_with_stamp(picture_object(16_000, 16_000, BEGUN)), id="in a stamp"),
        pytest.param(
            pdf(
                b"q 500 0 0 400 50 50 cm /I Do Q " + FACES,
                resources=FACES_RESOURCES + b">>",
                objects={100: picture_object(16_000, 16_000, BEGUN)},
            ),
            id="before text in faces that have to be looked for",
        ),
    ],
)
def test_a_picture_for_which_there_is_no_memory_is_damaged_and_not_left_out(any_studio: Studio, data: bytes) -> None:
    async def work() -> None:
        process = await any_studio.process()
        with pytest.raises(Damaged, match="memory"):
            await conversion(process, Task.FAX, (Format.PDF, data), written=[], memory=400 * MIB, pixels=10**9)

    any_studio.run(work())


def test_pictures_that_fit_one_by_one_are_all_drawn(studio: Studio) -> None:
    pixels = zlib.compress(bytes(3_000 * 3_000 * 3), 1)
    names = range(100, 120)
    shown = b" ".join(
        b"q 100 0 0 100 %d %d cm /I%d Do Q" % (50 + 100 * (name % 5), 50 + 100 * (name % 100 // 5), name)
        for name in names
    )
    data = pdf(
        shown,
        resources=b"/XObject<<%s>>" % b"".join(b"/I%d %d 0 R" % (name, name) for name in names),
        objects={name: picture_object(3_000, 3_000, pixels) for name in names},
    )

    async def work() -> int:
        written: list[bytes] = []
        process = await studio.process()
        request = (Format.PDF, data)
        alone = await conversion(process, Task.FAX, (Format.PDF, pdf(b"50 50 500 400 re f")), written=written)
        every = await conversion(process, Task.FAX, request, written=written, memory=500 * MIB, pixels=10**9)
        return alone.strips[0].octets - every.strips[0].octets

    assert abs(studio.run(work())) < 20


def test_a_document_larger_than_the_memory_is_damaged(studio: Studio) -> None:
    async def work() -> None:
        process = await studio.process()
        request = Request(Task.COUNT, (Format.PDF,), 500 * MIB, MIB, 10, 10**8, 500)
        with file(pdf(b"")) as document:
            os.ftruncate(document.fileno(), 600 * MIB)
            with pytest.raises(Damaged, match="memory"):
                await process.convert(request, [document.fileno()])

    studio.run(work())


@pytest.mark.parametrize("task", [Task.FAX, Task.LETTER])
def test_pages_that_grow_too_large_are_not_whole(studio: Studio, task: Task) -> None:
    noise = picture("PNG", Image.effect_noise((1700, 2300), 90), dpi=(200, 200))

    async def work() -> None:
        process = await studio.process()
        with pytest.raises(NotWhole, match="larger than allowed"):
            await conversion(process, task, (Format.PNG, noise), written=[], output=10_000)

    studio.run(work())


def test_after_closing_no_process_is_left() -> None:
    async def work() -> Watch:
        process = await ConversionProcess.start(await sandbox.command("prefer"))
        task = asyncio.create_task(conversion(process, Task.FAX, (Format.PDF, endless_pdf()), written=[]))
        await _new_descendants(process, descendants(process.pid))
        watch = Watch([process.pid, *descendants(process.pid)])
        await process.close()
        with pytest.raises(ProcessLost):
            await task
        return watch

    assert asyncio.run(work()).all_end()


PARENT = """
import asyncio, sys
from depesche.render import sandbox
from depesche.render.process import ConversionProcess
from depesche.render.wire import Request, Task
from depesche.render.detect import Format

async def main():
    process = await ConversionProcess.start(await sandbox.command(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    request = Request(Task.FAX, (Format.PDF,), 1 << 30, 1 << 24, 60, 10**8, 10)
    with open(sys.argv[2], "rb") as document, open(sys.argv[3], "wb") as out:
        await process.convert(request, [document.fileno(), out.fileno()])

asyncio.run(main())
"""


@pytest.mark.parametrize("mode", ["prefer", "off"])
def test_no_process_outlives_a_parent_that_is_killed(mode: str, tmp_path: Path) -> None:
    document = tmp_path / "endless.pdf"
    document.write_bytes(endless_pdf())
    command = [sys.executable, "-c", PARENT, mode, str(document), str(tmp_path / "out")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        before = descendants(parent.pid)
        parent.stdin.write(b"convert\n")
        parent.stdin.flush()
        while before == (family := descendants(parent.pid)):
            assert parent.poll() is None
        watch = Watch(family)
        parent.kill()
    assert watch.all_end()


FORKING = """
import os, time
from depesche.render import worker
from depesche.render.errors import Damaged
from depesche.render.wire import Done

def perform(request, files):
    try:
        child = os.fork()
    except OSError as error:
        raise Damaged(os.strerror(error.errno)) from error
    if not child:
        time.sleep(600)
    return Done(1)

worker.perform = perform
worker.main()
"""


@pytest.mark.parametrize("task", [Task.COUNT, Task.PLAIN_TEXT])
@pytest.mark.parametrize("boxed", [True, False])
def test_a_child_that_is_taken_over_leaves_no_process_behind(task: Task, boxed: bool) -> None:
    command: tuple[str, ...] = (sys.executable, "-I", "-B", "-c", FORKING)
    if boxed:
        command = sandbox.wrapped(command, shutil.which("bwrap") or "bubblewrap is not installed")

    async def work() -> None:
        process = await ConversionProcess.start(command)
        try:
            before = descendants(process.pid)
            with pytest.raises(Damaged, match="not permitted"):
                await conversion(process, task, (Format.TEXT, b"x"), written=[])
            assert descendants(process.pid) == before
        finally:
            await process.close()

    asyncio.run(work())


HOSTILE = """
import os, signal, socket
control = socket.socket(fileno=0)
control.send(b"ready")
while True:
    packet, descriptors, _, _ = socket.recv_fds(control, 9, 9)
    if not packet:
        break
    talk, leash = (socket.socket(fileno=descriptor) for descriptor in descriptors)
    {act}
"""


def hostile(act: str) -> Sequence[str]:
    return sys.executable, "-c", HOSTILE.format(act=act)


async def _against(command: Sequence[str], **changes: Any) -> Done:
    process = await ConversionProcess.start(command)
    try:
        return await conversion(process, Task.COUNT, (Format.PDF, pdf(b"")), **changes)
    finally:
        await process.close()


@pytest.mark.parametrize(
    "answer", ["b'nonsense'", "b'{}'", "b'x' * 100_000", 'b\'{"pages": 1000, "strips": []}\'', 'b\'{"pages": "1"}\'']
)
def test_nonsense_from_a_child_is_a_failure_of_the_converter(answer: str) -> None:
    act = f"""talk.send({answer}); leash.send(b'{{"status": 0, "memory": 1}}')"""
    with pytest.raises(ConverterFailed, match="no sensible answer"):
        asyncio.run(_against(hostile(act)))


@pytest.mark.parametrize("act", ["leash.send(b'nonsense')", "leash.close(); talk.close()", "os._exit(1)", "pass"])
def test_a_process_that_does_not_tell_what_became_of_a_child_is_lost(act: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "GRACE_SECONDS", 0.3)
    with pytest.raises(ProcessLost):
        asyncio.run(_against(hostile(act), seconds=0.3))


def test_a_process_that_does_not_end_when_it_is_closed_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "GRACE_SECONDS", 0.3)

    async def work() -> Watch:
        command = (
            sys.executable,
            "-c",
            "import signal, socket; socket.socket(fileno=0).send(b'ready'); signal.pause()",
        )
        process = await ConversionProcess.start(command)
        watch = Watch([process.pid])
        await process.close()
        return watch

    assert asyncio.run(work()).all_end()


def test_a_process_that_does_not_start_says_why() -> None:
    async def work() -> None:
        with pytest.raises(ProcessLost, match="no such module"):
            await ConversionProcess.start((sys.executable, "-c", "raise SystemExit('no such module')"))
        with pytest.raises(FileNotFoundError):
            await ConversionProcess.start(("/nonexistent/python",))

    asyncio.run(work())


def test_a_process_that_never_becomes_ready_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "START_SECONDS", 0.2)
    monkeypatch.setattr(process_module, "GRACE_SECONDS", 0.2)
    with pytest.raises(ProcessLost):
        asyncio.run(ConversionProcess.start((sys.executable, "-c", "import signal; signal.pause()")))


async def _new_descendants(process: ConversionProcess, before: set[int]) -> set[int]:
    """Children that have been forked since; waits for the first one."""
    async with asyncio.timeout(10):
        while not (new := descendants(process.pid) - before):
            await asyncio.sleep(0)
    return new


async def _limits(pid: int) -> dict[str, str]:
    """The limits of a process, by their names in /proc, once it has given up everything."""
    async with asyncio.timeout(10):
        while "Seccomp:\t2\n" not in Path(f"/proc/{pid}/status").read_text():
            await asyncio.sleep(0)
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): line[26:47].strip() for line in lines}
