"""Session timers (RFC 4028): a call whose other end is gone does not stand for ever."""

from dataclasses import dataclass

from depesche.channels.fax.sip.headers import Headers

EXPIRES = 1800
"""Seconds that we propose."""

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


def proposed(headers: Headers, seconds: int = EXPIRES) -> None:
    """Say in an INVITE or UPDATE of ours what we propose."""
    headers.put("Session-Expires", str(seconds))
    headers.put("Min-SE", str(LEAST))


def agreed(headers: Headers, *, calling: bool) -> Session | None:
    """What the 2xx to a request of ours says. `calling`: we sent the request. None: no timer."""
    value = headers.get("Session-Expires") or headers.get("x")
    if value is None:
        return None
    seconds, refresher = _read(value)
    if seconds is None:
        return None
    return Session(max(seconds, LEAST), ours=(refresher != "uas") is calling)


def answered(headers: Headers) -> tuple[Session, str] | None:
    """What we say to a request of theirs: the session, and the value of Session-Expires. None: no timer."""
    value = headers.get("Session-Expires") or headers.get("x")
    seconds, refresher = _read(value) if value is not None else (None, "")
    if seconds is None:
        return None
    theirs = "timer" in options(headers, "Supported") and refresher != "uas"
    return Session(seconds, ours=not theirs), f"{seconds};refresher={'uac' if theirs else 'uas'}"


def too_short(headers: Headers) -> bool:
    """Whether their request proposes less than anybody may: 422."""
    value = headers.get("Session-Expires") or headers.get("x")
    seconds = _read(value)[0] if value is not None else None
    return seconds is not None and seconds < LEAST


def options(headers: Headers, name: str) -> set[str]:
    """The option tags of Supported, Require or Proxy-Require, lower case."""
    return {tag.strip().lower() for value in headers.every(name) for tag in value.split(",") if tag.strip()}


def _read(value: str) -> tuple[int | None, str]:
    seconds, *parameters = (part.strip() for part in value.split(";"))
    refresher = next((part[10:] for part in parameters if part.lower().startswith("refresher=")), "")
    return (int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 10 else None), refresher.lower()
