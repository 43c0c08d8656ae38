"""What an operator does with nodes; every change is on the audit record, in the same transaction."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from depesche.store import audit, nodes
from depesche.store.nodes import NodeRow
from depesche.usecases.accounts import NotPossible
from depesche.usecases.house import House

__all__ = ["Health", "Node", "NodeRow", "drain", "listed"]


class Health(StrEnum):
    """What is known of a process."""

    WORKING = "working"
    DRAINING = "draining"
    LOST = "lost"
    """It was not seen for as long as a lease lasts: what it held is taken over."""


@dataclass(frozen=True, slots=True)
class Node:
    """One process of a node."""

    row: NodeRow
    health: Health


async def listed(house: House) -> list[Node]:
    """All processes that work on the database, and those that were lost within a day."""
    since = house.alive_since()
    return [Node(row, _health(row, since)) for row in await house.database.read(nodes.every)]


async def drain(house: House, actor: str, name: str, *, draining: bool) -> int:
    """Let a node take nothing new, or take again; it hears of it within seconds. Gives how many processes it has.

    Raises: NotPossible: there is no node of this name.
    """

    def work(connection: sa.Connection) -> int:
        count = nodes.drain(connection, name, draining=draining)
        if count:
            action = "node.drain" if draining else "node.resume"
            audit.write(connection, house.now(), actor, action, None, {"node": name})
        return count

    count = await house.database.run(work)
    if not count:
        raise NotPossible(f"there is no node {name}: `depesche node list` shows all")
    return count


def _health(row: NodeRow, since: datetime) -> Health:
    if row.seen_at < since:
        return Health.LOST
    return Health.DRAINING if row.draining else Health.WORKING
