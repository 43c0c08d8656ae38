"""What is ordered while workers are killed: many at once and one at a time, slow ones, busy ones, what is cancelled."""

import base64
import itertools
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from depesche.channels.sms.sandbox import LATE
from documents import address, pdf
from soapcall import call

CUSTOMERS = ("10001", "10002", "10012")
"""Accounts of the demo that may do everything."""

INBOX = "+493023125200"
"""A local account's: the fax lies in its inbox then."""

BUSY_TWICE = "+493023125002"
NEVER_KNOWN = "+493023125009"
"""The line loses each of its attempts: an operator has to decide."""

LETTER = base64.b64encode(pdf(address(45))).decode()


@dataclass(frozen=True, slots=True)
class Order:
    """What one customer hands in."""

    customer: str
    parameters: dict[str, Any]
    cancelled: bool = False
    """As soon as it is accepted."""


class Orders:
    """Orders without end, no two of them alike; customers hand them in as long as somebody answers."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._number = itertools.count(1)
        self._mobile = (f"+49171{number:07}" for number in itertools.count(1_000_000))
        self._messages: deque[Order] = deque()
        self._papers: deque[Order] = deque()
        """What has to be made into pages first: that takes longer than many a life of a server."""

        self.accepted: set[str] = set()
        """JobIds of what was answered."""

    def add(self, deliveries: int, *, never_known: bool = False) -> None:
        """Orders for so many deliveries, in no order."""
        papers = [self._fax(INBOX), self._fax(BUSY_TWICE), self._letter()]
        papers += [self._fax(NEVER_KNOWN)] if never_known else []
        late = [self._late() for _ in range(max(1, deliveries // 30))]
        many = max(4, deliveries - len(papers) - len(late))
        half, quarter = many // 2, many // 4
        messages = [*late, self._sms(half), self._mails(quarter), self._sms(many - half - quarter, cancelled=True)]
        self._chance.shuffle(papers)
        self._chance.shuffle(messages)
        self._papers.extend(papers)
        self._messages.extend(messages)

    @property
    def all_messages_are_ordered(self) -> bool:
        return not self._messages

    def hand_in_messages(self, base_url: str) -> None:
        """One after the other, as long as somebody answers."""
        self._hand_in_all(base_url, self._messages)

    def hand_in_papers(self, base_url: str) -> None:
        """The same for what has pages."""
        self._hand_in_all(base_url, self._papers)

    def _hand_in_all(self, base_url: str, waiting: deque[Order]) -> None:
        while waiting:
            order = waiting.popleft()
            try:
                self._hand_in(base_url, order)
            except (
                OSError,
                HTTPException,
            ):  # perhaps it was accepted: then it is a double next time, or a second order
                return waiting.appendleft(order)
        return None

    def _hand_in(self, base_url: str, order: Order) -> None:
        login = {"Account": order.customer, "Password": "demo"}
        answer = call(base_url, "SendJob", **login, **order.parameters)
        assert answer["return"] in ("0", "-77"), answer
        self.accepted.add(answer["JobId"])
        if order.cancelled:
            call(base_url, "CancelJob", **login, JobId=answer["JobId"])

    def _sms(self, many: int, *, cancelled: bool = False) -> Order:
        return self._order(cancelled=cancelled, JobType=1, Recipient=_list(itertools.islice(self._mobile, many)))

    def _mails(self, many: int) -> Order:
        one = next(self._number)
        return self._order(JobType=2, Recipient=_list(f"{one}-{number}@sandbox.invalid" for number in range(many)))

    def _late(self) -> Order:
        """Seconds under way: whoever is killed has some of these in hand."""
        return self._order(JobType=1, Recipient=LATE)

    def _fax(self, number: str) -> Order:
        return self._order(JobType=0, Recipient=number)

    def _letter(self) -> Order:
        return self._order(
            JobType=3, SendFilename1="brief.pdf", SendFile1=LETTER, Recipient=f"Brief {next(self._number)}"
        )

    def _order(self, *, cancelled: bool = False, **parameters: Any) -> Order:
        text = {"SendText": f"Auftrag {next(self._number)}"}
        return Order(self._chance.choice(CUSTOMERS), text | parameters, cancelled)


def _list(addresses: Iterator[str]) -> str:
    return ",".join(addresses)
