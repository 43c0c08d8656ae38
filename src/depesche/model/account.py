"""A customer's account: what it may do, and how it signs what it sends."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from depesche.model.jobtype import JobType


class AccountState(Enum):
    """Whether the account may use the service."""

    TRIAL = "trial"
    ACTIVE = "active"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the store gives it. Its password hash never leaves the store's row."""

    id: int
    number: str
    """Customer number: parameter ``Account``."""

    name: str
    """The customer's name; default station id."""

    state: AccountState
    trial_until: date | None
    """Last day of the trial (Europe/Berlin); None with state `trial` = no end set."""

    sandbox: bool
    """Everything of this account ends in the sandbox."""

    country: str
    """ISO 3166 code: how numbers without a country code are read."""

    fax_number: str
    """Own main number, E.164; empty if it has none. Default caller number and free header."""

    numbers: tuple[str, ...]
    """All own numbers, E.164."""

    job_types: frozenset[JobType]
    """Released job types."""

    bulk: bool
    """More than one recipient allowed."""

    foreign: bool
    """Numbers outside `country` allowed."""

    mail_from: str
    mail_subject: str
    sms_from: str
    sender_addresses: frozenset[str]
    """Addresses allowed in ``MAILFROM=`` besides `mail_from`."""

    status_encoding: str
    """``utf-8`` or ``windows-1252``: of the StatusFile."""

    weight: int
    """Share of the lines under load; 1 is normal."""
