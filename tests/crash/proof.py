"""The proof by killing: workers die at random moments, and still nothing is lost, and nothing is sent twice.

What the database says in the end is held against what the far side got. A delivery is lost if it was answered and has
no end, if it ended as sent and the far side has nothing, or if it failed although the far side would have taken it. It
is told wrong if it ended otherwise than sent and the far side has it.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from crash.farside import effects
from crash.orders import BUSY_TWICE, NEVER_KNOWN, Orders
from crash.places import Judged, Place

LONG_LIFE = 8
"""Seconds that each fifth life lasts longer: what is slow has its chance as well."""

DELIVERIES_OF_THE_LAST = 60
"""Ordered before one worker dies for good: it has some of them in hand."""

SECONDS = 600
"""For what is left after the last kill."""

SPECIAL = f"('{BUSY_TWICE}', '{NEVER_KNOWN}')"
"""Numbers behind which there is no inbox: of these the far side keeps no record."""

DELIVERIES = "SELECT id, job_id, state, address, cancel_requested FROM delivery ORDER BY id"
STANDING = "SELECT state, count(*) FROM delivery GROUP BY state"
IN_HAND = "SELECT id, fence, state FROM delivery WHERE state IN ('claimed', 'sending') AND worker LIKE '{}/%'"
EVER_UNKNOWN = "SELECT count(*) FROM event WHERE kind = 'delivery.unknown'"
UNKNOWN = """
    SELECT delivery.id, delivery.address, attempt.worker FROM delivery
    JOIN attempt ON attempt.delivery_id = delivery.id AND attempt.number = delivery.attempts
    WHERE delivery.state = 'unknown'"""
ANSWERED_TWICE = f"""
    SELECT count(*) FROM (
        SELECT delivery_id FROM attempt JOIN delivery ON delivery.id = attempt.delivery_id
        WHERE attempt.result = 'OK' AND delivery.address IN {SPECIAL}
        GROUP BY delivery_id HAVING count(*) > 1) AS answered"""
OPEN_JOBS = "SELECT count(*) FROM job WHERE final_at IS NULL"


@dataclass
class Figures:
    """What came of it."""

    deliveries: int = 0
    kills: int = 0
    claimed: set[str] = field(default_factory=set)
    """Deliveries that killed workers had taken, and not begun."""

    sending: set[str] = field(default_factory=set)
    """Attempts that were under way in them."""

    unknown: int = 0
    """Times that a delivery became unknown."""

    resolved: int = 0
    """Of these, decided by the operator; the others were settled by their channels."""

    lost: int = 0
    twice: int = 0
    wrong: int = 0
    """Told wrong."""

    seconds: float = 0

    @property
    def good(self) -> bool:
        return not (self.lost or self.twice or self.wrong)


def prove(
    place: Place, *, deliveries: int, kills: int, chance: random.Random, tell: Callable[[Figures], None]
) -> Figures:
    """Order, kill and start again, at least so many times; then wait for the end of everything.

    `tell` is called after each kill.
    """
    figures, orders, began = Figures(), Orders(chance), time.monotonic()
    with ThreadPoolExecutor(3) as customers:
        while figures.kills < kills or figures.deliveries < deliveries:
            if figures.deliveries < deliveries and orders.all_messages_are_ordered:
                share = (deliveries - figures.deliveries) // max(1, kills - figures.kills)
                orders.add(max(share, deliveries // kills), never_known=figures.kills % 10 == 0)
            ways = (orders.hand_in_messages, orders.hand_in_messages, orders.hand_in_papers)
            handing_in = [customers.submit(way, place.base_url) for way in ways]
            time.sleep(chance.uniform(0, place.longest_wait) + (LONG_LIFE if figures.kills % 5 == 4 else 0))
            name = place.kill()
            _look(place, name, figures)
            place.revive(name)
            for customer in handing_in:
                customer.result()
            figures.seconds = time.monotonic() - began
            tell(figures)
    orders.hand_in_papers(place.base_url)
    _lose(place, orders, figures)
    _wait(place)
    _resolve(place, figures)
    judge(place, orders.accepted, figures)
    figures.seconds = time.monotonic() - began
    return figures


def _lose(place: Place, orders: Orders, figures: Figures) -> None:
    """One worker dies at work and never comes back, where there are others."""
    if not place.others:
        return
    orders.add(DELIVERIES_OF_THE_LAST)
    orders.hand_in_messages(place.base_url)
    place.lost = place.kill()
    _look(place, place.lost, figures)


def _look(place: Place, name: str, figures: Figures) -> None:
    in_hand = [(f"{delivery}/{fence}", state) for delivery, fence, state in place.ask(IN_HAND.format(name))]
    figures.kills += 1
    figures.claimed |= {claim for claim, state in in_hand if state == "claimed"}
    figures.sending |= {claim for claim, state in in_hand if state == "sending"}
    figures.deliveries = _number(place, "SELECT count(*) FROM delivery")


def _number(place: Judged, statement: str) -> int:
    [[number]] = place.ask(statement)
    return int(number)


def _wait(place: Place) -> None:
    """Until all has an end, but for what only a person can know."""
    deadline = time.monotonic() + SECONDS
    while not _is_done(place):
        assert time.monotonic() < deadline, place.ask(STANDING)
        time.sleep(0.5)


def _is_done(place: Place) -> bool:
    settled = {state for state, _ in place.ask(STANDING)} <= {"sent", "failed", "cancelled", "unknown"}
    return settled and all(
        address == NEVER_KNOWN or (place.lost and worker.startswith(f"{place.lost}/"))
        for _, address, worker in place.ask(UNKNOWN)
    )


def _resolve(place: Place, figures: Figures) -> None:
    """As an operator does who asks the far side."""
    figures.unknown = _number(place, EVER_UNKNOWN)
    counted = effects(place)
    decided: defaultdict[str, list[str]] = defaultdict(list)
    for delivery, address, _ in place.ask(UNKNOWN):
        missing = "--failed" if address == NEVER_KNOWN else "--resend"
        decided["--sent" if counted[int(delivery)] else missing].append(delivery)
    for verdict, which in decided.items():
        done = place.depesche("job", "resolve", *which, verdict)
        assert done.returncode == 0, done.stderr
        figures.resolved += len(which)
    _wait(place)


def judge(place: Judged, accepted: set[str], figures: Figures) -> None:
    """Hold what the database says against what the far side got."""
    counted = effects(place)
    rows = place.ask(DELIVERIES)
    for delivery, _, state, address, cancelled in rows:
        number, silent = counted[int(delivery)], address in {BUSY_TWICE, NEVER_KNOWN}
        figures.twice += number > 1
        figures.wrong += bool(number) and state != "sent"
        if state == "sent":
            figures.lost += not number and not silent
        elif state == "failed":
            figures.lost += address != NEVER_KNOWN and cancelled not in {"t", "1"}
    figures.twice += _number(place, ANSWERED_TWICE)
    figures.lost += len(accepted - {job for _, job, *_ in rows}) + _number(place, OPEN_JOBS)
    figures.deliveries = len(rows)
