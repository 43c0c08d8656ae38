"""Nodes wake each other: whoever makes work rings, and every node hears it at once.

A ring that is not heard costs a poll, never a delivery: loops look again every second anyway.
"""

from collections.abc import Callable
from typing import Protocol

from depesche.model.jobtype import Channel

DUE = "due"
"""Something may be due."""

LISTED = "listed"
"""A long list has come."""

CANCELLED = "cancelled"
"""Calls on the line may have to end."""

Hear = Callable[[str], None]


def ready(channel: Channel) -> str:
    """Something of this channel may be claimed."""
    return f"ready/{channel.value}"


ALL = (DUE, LISTED, CANCELLED, *map(ready, Channel))
"""What may have been rung while nobody listened."""


class Bell(Protocol):
    """Of one node."""

    def ring(self, what: str) -> None:
        """Let every node hear it, this one too; never blocks, may be called too often."""
        ...

    async def start(self) -> None:
        """Begin to listen; returns at once."""
        ...

    async def stop(self) -> None:
        """What was rung still goes out; nothing is heard any more."""
        ...


class HouseBell:
    """There is no other node."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear

    def ring(self, what: str) -> None:
        self._hear(what)

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""
