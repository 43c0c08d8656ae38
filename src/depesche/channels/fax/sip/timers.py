"""The timers of RFC 3261 (table 4) and RFC 6026 §8: seconds, by the kind of transport."""

from enum import Enum

T1 = 0.5
"""Estimate of a round trip."""

T2 = 4.0
"""Longest pause between two retransmissions of a request that is no INVITE, and of a response to an INVITE."""

T4 = 5.0
"""How long the network keeps a message."""

LONGEST = 64 * T1
"""After which nobody answers any more: 32 s."""


class Timer(Enum):
    """What runs out in a transaction."""

    A = "the INVITE is sent again"
    B = "nobody answers the INVITE"
    D = "no answer to the INVITE comes a second time any more"
    E = "the request is sent again"
    F = "nobody answers the request"
    G = "the answer to the INVITE is sent again"
    H = "no ACK comes"
    I = "no ACK comes a second time any more"  # noqa: E741  # the letter is the RFC's
    J = "the request does not come a second time any more"
    K = "no answer comes a second time any more"
    L = "no INVITE comes a second time after its 2xx any more"
    M = "no further 2xx comes any more"


FIRST = {
    Timer.A: T1,
    Timer.B: LONGEST,
    Timer.D: LONGEST,
    Timer.E: T1,
    Timer.F: LONGEST,
    Timer.G: T1,
    Timer.H: LONGEST,
    Timer.I: T4,
    Timer.J: LONGEST,
    Timer.K: T4,
    Timer.L: LONGEST,
    Timer.M: LONGEST,
}
"""How long each runs at first."""

MOST = {Timer.A: LONGEST, Timer.E: T2, Timer.G: T2}
"""Those that start anew, twice as long each time up to this: retransmissions."""

AT_ONCE = frozenset({Timer.D, Timer.I, Timer.J, Timer.K})
"""Over a reliable transport nothing comes twice: these run out in the moment in which they start."""

PATIENCE = 6.0
"""Seconds without any answer after which another server of the same name is asked, if there is one: RFC 3263 §4.3 would
have us wait for timer B or F, half a minute for each server that is gone."""
