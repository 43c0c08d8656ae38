"""Whether a trunk without a registrar is there: OPTIONS from time to time (RFC 3261 §11)."""

from collections.abc import Callable

from depesche.channels.fax.sip.agent import Agent
from depesche.channels.fax.sip.alarms import Alarm
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.layer import SILENT
from depesche.channels.fax.sip.message import Response
from depesche.channels.fax.sip.register import is_of_the_way, words
from depesche.channels.fax.sip.timers import PATIENCE
from depesche.channels.fax.sip.uri import NameAddr, Uri

EVERY = 60.0
"""Seconds between two questions."""

AGAIN = 20.0
"""The same while there is no answer."""


class Probe:
    """One. Whatever the far end says, it is there: that it knows no OPTIONS, or wants a password, is an answer.

    There are gateways that let OPTIONS fall: one that never answered any is taken to be there, until calls tell.
    """

    def __init__(
        self,
        agent: Agent,
        target: Uri,
        flow: Callable[[], Flow],
        told: Callable[[bool, str], None],
        failed: Callable[[Flow], bool],
    ) -> None:
        """Make one, to be started; `flow` and `failed` as those of `register.Registration`."""
        self._agent = agent
        self._target = target
        self._flow = flow
        self._told = told
        self._failed = failed
        self._alarm: Alarm | None = None
        self._asked = 0
        self._answers = False

    def start(self) -> None:
        """Ask now, and again and again."""
        self.stop()
        ours = NameAddr(Uri("sip", self._target.host, "fax"))
        request = self._agent.request("OPTIONS", self._target, ours, NameAddr(self._target))
        flow = self._flow()
        request.headers.add("Contact", self._agent.contact(flow))
        self._asked += 1
        asked = self._asked

        def done(response: Response) -> None:
            if asked == self._asked:
                self._answered(response, flow)

        self._agent.ask(request, flow, done)
        self._alarm = self._agent.alarms.after(PATIENCE, lambda: self._silent(flow))

    def stop(self) -> None:
        """Ask no more."""
        self._asked += 1
        if self._alarm is not None:
            self._alarm.stop()

    def _silent(self, flow: Flow) -> None:
        if self._failed(flow):
            self.start()

    def _answered(self, response: Response, flow: Flow) -> None:
        self.stop()
        there = not is_of_the_way(response)
        self._answers = self._answers or there
        if not there and self._failed(flow):
            self.start()
            return
        if response.status == SILENT and not self._answers:
            there = True
        self._alarm = self._agent.alarms.after(EVERY if there else AGAIN, self.start)
        self._told(there, "" if there else words(response))
