"""What is told of a call: whom it is told to, and how it ended."""

from dataclasses import dataclass
from typing import Protocol, Self

from depesche.channels.fax.sip.exchange import MadeUp
from depesche.channels.fax.sip.grammar import seconds
from depesche.channels.fax.sip.headers import Headers
from depesche.channels.fax.sip.message import Response


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended."""

    ours: bool
    """We hung up, or refused."""

    status: int = 0
    """Of the answer to our INVITE; 408 and 503 if none came. 0: the call had been taken."""

    reason: str = ""
    contacts: tuple[str, ...] = ()
    """3xx: who else may be tried, in their order."""

    retry_after: int = 0
    """Seconds that they ask for."""

    cause: int = 0
    """Of Q.850, where they tell it (RFC 3326): more exact than the status. 0: not told."""

    cancelled: bool = False
    """Their call, which they gave up before we took it."""

    unheard: bool = False
    """No answer came to our INVITE: status and reason are ours."""

    @classmethod
    def refused(cls, response: Response, *, ours: bool) -> Self:
        """By an answer that is no 2xx."""
        headers = response.headers
        contacts = tuple(headers.every("Contact")) if 300 <= response.status < 400 else ()
        after = seconds(headers.get("Retry-After") or "") or 0
        unheard = isinstance(response, MadeUp)
        return cls(ours, response.status, response.reason, contacts, after, cause(headers), unheard=unheard)


class Ear(Protocol):
    """Who is told what becomes of a call."""

    def ringing(self, status: int, reason: str) -> None:
        """A provisional answer of the far end."""

    def answered(self, sdp: bytes) -> None:
        """They took our call, with this answer to our offer."""

    def connected(self, sdp: bytes) -> None:
        """They know that we took their call; their answer, where the offer was ours."""

    def offered(self, sdp: bytes) -> None:
        """In the call they want other media: `Call.accept` or `Call.decline`. Empty: they want an offer from us."""

    def accepted(self, sdp: bytes) -> None:
        """They take the media that we offered in the call."""

    def declined(self, status: int, reason: str) -> None:
        """They do not; everything stays as it was."""

    def over(self, end: End) -> None:
        """The call has ended; nothing more comes."""


class Deaf:
    """Hears nothing: of a call that is refused, or not decided yet."""

    def ringing(self, status: int, reason: str) -> None: ...

    def answered(self, sdp: bytes) -> None: ...

    def connected(self, sdp: bytes) -> None: ...

    def offered(self, sdp: bytes) -> None: ...

    def accepted(self, sdp: bytes) -> None: ...

    def declined(self, status: int, reason: str) -> None: ...

    def over(self, end: End) -> None: ...


def cause(headers: Headers) -> int:
    """What a Reason header tells of the telephone network (RFC 3326); 0: nothing."""
    for value in headers.every("Reason"):
        protocol, *parameters = (part.strip() for part in value.split(";"))
        if protocol.upper() == "Q.850":
            given = next((part[6:].strip() for part in parameters if part.lower().startswith("cause=")), "")
            return int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 0
    return 0
