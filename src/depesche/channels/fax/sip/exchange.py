"""A request of ours until its last answer: challenges are met on the way (RFC 3261 §22)."""

from collections.abc import Callable

from depesche.channels.fax.sip.digest import Authenticator
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.layer import Asking, Layer
from depesche.channels.fax.sip.message import Request, Response

SILENT = 408
"""Status of an answer that never came (§8.1.3.1)."""

LOST = 503
"""The same for a transport that failed."""

_CHALLENGES = frozenset({401, 407})
_MOST_CHALLENGES = 5
"""Of one request: several servers on the way may want to be told who we are, and nonces may be stale."""


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
        if who is not None:
            who.authorize(request, layer.token())
        self.flow = flow
        self.asking: Asking = layer.ask(request, flow, self, branch)

    @property
    def request(self) -> Request:
        """As it was sent last."""
        return self.asking.request

    def answered(self, response: Response) -> None:
        """See `layer.Asker`."""
        if response.status < 200:
            if self._progress is not None:
                self._progress(response)
        elif not self._meet(response):
            self._done(response)

    def unanswered(self, why: str) -> None:
        """See `layer.Asker`."""
        self._done(made_up(self.request, SILENT if why == "nobody answers" else LOST, why))

    def _meet(self, response: Response) -> bool:
        """Send it again with credentials. Returns: whether that is asked for, and makes sense."""
        if self._who is None or not self._who.challenged(self.request, response):
            return False
        self._challenges += 1
        if response.status not in _CHALLENGES or self._number is None or self._challenges > _MOST_CHALLENGES:
            return False
        request = Request(self.request.method, self.request.uri, self.request.headers.copy(), self.request.body)
        request.headers.remove("Via")
        request.headers.put("CSeq", f"{self._number()} {request.method}")
        self._who.authorize(request, self._layer.token())
        self.asking = self._layer.ask(request, self.flow, self)
        return True


def made_up(request: Request, status: int, reason: str) -> Response:
    """An answer that nobody gave."""
    headers = request.headers.copy()
    return Response(status, reason, headers)
