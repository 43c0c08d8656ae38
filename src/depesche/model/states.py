"""The life of a delivery, as a table. A fax cannot be unsent: whatever changes a state follows this."""

from enum import Enum


class State(Enum):
    """Where a delivery stands."""

    WAITING = "waiting"
    READY = "ready"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    HELD = "held"
    SAME = "same"
    """A given row whose address stood before it: it shares that one's fate, and is never sent."""


class Event(Enum):
    """What can happen to it."""

    DUE = "its time is come"
    CLAIM = "a worker takes it, with a lease"
    BEGIN = "about to do what cannot be undone"
    RELEASE = "the worker gives it back untouched"
    PUT_OFF = "what it needs cannot be had now, and that is our own fault"
    EXPIRE = "the lease ran out: the worker died"
    SUCCEED = "the far side has it"
    FAIL = "it will not be tried again"
    RETRY = "it may be tried again"
    CANCEL = "the customer does not want it any more"
    HOLD = "account or channel was put on hold"
    LIFT = "the hold was lifted"


FINAL = frozenset({State.SENT, State.FAILED, State.CANCELLED})

TRANSITIONS: dict[State, dict[Event, State]] = {
    State.WAITING: {Event.DUE: State.READY, Event.CANCEL: State.CANCELLED, Event.HOLD: State.HELD},
    State.READY: {Event.CLAIM: State.CLAIMED, Event.CANCEL: State.CANCELLED, Event.HOLD: State.HELD},
    State.CLAIMED: {
        Event.BEGIN: State.SENDING,
        Event.RELEASE: State.READY,
        Event.PUT_OFF: State.WAITING,
        Event.EXPIRE: State.READY,
        Event.CANCEL: State.CANCELLED,
    },
    State.SENDING: {
        Event.SUCCEED: State.SENT,
        Event.FAIL: State.FAILED,
        Event.RETRY: State.WAITING,
        Event.EXPIRE: State.UNKNOWN,
        Event.CANCEL: State.SENDING,
    },
    State.UNKNOWN: {Event.SUCCEED: State.SENT, Event.FAIL: State.FAILED, Event.RETRY: State.WAITING},
    State.HELD: {Event.LIFT: State.WAITING, Event.CANCEL: State.CANCELLED},
}


def sources(event: Event, target: State) -> tuple[str, ...]:
    """The states, as the database writes them, from which `event` leads to `target`."""
    return tuple(state.value for state, row in TRANSITIONS.items() if row.get(event) is target)
