"""The way out of an account for which no line is set up: nothing is sent, and the record says why."""

import threading
from collections.abc import Sequence

from depesche.channels.base import Attempt, Delivery, Document
from depesche.model.jobtype import Channel
from depesche.model.outcome import Outcome
from depesche.model.result import Result


class NoLine:
    """A channel without a line."""

    def __init__(self, channel: Channel) -> None:
        self._outcome = Outcome(
            Result.LINE_ERROR if channel is Channel.FAX else Result.SEND_FAILED,
            detail=f"no line for {channel.value} is set up on this installation",
        )

    async def deliver(self, delivery: Delivery, documents: Sequence[Document], cancelled: threading.Event) -> Outcome:
        """Fails at once: a retry would meet the same want."""
        del delivery, documents, cancelled
        return self._outcome

    async def reconcile(self, attempt: Attempt) -> Outcome:
        """It was certainly not sent."""
        del attempt
        return self._outcome
