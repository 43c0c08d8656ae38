"""How much memory one large file takes on its way in, beside PHP and gSOAP."""

import base64
import http.client
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.load import LATER, Untrue
from bench.servers import depesche, gsoap, php
from bench.servers.service import Original, Service, family
from bench.table import Table
from depesche.usecases.demo import ACCOUNTS, PASSWORD

LINE = 57
"""Bytes in a line of 76 characters: so Delphi and MIME break base64."""

BLOCK = 4096
"""Lines that are sent at once."""

LARGE = 1_754_386
"""Lines of 100 MB."""

NOTES = (
    f"One SendJob: {LARGE * LINE // 10**6} MB attached to a mail, {LARGE * 78 // 10**6} MB of base64 in lines of 76.",
    "The file is synced to disk before the answer; its size there was checked.",
    "Memory is resident: the peak (VmHWM) of each process of a server, less what it had before, added up.",
    "Each round is a fresh server that has answered one small request; figures are medians of the rounds.",
    "nginx keeps the request in a file until PHP has read it.",
)

# All parameters, in the order of the WSDL: gSOAP's servers read rpc/encoded by position.
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
    '<SOAP-ENV:Body><NS1:SendJob xmlns:NS1="urn:XMLWSIntf-IntfXMLWS">'
    f"<Account>{ACCOUNTS[0][0]}</Account><Password>{PASSWORD}</Password><JobType>2</JobType>"
    "<Recipient>ok@sandbox.invalid[{lines}]</Recipient><RecipientFile/><SendText>Measurements</SendText>"
    "<SendFilename1>measurements.dat</SendFilename1><SendFile1>"
)
_TAIL = (
    "</SendFile1><SendFilename2/><SendFile2/><SendFilename3/><SendFile3/><SendDateTime>{due:%Y-%m-%dT%H:%M:%SZ}</SendDateTime><Options/>"
    "</NS1:SendJob></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)
_ANSWER = re.compile(rb"<return[^>]*>0</return>\s*<JobId[^>]*>(\d+)</JobId>")


@dataclass(frozen=True, slots=True)
class _Upload:
    """What one upload took."""

    growth: int
    """Bytes."""

    seconds: float


def run(folder: Path, *, quick: bool) -> Table:
    """Measure in `folder`."""
    original = depesche.original(folder)
    uploads: dict[str, list[_Upload]] = {}
    for number in range(1 if quick else 3):
        for server in _servers(folder / f"round{number}", original):
            with server as service:
                uploads.setdefault(service.name, []).append(_measure(service))
    return Table(
        title="Upload of 100 MB",
        columns=("", "memory: MB more", "seconds"),
        rows=tuple(_row(name, runs) for name, runs in uploads.items()),
        versions=php.versions() | {"gSOAP": gsoap.version()},
        notes=NOTES,
    )


def _servers(folder: Path, original: Original) -> list[AbstractContextManager[Service]]:
    folder.mkdir()
    return [
        depesche.serving(folder / "depesche"),
        php.serving(folder / "php", original),
        gsoap.serving(folder / "gsoap", original),
    ]


def _measure(service: Service) -> _Upload:
    _send(service, 1)
    before = {pid: memory(pid, "VmRSS") for pid in family(service.pids)}
    for pid in before:
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # VmHWM begins again: proc_pid_clear_refs(5)
    start = time.perf_counter()
    job = _send(service, LARGE)
    seconds = time.perf_counter() - start
    growth = sum(memory(pid, "VmHWM") - before.get(pid, 0) for pid in family(service.pids))
    _check(service, job)
    return _Upload(growth, seconds)


def memory(pid: int, field: str) -> int:
    """Bytes; /proc/PID/status gives kB."""
    found = re.search(rf"^{field}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _send(service: Service, lines: int) -> int:
    """Send a file of so many lines; gives the JobId. Raises: Untrue, OSError."""
    head, tail = _HEAD.format(lines=lines).encode(), _TAIL.format(due=datetime.now(UTC) + LATER).encode()
    headers = {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": '"urn:XMLWSIntf-IntfXMLWS#SendJob"',
        "Content-Length": str(len(head) + lines * 78 + len(tail)),
    }
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        connection.request("POST", "/xmlws.exe/soap/IntfXMLWS", _body(head, lines, tail), headers)
        answer = connection.getresponse().read()
    found = _ANSWER.search(answer)
    if found is None:
        raise Untrue(f"{service.name}: {answer[-400:]!r}")
    return int(found[1])


def _body(head: bytes, lines: int, tail: bytes) -> Iterator[bytes]:
    block = [base64.b64encode(os.urandom(LINE)) + b"\r\n" for _ in range(BLOCK)]
    yield head
    for start in range(0, lines, BLOCK):
        yield b"".join(block[: lines - start])
    yield tail


def _check(service: Service, job: int) -> None:
    """Raises: Untrue."""
    query = "SELECT blob_key, size FROM document WHERE job_id = ?"
    with closing(sqlite3.connect(f"file:{service.database}?mode=ro", uri=True)) as database:
        [(key, size)] = database.execute(query, (job,))
    kept = [path.stat().st_size for path in service.database.parent.rglob(Path(key).name)]
    if size != LARGE * LINE or kept != [size]:
        raise Untrue(f"{service.name}: {size} bytes are on record, {kept} on disk")


def _row(name: str, uploads: list[_Upload]) -> tuple[str, str, str]:
    growth = median(upload.growth for upload in uploads) / 10**6
    return name, f"{growth:,.0f}", f"{median(upload.seconds for upload in uploads):.2f}"
