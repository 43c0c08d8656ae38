"""The table of delivery states, against the one that people agreed on."""

import pytest

from depesche.model.states import FINAL, TRANSITIONS, Event, State, sources

AGREED = {
    ("waiting", Event.DUE): "ready",
    ("ready", Event.CLAIM): "claimed",
    ("claimed", Event.BEGIN): "sending",
    ("claimed", Event.RELEASE): "ready",
    ("claimed", Event.PUT_OFF): "waiting",
    ("claimed", Event.EXPIRE): "ready",
    ("sending", Event.SUCCEED): "sent",
    ("sending", Event.FAIL): "failed",
    ("sending", Event.RETRY): "waiting",
    ("sending", Event.EXPIRE): "unknown",
    ("waiting", Event.CANCEL): "cancelled",
    ("ready", Event.CANCEL): "cancelled",
    ("claimed", Event.CANCEL): "cancelled",
    ("held", Event.CANCEL): "cancelled",
    ("sending", Event.CANCEL): "sending",
    ("ready", Event.HOLD): "held",
    ("waiting", Event.HOLD): "held",
    ("held", Event.LIFT): "waiting",
    ("unknown", Event.SUCCEED): "sent",
    ("unknown", Event.FAIL): "failed",
    ("unknown", Event.RETRY): "waiting",
}


def test_the_table_is_the_agreed_one() -> None:
    table = {(state.value, event): to.value for state, row in TRANSITIONS.items() for event, to in row.items()}
    assert table == AGREED


def test_nothing_leaves_a_final_state() -> None:
    assert {State.SENT, State.FAILED, State.CANCELLED} == FINAL
    assert not FINAL & TRANSITIONS.keys()


def test_a_second_row_for_the_same_address_has_no_life_of_its_own() -> None:
    assert State.SAME not in TRANSITIONS
    assert all(State.SAME not in row.values() for row in TRANSITIONS.values())


def test_every_state_leads_to_an_end() -> None:
    reached = set(FINAL)
    for _ in State:
        reached |= {state for state, row in TRANSITIONS.items() if reached & set(row.values())}
    assert reached == set(State) - {State.SAME}


def test_only_a_known_end_or_a_decision_leads_out_of_sending_and_unknown() -> None:
    assert State.READY not in TRANSITIONS[State.SENDING].values()
    assert State.READY not in TRANSITIONS[State.UNKNOWN].values()
    assert Event.EXPIRE not in TRANSITIONS[State.UNKNOWN]


@pytest.mark.parametrize(
    ("event", "target", "states"),
    [
        (Event.CANCEL, State.CANCELLED, {"waiting", "ready", "claimed", "held"}),
        (Event.CANCEL, State.SENDING, {"sending"}),
        (Event.EXPIRE, State.UNKNOWN, {"sending"}),
        (Event.SUCCEED, State.SENT, {"sending", "unknown"}),
        (Event.DUE, State.SENT, set()),
    ],
)
def test_sources_are_read_from_the_table(event: Event, target: State, states: set[str]) -> None:
    assert set(sources(event, target)) == states
