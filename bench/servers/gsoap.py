"""The gSOAP peer: a C program, made from Depesche's WSDL by wsdl2h and soapcpp2."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.servers import statements
from bench.servers.service import Original, Service, said, started

_BUILD = (
    "wsdl2h -c -n ns -o service.h service.wsdl",
    "soapcpp2 -c -S -x -w -L service.h",
    "gcc -O2 -Wall -I. -o server server.c soapC.c soapServer.c -lgsoap -lsqlite3 -lsodium -lpthread",
)
_PORT = re.compile(r"^(\d+)$")


@contextmanager
def serving(folder: Path, original: Original) -> Iterator[Service]:
    """The program on the data folder `folder`, built in it."""
    data = folder / "data"
    data.mkdir(parents=True)
    shutil.copy(original.database, data / "depesche.db")
    build(folder, original)
    log = folder / "server.log"
    with started([str(folder / "server"), str(data)], log, {}) as process:
        yield Service("gSOAP", int(said(process, _PORT, log)), data / "depesche.db", (process.pid,))


def build(folder: Path, original: Original) -> None:
    """Raises: subprocess.CalledProcessError."""
    shutil.copy(statements.PEERS / "gsoap" / "server.c", folder)
    shutil.copy(original.wsdl, folder / "service.wsdl")
    (folder / "statements.h").write_text(statements.as_c())
    for command in _BUILD:
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)


def version() -> str:
    """Of gSOAP."""
    said = subprocess.run(["soapcpp2", "-V"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+\.\d+", said.stdout + said.stderr)
    return found[0] if found else "?"
