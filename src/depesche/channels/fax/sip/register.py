"""Being known to a registrar, for as long as wanted (RFC 3261 §10, RFC 5626 §4.5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from depesche.channels.fax.sip.agent import Agent
from depesche.channels.fax.sip.alarms import Alarm
from depesche.channels.fax.sip.digest import Authenticator
from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.exchange import MadeUp
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.grammar import seconds
from depesche.channels.fax.sip.headers import Headers
from depesche.channels.fax.sip.layer import LOST
from depesche.channels.fax.sip.message import Response
from depesche.channels.fax.sip.timers import PATIENCE
from depesche.channels.fax.sip.uri import NameAddr, Uri

LONGEST_REST = 1800.0
"""Seconds between two tries at most (RFC 5626 §4.5)."""

FIRST_REST = 30.0
"""The same after the first failure; twice as long each time."""

STEADY_SECONDS = 120.0
"""A connection that lives so long is no part of a row of failures (RFC 5626 §4.5)."""

_EARLY = 0.8
"""Of the time for which the registrar knows us: then we register again, and there is room for repeats."""

_MOST_EXPIRES = 86_400


class Place(Enum):
    """Where a registration stands."""

    OUT = "out"
    ASKING = "asking"
    IN = "in"
    RENEWING = "renewing"
    RESTING = "resting"
    LEAVING = "leaving"


class Turn(Enum):
    """What happens to it."""

    START = "we want to be known"
    STOP = "we do not any more"
    TAKEN = "2xx comes"
    REFUSED = "anything else comes, or nothing"
    DUE = "its time is come"
    LOST = "its connection breaks"


REGISTRATION: Mapping[Place, Mapping[Turn, Place]] = {
    Place.OUT: {Turn.START: Place.ASKING},
    Place.ASKING: {Turn.TAKEN: Place.IN, Turn.REFUSED: Place.RESTING, Turn.STOP: Place.LEAVING},
    Place.IN: {
        Turn.DUE: Place.RENEWING,
        Turn.START: Place.RENEWING,
        Turn.LOST: Place.RESTING,
        Turn.STOP: Place.LEAVING,
    },
    Place.RENEWING: {Turn.TAKEN: Place.IN, Turn.REFUSED: Place.RESTING, Turn.STOP: Place.LEAVING},
    Place.RESTING: {Turn.DUE: Place.ASKING, Turn.START: Place.ASKING, Turn.STOP: Place.OUT},
    Place.LEAVING: {Turn.TAKEN: Place.OUT, Turn.REFUSED: Place.OUT, Turn.START: Place.ASKING},
}
"""Entering ASKING, RENEWING and LEAVING sends a REGISTER."""


@dataclass(frozen=True, slots=True)
class Registrar:
    """Whom we register with, and as whom."""

    uri: Uri
    """Of the registrar: a domain, without a user."""

    address: NameAddr
    """The address of record."""

    expires: int = 600
    """Seconds that we ask for."""

    who: Authenticator | None = None


class Registration:
    """One. `told` hears of every change: whether we are known now, and why not."""

    def __init__(
        self,
        agent: Agent,
        registrar: Registrar,
        flow: Callable[[], Flow],
        told: Callable[[bool, str], None],
        failed: Callable[[Flow], bool] = lambda _flow: False,
    ) -> None:
        """Make one, to be started.

        Args:
            flow: by which the next REGISTER goes.
            failed: hears that one came to nothing; whether `flow` gives another one now, to be tried at once.
        """
        self._agent = agent
        self._registrar = registrar
        self._flow = flow
        self._told = told
        self._failed = failed
        self._contact = ""
        self._lost_at: float | None = None
        self._losses = 0
        self.flow: Flow | None = None
        """By which the last REGISTER went."""

        self._call_id = agent.token()
        self._number = 0
        self._failures = 0
        self._expires = registrar.expires
        self._asked = 0
        self._alarm: Alarm | None = None
        self.place = Place.OUT

    def start(self) -> None:
        """Register now; again, if we are registered already: the connection may be another one."""
        self._failures = 0
        self._turn(Turn.START)

    def stop(self) -> None:
        """Unregister."""
        self._turn(Turn.STOP)

    def lost(self, why: str) -> None:
        """The connection broke by which we are known: register again, at once unless that happens all the time."""
        if self.place is not Place.IN:
            return
        now = self._agent.alarms.clock()
        often = self._lost_at is not None and now - self._lost_at < STEADY_SECONDS
        self._losses = self._losses + 1 if often else 0
        self._lost_at = now
        self._told(False, why)
        self._turn(Turn.LOST)
        if often:
            self._rest(self._losses - 1, 0)
        else:
            self._turn(Turn.DUE)

    def _turn(self, turn: Turn) -> None:
        place = REGISTRATION[self.place].get(turn)
        if place is None:
            return
        self.place = place
        if self._alarm is not None:
            self._alarm.stop()
        if place in {Place.ASKING, Place.RENEWING}:
            self._ask(self._expires)
        elif place is Place.LEAVING:
            self._ask(0)

    def _ask(self, expires: int) -> None:
        registrar = self._registrar
        self.flow = flow = self._flow()
        self._contact = self._agent.contact(flow)
        request = self._agent.request("REGISTER", registrar.uri, registrar.address, registrar.address, self._call_id)
        self._number += 1
        request.headers.put("CSeq", f"{self._number} REGISTER")
        request.headers.add("Contact", self._contact)
        request.headers.add("Expires", str(expires))
        self._asked += 1
        asked = self._asked

        def done(response: Response) -> None:
            if asked == self._asked:
                self._answered(response)

        self._agent.ask(request, flow, done, registrar.who, self._next_number)
        if self.place is not Place.LEAVING:
            self._alarm = self._agent.alarms.after(PATIENCE, self._silent)

    def _silent(self) -> None:
        if self._failed_way():
            self._ask(self._expires)

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _answered(self, response: Response) -> None:
        if self._alarm is not None:
            self._alarm.stop()
        if response.status < 300:
            self._taken(response)
        elif response.status == 423 and (least := _seconds(response.headers.get("Min-Expires"))) > self._expires:
            self._expires = least
            self._ask(least)
        elif self.place is not Place.LEAVING and is_of_the_way(response) and self._failed_way():
            self._ask(self._expires)
        else:
            self._refused(response)

    def _failed_way(self) -> bool:
        return self.flow is not None and self._failed(self.flow)

    def _taken(self, response: Response) -> None:
        leaving = self.place is Place.LEAVING
        self._failures = 0
        self._turn(Turn.TAKEN)
        if leaving:
            self._told(False, "unregistered")
            return
        known = _granted(response.headers, self._contact, self._expires)
        self._alarm = self._agent.alarms.after(max(1.0, known * _EARLY), lambda: self._turn(Turn.DUE))
        self._told(True, "")

    def _refused(self, response: Response) -> None:
        leaving = self.place is Place.LEAVING
        self._turn(Turn.REFUSED)
        if not leaving:
            asked = 0 if isinstance(response, MadeUp) else _seconds(response.headers.get("Retry-After"))
            self._rest(self._failures, asked)
            self._failures += 1
        self._told(False, words(response))

    def _rest(self, failures: int, least: int) -> None:
        longest = min(LONGEST_REST, FIRST_REST * 2 ** min(failures, 10))
        rest = max(self._agent.dice(longest / 2, longest), float(min(least, _MOST_EXPIRES)))
        self._alarm = self._agent.alarms.after(rest, lambda: self._turn(Turn.DUE))


def words(response: Response) -> str:
    """Why it came to nothing."""
    return response.reason if isinstance(response, MadeUp) else f"{response.status} {response.reason}"


def is_of_the_way(response: Response) -> bool:
    """Whether another server of the same name may do better (RFC 3263 §4.3)."""
    return isinstance(response, MadeUp) or response.status == LOST


def _granted(headers: Headers, contact: str, asked: int) -> int:
    """Seconds for which we are known. Others may be registered as well; a registrar may write our address anew."""
    expires = _seconds(headers.get("Expires")) or asked
    ours = NameAddr.parse(contact).uri
    bindings: list[tuple[bool, int]] = []
    for value in headers.every("Contact"):
        try:
            binding = NameAddr.parse(value)
        except Malformed:
            continue
        seconds = _seconds(binding.parameter("expires")) or expires
        bindings.append((binding.uri.matches(ours), seconds))
    exact = [seconds for same, seconds in bindings if same]
    return min(exact or [seconds for _, seconds in bindings] or [expires])


def _seconds(value: str | None) -> int:
    return seconds(value or "") or 0
