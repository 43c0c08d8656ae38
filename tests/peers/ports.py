"""Ports of this machine for programs that cannot be told to take any free one, or that need a range."""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

FIRST, LAST = 20_000, 32_000
"""Below those that the kernel gives to whoever asks for any (ip_local_port_range, ip(7)): nobody gets one by chance."""

STRIDE = 50
"""Ports that one guard stands for."""


@contextmanager
def block(count: int) -> Iterator[range]:
    """So many ports in a row, UDP and TCP, that no other test takes before the end, in this process or another one.

    The first port of each stride is bound for TCP as long as the block is ours: the kernel itself frees it when we die.
    """
    strides = -(-(count + 1) // STRIDE)
    starts = range(FIRST, LAST - strides * STRIDE, STRIDE)
    for start in random.sample(starts, len(starts)):
        with ExitStack() as guards:
            ports = range(start + 1, start + 1 + count)
            if all(_guard(guards, start + number * STRIDE) for number in range(strides)) and _free(ports):
                yield ports
                return
    raise RuntimeError(f"no {count} ports in a row are free between {FIRST} and {LAST}")


def one() -> int:
    """A port that is this process's until its end."""
    return _KEPT.enter_context(block(1))[0]


_KEPT = ExitStack()


def _guard(guards: ExitStack, port: int) -> bool:
    try:
        guards.enter_context(socket.socket()).bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _free(ports: range) -> bool:
    """Whether none of them is bound now, but by a guard."""
    kinds = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    return all(_bindable(port, kind) for port in ports for kind in kinds if kind == kinds[0] or port % STRIDE)


def _bindable(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)  # one may linger
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
