"""Nodes that are killed at random moments: nothing is lost, and nothing is sent twice.

What was really sent is what lies in the outboxes of the nodes: a file for each message that went out, whatever the
database thinks of it.
"""

import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator

from depesche.channels.sms.sandbox import LATE
from nodes.conftest import Installation, send
from serving import Serving

KILLS = 6
NAMES = ("one", "two", "three")
BROADCAST, LATE_ONES = 40, 6
"""Messages ordered before each kill: to many at once, and such as take seconds each."""


def numbers() -> Iterator[str]:
    return (f"+49171{number:07}" for number in itertools.count(1_000_000))


def sent(installation: Installation) -> Counter[int]:
    """How often each delivery went out."""
    files = installation.folder.glob("*/outbox/sms/*.json")
    return Counter(int(path.stem.partition("-")[0]) for path in files)


def test_nodes_that_are_killed_again_and_again_lose_nothing_and_send_nothing_twice(installation: Installation) -> None:
    chance, address = random.Random(20261125), numbers()
    front = installation.node("front", "web")
    workers: dict[str, Serving] = {name: installation.node(name, "dispatch,lines") for name in NAMES}
    for _ in range(KILLS):
        send(front, Recipient=",".join(itertools.islice(address, BROADCAST)))
        for number in range(LATE_ONES):
            send(front, Recipient=LATE, SendText=f"{time.monotonic()} {number}")
        time.sleep(chance.uniform(0.1, 1.5))
        name = chance.choice(NAMES)
        workers[name].kill()
        workers[name] = installation.node(name, "dispatch,lines")
    everything = KILLS * (BROADCAST + LATE_ONES)
    installation.until(
        "SELECT state, count(*) FROM delivery GROUP BY state", lambda rows: rows == [["sent", str(everything)]]
    )
    counted = sent(installation)
    assert set(counted.values()) == {1}, "sent twice"
    assert len(counted) == everything, "lost"
    [[unknown]] = installation.ask("SELECT count(*) FROM event WHERE kind = 'delivery.unknown'")
    print(f"{KILLS} kills, {everything} deliveries, {unknown} of them unknown for a while")
