"""Depesche as it is: ``depesche serve --demo`` in a process of its own."""

import re
import shutil
import sqlite3
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.servers.service import Original, Service, said, started

_ADDRESS = re.compile(r"http://\S+?:(\d+)")


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Service]:
    """The server on the data folder `folder`, which is made if it is not there; `settings` are of the environment."""
    command = [sys.executable, "-m", "depesche", "serve", "--demo", "--port", "0", "--data", str(folder)]
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "COLUMNS": "200"} | settings
    log = folder.with_suffix(".log")
    with started(command, log, environment) as process:
        port = int(said(process, _ADDRESS, log))
        assert process.stdout is not None
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield Service("Depesche", port, folder / "depesche.db", (process.pid,))


def original(folder: Path) -> Original:
    """Let a server make its tables and accounts, and give away its WSDL."""
    data, wsdl, database = folder / "original", folder / "service.wsdl", folder / "original.db"
    with (
        serving(data) as service,
        urllib.request.urlopen(f"http://127.0.0.1:{service.port}/xmlws.exe/wsdl/IntfXMLWS") as answer,
    ):
        wsdl.write_bytes(answer.read())
    with closing(sqlite3.connect(data / "depesche.db")) as source, closing(sqlite3.connect(database)) as copy:
        source.backup(copy)
    shutil.rmtree(data)
    return Original(wsdl, database)
