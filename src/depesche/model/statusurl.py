"""STATURL: an address with placeholders, filled with what became of one recipient (Rev. 2.55, Options)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from urllib.parse import quote

from depesche.model import webaddress
from depesche.model.options import STATUS_URL_LENGTH
from depesche.model.result import Result

PLACEHOLDERS = ("JID", "RCV", "STAT", "MSGS", "COST", "RID", "CID", "DATE", "TIME", "SEC", "RET", "COD", "SPD")
"""Their names in the order of the document, each written with a ``$`` before it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a customer's program is told of one given row."""

    job_id: int
    delivery_id: int
    """Of the row itself, not of the one whose fate it shares."""

    recipient: str
    reference: str
    """The customer's own id of this row."""

    result: Result
    pages: int
    """Pages, or messages for SMS."""

    cost: Decimal
    """Net euro."""

    remote_id: str
    ended_at: datetime
    seconds: int
    """On the line."""

    attempts: int
    """0 if nothing was tried."""

    coding: str
    bit_rate: int
    """Bits per second; 0 if not fax."""


def accept(given: str) -> str:
    """The template as a job keeps it. Raises: ValueError, which says why it will not be called."""
    template = normal(given)
    if len(template) > STATUS_URL_LENGTH:
        raise ValueError(f"it is longer than {STATUS_URL_LENGTH} characters")
    webaddress.parse(template)
    return template


def normal(given: str) -> str:
    """Without blanks and control characters, with a scheme; no ``?`` is invented."""
    text = "".join(character for character in given if character.isprintable() and not character.isspace())
    return text if _SCHEME.match(text) else f"http://{text}"


def values(told: Told, zone: tzinfo) -> dict[str, str]:
    """What stands for each placeholder; times are those of `zone`."""
    ended = told.ended_at.astimezone(zone)
    return {
        "JID": str(told.job_id),
        "RCV": told.recipient,
        "STAT": told.result.value,
        "MSGS": str(told.pages),
        "COST": _euro(told.cost),
        "RID": told.remote_id,
        "CID": told.reference,
        "DATE": f"{ended:%d.%m.%y}",
        "TIME": f"{ended:%H:%M:%S}",
        "SEC": str(told.seconds),
        "RET": str(max(told.attempts - 1, 0)),
        "COD": told.coding,
        "SPD": str(told.bit_rate),
    }


def fill(template: str, by_name: Mapping[str, str]) -> str:
    """The address to call. Placeholders count in path and query alone; a ``$`` that begins none stays.

    Values are percent-encoded as UTF-8, all but the unreserved characters (RFC 3986 §2.3): whatever they are, they
    change neither host nor path nor the number of parameters.
    """
    url = normal(template).partition("#")[0]
    authority = _UP_TO_AUTHORITY.match(url)
    begin = authority.end() if authority else len(url)
    return url[:begin] + _PLACEHOLDER.sub(lambda found: _encoded(by_name[found[1]]), url[begin:])


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_UP_TO_AUTHORITY = re.compile(r"[^:/?#]*://[^/?#]*")
_PLACEHOLDER = re.compile(r"\$(" + "|".join(sorted(PLACEHOLDERS, key=len, reverse=True)) + ")")
_CENT = Decimal("0.01")


def _encoded(value: str) -> str:
    return quote(value, safe="", errors="replace")


def _euro(amount: Decimal) -> str:
    """``0.07``; parts of a cent only where there are any."""
    cents = amount.quantize(_CENT)
    return f"{cents if cents == amount else amount.normalize():f}"
