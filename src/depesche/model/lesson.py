"""What calls to one number taught: how faxes get through to it. A lesson is forgotten after a while."""

from dataclasses import dataclass, replace
from datetime import timedelta

from depesche.model.callrecord import CallRecord
from depesche.model.outcome import Outcome
from depesche.model.resolution import Resolution

TRIED_FOR = timedelta(days=1)
"""How long a lesson holds that nothing has proven yet: the next repeat of the order is made by it."""

PROVEN_FOR = timedelta(days=30)
"""How long one holds by which a fax got through; each further fax makes it anew. Machines and gateways are replaced."""

V29_BIT_RATE = 9600
"""Bits per second, the most that V.29 does."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """How calls to a number are made."""

    t38: bool = True
    """False: its gateway says that it speaks T.38, and faxes do not get through by it. Audio alone."""

    v17: bool = True
    """False: training or pages fail by V.17. V.29 at most, and V.27ter."""

    finest: Resolution = Resolution.SUPERFINE
    """Its machine takes no pages of closer rows."""

    def after(self, outcome: Outcome) -> "Lesson":
        """How the next call is made. The first suspect is T.38, then V.17; once all was tried, it begins anew."""
        call = outcome.call
        if call is not None and call.too_fine:
            return replace(self, finest=self._coarser(call))
        if call is None or not call.taken or not outcome.retry or outcome.pages:
            return self  # nothing is known, or a page got through so: it was not for the way
        if call.t38:
            return replace(self, t38=False)
        if self.v17 and not 0 < outcome.bit_rate <= V29_BIT_RATE:
            return replace(self, v17=False)
        return replace(PLAIN, finest=self.finest)

    def _coarser(self, call: CallRecord) -> Resolution:
        """Than what was to be sent; a machine that takes no standard pages is none."""
        sent = call.stamp.prints.resolution if call.stamp else self.finest
        return sent.coarser or sent


PLAIN = Lesson()
"""Of most numbers: nothing is to be known."""
