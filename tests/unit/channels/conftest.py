"""A delivery for the channels whose last metre is a folder."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from depesche.channels.base import Attempt, Delivery
from depesche.model.jobtype import JobType

Deliver = Callable[..., Delivery]


@pytest.fixture
def delivery() -> Deliver:
    """The second attempt at delivery 5 of job 3, with changes."""
    plain = Delivery(
        id=5,
        job_id=3,
        attempt=2,
        account="10001",
        job_type=JobType.SMS,
        address="+491713920000",
        pages=2,
        text="Grüße aus Hamburg",
    )

    def build(**changes: Any) -> Delivery:
        return replace(plain, **changes)

    return build


@pytest.fixture
def attempt() -> Attempt:
    """The same, lost."""
    return Attempt(
        delivery_id=5,
        job_id=3,
        number=2,
        job_type=JobType.SMS,
        address="+491713920000",
        sending_since=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        pages=2,
    )


@pytest.fixture
def nobody_cancels() -> threading.Event:
    return threading.Event()
