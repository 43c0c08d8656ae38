"""The four transactions of SIP as tables (RFC 3261 §17, with the corrections of RFC 6026)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from depesche.channels.fax.sip.timers import AT_ONCE, FIRST, MOST, T2, Timer


class State(Enum):
    """Where a transaction stands."""

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Event(Enum):
    """What happens to it, besides a timer."""

    PROVISIONAL = "1xx comes"
    SUCCESS = "2xx comes"
    FAILURE = "3xx to 6xx comes"
    REQUEST = "the request comes again"
    ACK = "ACK comes"
    SAY_PROVISIONAL = "we answer 1xx"
    SAY_SUCCESS = "we answer 2xx"
    SAY_FAILURE = "we answer 3xx to 6xx"
    BROKEN = "the transport fails"


class Action(Enum):
    """What is to be done."""

    REPEAT = "send again what was sent last"
    SEND = "send the answer"
    ACK = "send ACK"
    TELL = "tell the user what came"
    SILENT = "tell the user that nobody answers"
    LOST = "tell the user that the transport failed"


@dataclass(frozen=True, slots=True)
class Step:
    """What an event leads to."""

    state: State
    actions: tuple[Action, ...] = ()


Table = Mapping[State, Mapping[Event | Timer, Step]]


@dataclass(frozen=True, slots=True)
class Machine:
    """One kind of transaction."""

    name: str
    first: State
    timers: Mapping[State, tuple[Timer, ...]]
    """What starts when a state is entered; what was started before and is not in `kept` ends."""

    table: Table
    kept: frozenset[tuple[State, Timer]] = frozenset()
    """Timers that go on into a state."""


_OVER = Step(State.TERMINATED)
_SILENT = Step(State.TERMINATED, (Action.SILENT,))
_LOST = Step(State.TERMINATED, (Action.LOST,))

INVITE_CLIENT = Machine(
    "INVITE, ours",
    State.CALLING,
    {
        State.CALLING: (Timer.A, Timer.B),
        State.COMPLETED: (Timer.D,),
        State.ACCEPTED: (Timer.M,),
    },
    {
        State.CALLING: {
            Timer.A: Step(State.CALLING, (Action.REPEAT,)),
            Timer.B: _SILENT,
            Event.PROVISIONAL: Step(State.PROCEEDING, (Action.TELL,)),
            Event.SUCCESS: Step(State.ACCEPTED, (Action.TELL,)),
            Event.FAILURE: Step(State.COMPLETED, (Action.ACK, Action.TELL)),
            Event.BROKEN: _LOST,
        },
        State.PROCEEDING: {
            Event.PROVISIONAL: Step(State.PROCEEDING, (Action.TELL,)),
            Event.SUCCESS: Step(State.ACCEPTED, (Action.TELL,)),
            Event.FAILURE: Step(State.COMPLETED, (Action.ACK, Action.TELL)),
            Event.BROKEN: _LOST,
        },
        State.COMPLETED: {
            Timer.D: _OVER,
            Event.FAILURE: Step(State.COMPLETED, (Action.ACK,)),
            Event.BROKEN: _OVER,  # the answer is known
        },
        State.ACCEPTED: {
            Timer.M: _OVER,
            Event.SUCCESS: Step(State.ACCEPTED, (Action.TELL,)),  # again, or of another branch: each wants its ACK
        },
    },
)

CLIENT = Machine(
    "another request, ours",
    State.TRYING,
    {
        State.TRYING: (Timer.E, Timer.F),
        State.COMPLETED: (Timer.K,),
    },
    {
        State.TRYING: {
            Timer.E: Step(State.TRYING, (Action.REPEAT,)),
            Timer.F: _SILENT,
            Event.PROVISIONAL: Step(State.PROCEEDING, (Action.TELL,)),
            Event.SUCCESS: Step(State.COMPLETED, (Action.TELL,)),
            Event.FAILURE: Step(State.COMPLETED, (Action.TELL,)),
            Event.BROKEN: _LOST,
        },
        State.PROCEEDING: {
            Timer.E: Step(State.PROCEEDING, (Action.REPEAT,)),
            Timer.F: _SILENT,
            Event.PROVISIONAL: Step(State.PROCEEDING, (Action.TELL,)),
            Event.SUCCESS: Step(State.COMPLETED, (Action.TELL,)),
            Event.FAILURE: Step(State.COMPLETED, (Action.TELL,)),
            Event.BROKEN: _LOST,
        },
        State.COMPLETED: {Timer.K: _OVER},
    },
    kept=frozenset({(State.PROCEEDING, Timer.E), (State.PROCEEDING, Timer.F)}),
)

INVITE_SERVER = Machine(
    "INVITE, theirs",
    State.PROCEEDING,
    {
        State.COMPLETED: (Timer.G, Timer.H),
        State.CONFIRMED: (Timer.I,),
        State.ACCEPTED: (Timer.L,),
    },
    {
        State.PROCEEDING: {
            Event.REQUEST: Step(State.PROCEEDING, (Action.REPEAT,)),
            Event.SAY_PROVISIONAL: Step(State.PROCEEDING, (Action.SEND,)),
            Event.SAY_SUCCESS: Step(State.ACCEPTED, (Action.SEND,)),
            Event.SAY_FAILURE: Step(State.COMPLETED, (Action.SEND,)),
            Event.BROKEN: _LOST,
        },
        State.COMPLETED: {
            Timer.G: Step(State.COMPLETED, (Action.REPEAT,)),
            Timer.H: _OVER,  # the call was refused: without ACK as well
            Event.REQUEST: Step(State.COMPLETED, (Action.REPEAT,)),
            Event.ACK: Step(State.CONFIRMED),
            Event.BROKEN: _OVER,
        },
        State.CONFIRMED: {Timer.I: _OVER},
        State.ACCEPTED: {
            Timer.L: _OVER,
            Event.SAY_SUCCESS: Step(State.ACCEPTED, (Action.SEND,)),  # again, until its ACK is there
            Event.BROKEN: Step(State.ACCEPTED, (Action.LOST,)),
        },
    },
)

SERVER = Machine(
    "another request, theirs",
    State.TRYING,
    {State.COMPLETED: (Timer.J,)},
    {
        State.TRYING: {
            Event.SAY_PROVISIONAL: Step(State.PROCEEDING, (Action.SEND,)),
            Event.SAY_SUCCESS: Step(State.COMPLETED, (Action.SEND,)),
            Event.SAY_FAILURE: Step(State.COMPLETED, (Action.SEND,)),
        },
        State.PROCEEDING: {
            Event.REQUEST: Step(State.PROCEEDING, (Action.REPEAT,)),
            Event.SAY_PROVISIONAL: Step(State.PROCEEDING, (Action.SEND,)),
            Event.SAY_SUCCESS: Step(State.COMPLETED, (Action.SEND,)),
            Event.SAY_FAILURE: Step(State.COMPLETED, (Action.SEND,)),
            Event.BROKEN: _OVER,
        },
        State.COMPLETED: {
            Timer.J: _OVER,
            Event.REQUEST: Step(State.COMPLETED, (Action.REPEAT,)),
            Event.BROKEN: _OVER,
        },
    },
)

MACHINES: Sequence[Machine] = (INVITE_CLIENT, CLIENT, INVITE_SERVER, SERVER)


class Transaction:
    """Where one of them stands, and when its timers run out. It does nothing itself: it says what is to be done."""

    def __init__(self, machine: Machine, *, reliable: bool, now: float) -> None:
        """`now`: seconds of a clock that never goes back."""
        self._machine = machine
        self._reliable = reliable
        self._running: dict[Timer, tuple[float, float]] = {}  # when each runs out, and how long it ran
        self.state = machine.first
        self._start(now)

    @property
    def over(self) -> bool:
        """Nothing will happen any more."""
        return self.state is State.TERMINATED

    @property
    def next(self) -> float | None:
        """When the first timer runs out; None: none runs."""
        return min((at for at, _ in self._running.values()), default=None)

    def happens(self, event: Event, now: float) -> tuple[Action, ...]:
        """What is to be done; nothing for what does not concern it in this state."""
        return self._step(event, now)

    def tick(self, now: float) -> tuple[Action, ...]:
        """Let those timers run out whose time is come."""
        actions: tuple[Action, ...] = ()
        for timer in [timer for timer, (at, _) in self._running.items() if at <= now]:
            running = self._running.pop(timer, None)  # another one may have ended it
            if running is None:
                continue
            state = self.state
            actions += self._step(timer, now)
            if timer in MOST and self.state is state:
                self._again(timer, running[1], now)
        return actions

    def _step(self, event: Event | Timer, now: float) -> tuple[Action, ...]:
        step = self._machine.table.get(self.state, {}).get(event)
        if step is None:
            return ()
        if step.state is not self.state:
            self._enter(step.state, now)
        return step.actions

    def _enter(self, state: State, now: float) -> None:
        self.state = state
        kept = {timer: run for timer, run in self._running.items() if (state, timer) in self._machine.kept}
        self._running = kept
        self._start(now)

    def _start(self, now: float) -> None:
        for timer in self._machine.timers.get(self.state, ()):
            if not self._reliable:
                self._running[timer] = now + FIRST[timer], FIRST[timer]
            elif timer in AT_ONCE:
                self._step(timer, now)
            elif timer not in MOST:
                self._running[timer] = now + FIRST[timer], FIRST[timer]

    def _again(self, timer: Timer, ran: float, now: float) -> None:
        """RFC 3261 §17.1.2.2: once a provisional answer came, a request is repeated at the longest pause."""
        pause = T2 if timer is Timer.E and self.state is State.PROCEEDING else min(2 * ran, MOST[timer])
        self._running[timer] = now + pause, pause
