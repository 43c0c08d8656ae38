"""A piece of Internet of a test's own: a process in a network namespace, with its own addresses and name server.

Nothing leaves it. There a process may have public addresses, the port 80 and the port 53, and the system's resolver
asks whom it is told to ask, without a change to the machine and without root (bwrap(1), network_namespaces(7)).
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import time
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

SIOCSIFADDR = 0x8916
SETTLE_SECONDS = 10
TESTS = Path(__file__).parents[1]

_RESOLVER = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"


def run(script: Path, folder: Path) -> dict[str, Any]:
    """Run a Python script on an island; it prints what it found out as JSON."""
    resolver = folder / "resolv.conf"
    resolver.write_text(_RESOLVER)
    switch = folder / "nsswitch.conf"
    switch.write_text("hosts: files dns\n")
    command = ["bwrap", "--unshare-user", "--uid", "0", "--gid", "0", "--unshare-net", "--die-with-parent"]
    command += ["--cap-add", "CAP_NET_ADMIN", "--cap-add", "CAP_NET_BIND_SERVICE", "--dev-bind", "/", "/"]
    for mine, theirs in ((resolver, Path("/etc/resolv.conf")), (switch, Path("/etc/nsswitch.conf"))):
        if theirs.exists():  # elsewhere glibc asks DNS without being told to
            command += ["--ro-bind", str(mine), str(theirs.resolve())]
    environment = os.environ | {"PYTHONPATH": str(TESTS), "PYTHONWARNINGS": "error"}
    command += [sys.executable, str(script)]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def settle(*addresses: IPv4Address | IPv6Address) -> None:
    """Give this island the addresses (netdevice(7), ipv6(7))."""
    for number, address in enumerate(addresses):
        with socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as way:
            fcntl.ioctl(way, SIOCSIFADDR, _request(number, address))
        _wait_for(address)


def _wait_for(address: IPv4Address | IPv6Address) -> None:
    """The kernel takes an IPv6 address, and lets nobody have it before some work of its own is done (RFC 4862 §5.4)."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        with socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as way:
            try:
                way.bind((str(address), 0))
            except OSError:
                if time.monotonic() > deadline:
                    raise
            else:
                return
        time.sleep(0.01)


def _request(number: int, address: IPv4Address | IPv6Address) -> bytes:
    if address.version == 4:
        return struct.pack("16sH2x4s8x", f"lo:{number}".encode(), socket.AF_INET, address.packed)
    return address.packed + struct.pack("=Ii", 128, socket.if_nametoindex("lo"))
