"""A dialog: what both ends of a call remember of each other (RFC 3261 §12)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.headers import Headers
from depesche.channels.fax.sip.message import Request, Response
from depesche.channels.fax.sip.uri import NameAddr, Uri

MAX_FORWARDS = "70"


@dataclass(slots=True)
class Dialog:
    """One, seen from our end."""

    call_id: str
    local: NameAddr
    """With our tag."""

    remote: NameAddr
    """With theirs; without one if the far end is older than RFC 3261."""

    target: Uri
    """Their Contact: whom requests are for."""

    route: tuple[NameAddr, ...]
    """Whom they pass, in order."""

    sequence: int
    """Number of our last request."""

    remote_sequence: int | None = None
    """Number of their last one."""

    early: bool = field(default=False)
    """No final answer yet."""

    @classmethod
    def ours(cls, request: Request, response: Response) -> Self:
        """That our request and its answer make (§12.1.2). Raises: Malformed: the answer names no contact."""
        return cls(
            call_id=request.call_id,
            local=request.from_,
            remote=response.to,
            target=contact(response.headers),
            route=tuple(reversed(_record_route(response.headers))),
            sequence=request.cseq.number,
            early=response.status < 200,
        )

    @classmethod
    def theirs(cls, request: Request, tag: str) -> Self:
        """That their request and our answer with this tag make (§12.1.1). Raises: Malformed: it names no contact."""
        return cls(
            call_id=request.call_id,
            local=request.to.with_tag(tag),
            remote=request.from_,
            target=contact(request.headers),
            route=tuple(_record_route(request.headers)),
            sequence=0,
            remote_sequence=request.cseq.number,
        )

    @property
    def id(self) -> tuple[str, str, str]:
        """What tells it from others: Call-ID, our tag, their tag."""
        return self.call_id, self.local.tag or "", self.remote.tag or ""

    @property
    def next_hop(self) -> Uri:
        """To whom a request is handed."""
        return self.route[0].uri if self.route else self.target

    def request(self, method: str, number: int | None = None) -> Request:
        """One of ours, without Via, Contact and body; ACK and CANCEL have the number of the INVITE (§12.2.1.1)."""
        if number is None:
            self.sequence += 1
            number = self.sequence
        uri, route = self._routed()
        headers = Headers()
        headers.add("Max-Forwards", MAX_FORWARDS)
        for hop in route:
            headers.add("Route", str(hop))
        headers.add("From", str(self.local))
        headers.add("To", str(self.remote))
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{number} {method}")
        return Request(method, uri, headers)

    def takes(self, request: Request) -> bool:
        """Whether their request comes in order (§12.2.2); from now on it is their last one."""
        number = request.cseq.number
        if self.remote_sequence is not None and number <= self.remote_sequence:
            return False
        self.remote_sequence = number
        return True

    def refresh(self, headers: Headers) -> None:
        """A re-INVITE or UPDATE, or its 2xx, may name another contact (§12.2)."""
        if headers.get("Contact") is not None:
            self.target = contact(headers)

    def _routed(self) -> tuple[Uri, Sequence[NameAddr]]:
        if not self.route or self.route[0].uri.parameter("lr") is not None:
            return self.target, self.route
        first, *others = self.route  # a strict router wants to be the Request-URI itself
        return first.uri, (*others, NameAddr(self.target))


def contact(headers: Headers) -> Uri:
    """Of a request or answer that begins a dialog. Raises: Malformed."""
    named = headers.get("Contact")
    if named is None:
        raise Malformed("no Contact")
    return NameAddr.parse(named).uri


def _record_route(headers: Headers) -> list[NameAddr]:
    return [NameAddr.parse(value) for value in headers.every("Record-Route")]
