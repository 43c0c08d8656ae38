"""A request of ours until its last answer: challenges are met on the way (RFC 3261 §22)."""

from collections.abc import Callable

from depesche.channels.fax.sip.digest import Authenticator
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.layer import LOST, Asking, Layer
from depesche.channels.fax.sip.message import Request, Response

_CHALLENGES = frozenset({401, 407})
_MOST_CHALLENGES = 5
"""Of one request: several servers on the way may want to be told who we are, and nonces may be stale."""


class MadeUp(Response):
    """An answer that nobody gave: its reason is ours, in plain words."""


class Exchange:
    """One. It ends with one answer, made up by us if none came; an INVITE may have several 2xx."""

    def __init__(
        self,
        layer: Layer,
        request: Request,
        flow: Flow,
        *,
        done: Callable[[Response], None],
        progress: Callable[[Response], None] | None = None,
        who: Authenticator | None = None,
        number: Callable[[], int] | None = None,
        branch: str = "",
    ) -> None:
        """Send it.

        Args:
            number: makes the next sequence number, for a request that is sent again with credentials.
            branch: of the INVITE that a CANCEL is for.
        """
        self._layer = layer
        self._done = done
        self._progress = progress
        self._who = who
        self._number = number
        self._challenges = 0
        self._heard = False
        self._flow = flow
        if who is not None:
            who.authorize(request, layer.token())
        self.asking: Asking = layer.ask(request, flow, self, branch)

    @property
    def request(self) -> Request:
        """As it was sent last."""
        return self.asking.request

    @property
    def flow(self) -> Flow:
        """By which it was sent last; another one than was asked for, if it is too long for that."""
        return self.asking.flow

    def answered(self, response: Response) -> None:
        """See `layer.Asker`."""
        self._heard = True
        if response.status < 200:
            if self._progress is not None:
                self._progress(response)
        elif not self._meet(response):
            self._done(response)

    def unanswered(self, status: int, why: str) -> None:
        """See `layer.Asker`."""
        if status == LOST and not self._heard and self.flow.transport != self._flow.transport:
            self._layer.only_datagrams(self.flow)
            self._again(self.request)
        else:
            self._done(made_up(self.request, status, why))

    def _meet(self, response: Response) -> bool:
        """Send it again with credentials. Returns: whether that is asked for, and makes sense."""
        if self._who is None or not self._who.challenged(self.request, response):
            return False
        self._challenges += 1
        if response.status not in _CHALLENGES or self._number is None or self._challenges > _MOST_CHALLENGES:
            return False
        request = Request(self.request.method, self.request.uri, self.request.headers.copy(), self.request.body)
        request.headers.put("CSeq", f"{self._number()} {request.method}")
        self._who.authorize(request, self._layer.token())
        self._heard = False
        self._again(request)
        return True

    def _again(self, request: Request) -> None:
        request.headers.remove("Via")
        self.asking = self._layer.ask(request, self._flow, self)


def made_up(request: Request, status: int, reason: str) -> MadeUp:
    """An answer that nobody gave."""
    headers = request.headers.copy()
    return MadeUp(status, reason, headers)
