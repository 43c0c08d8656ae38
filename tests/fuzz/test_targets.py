"""A few seconds of fuzzing; `make fuzz` goes on for as long as is wanted."""

import random

import pytest

from fuzz.__main__ import FOLDERS
from fuzz.engine import Target, fuzz
from fuzz.targets import TARGETS

SECONDS = 4
"""For each target."""


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_input_is_too_much(target: Target) -> None:
    report = fuzz(target, SECONDS, random.randrange(10**9), FOLDERS)
    assert report.steps
    assert report.finding is None, str(report)
