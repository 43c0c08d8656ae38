"""What a node and its line process say to each other."""

import asyncio
import socket

import pytest

from depesche.channels.fax.trunk import wire
from depesche.channels.fax.trunk.talk import Talk
from ways import until

pytestmark = pytest.mark.anyio

MANY = 5000


def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


class End:
    def __init__(self, control: socket.socket) -> None:
        self.heard: list[wire.Message] = []
        self.gone = 0
        self.talk = Talk(control, self.heard.append, self._told)

    def _told(self) -> None:
        self.gone += 1


async def test_what_the_other_end_does_not_read_at_once_is_said_later_and_in_order() -> None:
    ours, theirs = pair()
    one = End(ours)
    said = [wire.State(f"line{number}", True, "x" * 500) for number in range(MANY)]
    for message in said:
        one.talk.say(message)
    other = End(theirs)
    await until(lambda: len(other.heard) == MANY)
    assert other.heard == said
    assert (one.gone, other.gone) == (0, 0)
    one.talk.close()
    await until(lambda: other.gone == 1)
    other.talk.say(wire.Ready())
    await asyncio.sleep(0.01)
    assert other.gone == 1
    other.talk.close()


async def test_whoever_leaves_still_hears() -> None:
    ours, theirs = pair()
    one, other = End(ours), End(theirs)
    one.talk.say(wire.Ready())
    one.talk.leave()
    await until(lambda: other.gone == 1)
    assert other.heard == [wire.Ready()]
    other.talk.say(wire.Answered(1))
    await until(lambda: one.heard == [wire.Answered(1)])
    other.talk.close()
    await until(lambda: one.gone == 1)
    one.talk.close()


@pytest.mark.parametrize("packet", [b"nonsense", b'["Dial", {}]'])
async def test_who_is_not_itself_is_gone(packet: bytes) -> None:
    ours, theirs = pair()
    one = End(ours)
    theirs.send(packet)
    await until(lambda: one.gone == 1)
    one.talk.say(wire.Ready())
    one.talk.close()
    theirs.close()
    assert one.heard == []
