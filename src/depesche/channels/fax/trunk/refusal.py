"""From a call that was never taken to the outcome of an attempt (table "Result of a fax attempt")."""

from depesche.channels.fax.sip.ear import End
from depesche.model.outcome import Outcome
from depesche.model.result import Result

_AGAIN, _NEVER = True, False

BY_STATUS = {
    **dict.fromkeys((486, 600), (Result.BUSY, _AGAIN)),
    **dict.fromkeys((408, 480, 487), (Result.NO_ANSWER, _AGAIN)),
    **dict.fromkeys((404, 410, 484, 604), (Result.NO_RING, _NEVER)),
    **dict.fromkeys((415, 488, 606), (Result.NO_SERVICE, _NEVER)),
    **dict.fromkeys((403, 603), (Result.LINE_ERROR, _NEVER)),
}
"""What else comes is a fault of the network: 5xx, and what no telephone says."""

BY_CAUSE = {
    **dict.fromkeys((1, 22, 28), (Result.NO_RING, _NEVER)),
    **dict.fromkeys((18, 19, 20), (Result.NO_ANSWER, _AGAIN)),
    **dict.fromkeys((58, 65, 79, 88), (Result.NO_SERVICE, _NEVER)),
    **dict.fromkeys((2, 3, 25, 27, 34, 38, 41, 42, 44, 47, 63, 102, 127), (Result.LINE_ERROR, _AGAIN)),
    17: (Result.BUSY, _AGAIN),
    21: (Result.LINE_ERROR, _NEVER),
}
"""ITU-T Q.850 table 1. Causes that are not here say no more than the status does."""


def refused(end: End) -> Outcome:
    """The outcome of a call that the far end, or the network, did not take."""
    if end.unheard:  # that is no telephone that rings: the trunk itself is silent, or gone
        return Outcome(Result.LINE_ERROR, retry=True, detail=end.reason)
    fault = Result.LINE_ERROR, _AGAIN
    result, retry = BY_CAUSE.get(end.cause) or BY_STATUS.get(end.status, fault)
    cause = f" (Q.850 cause {end.cause})" if end.cause else ""
    return Outcome(result, retry=retry, detail=f"{end.status} {end.reason}{cause}")
