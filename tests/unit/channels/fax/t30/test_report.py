"""What a receiver can know of a whole fax."""

from dataclasses import replace

import pytest

from depesche.channels.fax.t30.report import Page, Report
from depesche.channels.fax.t30.spandsp import Coding

TAKEN = Page("EOP", True, 14400, Coding.MMR, True, 1728, 2292, 8031, 7700, 50_000, 0, 0)
REFUSED = replace(TAKEN, confirmed=False)


@pytest.mark.parametrize(
    ("completion", "pages", "whole"),
    [
        (0, (TAKEN,), True),
        (0, (REFUSED, TAKEN), True),
        (0, (TAKEN, REFUSED), False),
        (0, (), False),
        (49, (TAKEN,), False),
        (None, (TAKEN,), False),
    ],
)
def test_a_fax_is_whole_if_the_call_ended_well_and_the_last_page_was_taken(
    completion: int | None, pages: tuple[Page, ...], whole: bool
) -> None:
    assert Report(completion, ("DCS",), False, pages, "").whole is whole


def test_only_pages_that_were_taken_count() -> None:
    assert Report(0, ("DCS",), False, (REFUSED, TAKEN, REFUSED), "").confirmed == (TAKEN,)
