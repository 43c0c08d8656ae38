"""What a call comes to that is not taken."""

import pytest

from depesche.channels.fax.sip.ear import End
from depesche.channels.fax.sip.layer import LOST, SILENT
from depesche.channels.fax.trunk.refusal import refused
from depesche.model.result import Result


@pytest.mark.parametrize(
    ("status", "cause", "result", "retry"),
    [
        (486, 0, Result.BUSY, True),
        (600, 0, Result.BUSY, True),
        (408, 0, Result.NO_ANSWER, True),
        (480, 0, Result.NO_ANSWER, True),
        (487, 0, Result.NO_ANSWER, True),
        (404, 0, Result.NO_RING, False),
        (410, 0, Result.NO_RING, False),
        (484, 0, Result.NO_RING, False),
        (604, 0, Result.NO_RING, False),
        (415, 0, Result.NO_SERVICE, False),
        (488, 0, Result.NO_SERVICE, False),
        (606, 0, Result.NO_SERVICE, False),
        (403, 0, Result.LINE_ERROR, False),
        (603, 0, Result.LINE_ERROR, False),
        (500, 0, Result.LINE_ERROR, True),
        (503, 0, Result.LINE_ERROR, True),
        (302, 0, Result.LINE_ERROR, True),
        (503, 17, Result.BUSY, True),
        (480, 1, Result.NO_RING, False),
        (500, 127, Result.LINE_ERROR, True),
        (486, 99, Result.BUSY, True),
    ],
)
def test_its_status_says_what_it_comes_to_unless_its_cause_does(
    status: int, cause: int, result: Result, retry: bool
) -> None:
    outcome = refused(End(ours=False, status=status, reason="Why", cause=cause))
    assert (outcome.result, outcome.retry) == (result, retry)
    assert outcome.detail == f"{status} Why" + (f" (Q.850 cause {cause})" if cause else "")


@pytest.mark.parametrize("status", [SILENT, LOST])
def test_a_trunk_that_says_nothing_is_to_blame_itself(status: int) -> None:
    outcome = refused(End(ours=False, status=status, reason="nobody answers", unheard=True))
    assert (outcome.result, outcome.retry, outcome.detail) == (Result.LINE_ERROR, True, "nobody answers")
