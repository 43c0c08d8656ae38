"""Session timers (RFC 4028): a call whose other end is gone does not stand for ever."""

from dataclasses import dataclass

from depesche.channels.fax.sip.grammar import seconds
from depesche.channels.fax.sip.headers import Headers

EXPIRES = 1800
"""Seconds that we propose."""

MOST = 999_999
"""Seconds that we agree to at most: nobody's fax lasts as long."""

LEAST = 90
"""Seconds below which nobody may ask (§4)."""


@dataclass(frozen=True, slots=True)
class Session:
    """What both ends agreed on."""

    seconds: int
    ours: bool
    """We refresh it; else they do, and we watch."""

    @property
    def due(self) -> float:
        """Seconds from now until we do something: refresh at half time, or give up shortly before the end (§10)."""
        return self.seconds / 2 if self.ours else self.seconds - min(32, self.seconds / 3)


def proposed(headers: Headers, expires: int = EXPIRES) -> None:
    """Say in an INVITE or UPDATE of ours what we propose."""
    headers.put("Session-Expires", str(expires))
    headers.put("Min-SE", str(LEAST))


def agreed(headers: Headers, *, calling: bool) -> Session | None:
    """What the 2xx to a request of ours says. `calling`: we sent the request. None: no timer."""
    expires, refresher = _read(headers)
    return None if expires is None else Session(max(expires, LEAST), ours=(refresher != "uas") is calling)


def answered(headers: Headers) -> tuple[Session, str] | None:
    """What we say to a request of theirs: the session, and the value of Session-Expires. None: no timer."""
    expires, refresher = _read(headers)
    if expires is None:
        return None
    theirs = "timer" in options(headers, "Supported") and refresher != "uas"
    return Session(expires, ours=not theirs), f"{expires};refresher={'uac' if theirs else 'uas'}"


def too_short(headers: Headers) -> bool:
    """Whether their request proposes less than anybody may: 422."""
    expires = seconds(headers.get("Session-Expires") or "")
    return expires is not None and expires < LEAST


def options(headers: Headers, name: str) -> set[str]:
    """The option tags of Supported, Require or Proxy-Require, lower case."""
    return {tag.strip().lower() for value in headers.every(name) for tag in value.split(",") if tag.strip()}


def _read(headers: Headers) -> tuple[int | None, str]:
    """Seconds, and who refreshes: "uac", "uas", or "" if that is left open."""
    value = headers.get("Session-Expires") or ""
    parameters = (part.strip().lower() for part in value.split(";")[1:])
    refresher = next((part.removeprefix("refresher=") for part in parameters if part.startswith("refresher=")), "")
    return seconds(value), refresher
