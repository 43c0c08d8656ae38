"""What tests of faults do: order without a pause, remember the answers, and hold the end against the far side."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from types import TracebackType
from typing import Any, Self

from crash.places import Judged
from crash.proof import STANDING, Figures, judge
from soapcall import call

LOGIN = {"Account": "10001", "Password": "demo"}

BOUND = 30
"""Seconds in which every order is answered, whatever is broken: clients give up soon after."""

SECONDS = 120

_numbers = itertools.count(1)


def order(base_url: str, **parameters: Any) -> dict[str, str]:
    """The answer to an order that no other is a double of; it has to come in time."""
    given = {"JobType": 1, "Recipient": "+491713920000", "SendText": f"Auftrag {next(_numbers)}"} | parameters
    began = time.monotonic()
    answer = call(base_url, "SendJob", **LOGIN, **given)
    assert time.monotonic() - began < BOUND, answer
    return answer


def accepted(base_url: str, **parameters: Any) -> str:
    """JobId of an order that has to be accepted."""
    answer = order(base_url, **parameters)
    assert answer["return"] == "0", answer
    return answer["JobId"]


class Customer:
    """Orders messages to five recipients each, one order after the other, as long as the context lasts."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._order)
        self._wrong: list[BaseException] = []
        self.accepted: set[str] = set()
        self.codes: Counter[str] = Counter()
        """What was answered, how often."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        if kind is None and self._wrong:
            raise self._wrong[0]

    def answered(self, code: str, times: int = 1) -> bool:
        return self.codes[code] >= times or bool(self._wrong)

    def _order(self) -> None:
        mobile = (f"+49172{number:07}" for number in itertools.count(1_000_000))
        try:
            while not self._done.wait(0.02):
                answer = order(self._base_url, Recipient=",".join(itertools.islice(mobile, 5)))
                self.codes[answer["return"]] += 1
                if answer["return"] == "0":
                    self.accepted.add(answer["JobId"])
        except (AssertionError, OSError, HTTPException) as error:
            self._wrong.append(error)


def until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.1)


def all_is_well(place: Judged, jobs: set[str], states: frozenset[str] = frozenset({"sent"})) -> None:
    """Everything comes to its end by itself, and the far side has it once."""
    shown: list[list[str]] = []

    def ended() -> bool:
        with suppress(Exception):  # the database may still be in trouble
            shown[:] = place.ask(STANDING)
        return bool(shown) and {state for state, _ in shown} <= states

    try:
        until(ended)
    except AssertionError as error:
        raise AssertionError(f"not all comes to an end: {shown}") from error
    figures = Figures()
    judge(place, jobs, figures)
    assert figures.good, figures
