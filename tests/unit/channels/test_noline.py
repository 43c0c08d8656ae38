"""Without a line nothing is sent, and the record says why."""

import threading
from collections.abc import Callable

import pytest

from depesche.channels.base import Attempt, Delivery
from depesche.channels.noline import NoLine
from depesche.model.jobtype import Channel
from depesche.model.result import Result

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("channel", Channel)
async def test_it_fails_at_once_and_for_good(
    delivery: Callable[..., Delivery], attempt: Attempt, nobody_cancels: threading.Event, channel: Channel
) -> None:
    way = NoLine(channel)
    outcome = await way.deliver(delivery(), [], nobody_cancels)
    assert outcome.result is (Result.LINE_ERROR if channel is Channel.FAX else Result.SEND_FAILED)
    assert outcome.retry is False
    assert outcome.detail == f"no line for {channel.value} is set up on this installation"
    assert await way.reconcile(attempt) == outcome
