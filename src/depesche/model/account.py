"""A customer's account: what it may do, and how it signs what it sends."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum

from depesche.model.jobtype import JobType
from depesche.model.resolution import Resolution


class AccountState(Enum):
    """Whether the account may use the service."""

    TRIAL = "trial"
    ACTIVE = "active"
    LOCKED = "locked"


class Payment(Enum):
    """How the account pays."""

    NONE = "none"
    """It does not: prices are told, nothing is booked."""

    PREPAID = "prepaid"
    """From its balance, which must cover each order."""

    DEBIT = "debit"
    """Afterwards, by direct debit: the balance goes below zero."""

    PACKAGE = "package"
    """With an allowance of pages, messages, letters, which must cover each order."""


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

    payment: Payment = Payment.NONE
    paid_since: date | None = None
    """Day of the first payment, of the first direct debit; None: nothing was paid yet."""

    tariff: str = ""
    """Name of its price list."""

    balance: Decimal = Decimal(0)
    """Net euro, before what is `reserved`."""

    reserved: Decimal = Decimal(0)
    """For orders under way."""

    allowance: int = 0
    """Pages, messages or letters left of its packages, before what is reserved."""

    allowance_reserved: int = 0
    day_spend: Decimal | None = None
    """Net euro that it may spend a day; None: no limit."""

    day_pages: int | None = None
    """Pages and messages that it may send a day, recipients counted; None: no limit."""

    most_recipients: int | None = None
    """Rows of one order; None: no limit of its own."""

    most_pages: int | None = None
    """Pages of one order's document; None: no limit of its own."""

    double_minutes: int | None = None
    """How long an order that went OK makes an identical one a double; None: as the settings say."""

    demands_window: bool = False
    """An iLetter whose address is not in the window of the envelope is refused; else it is sent with a warning."""

    duplex: bool = False
    """Its letters are printed on both sides of their sheets."""

    quiet_from: time | None = None
    """From then on to `quiet_until`, in the operator's zone, its faxes and SMS do not ring; None: they always may."""

    quiet_until: time | None = None
    """Before `quiet_from`: of the next day. Each has the other."""

    document_days: int | None = None
    """How long the documents of its jobs are kept; 0: for ever; None: as the settings say. Likewise the next three."""

    fax_days: int | None = None
    """Faxes that were deleted from its inbox."""

    kept_fax_days: int | None = None
    """Faxes that nobody deleted."""

    record_days: int | None = None
    """The records of its jobs."""

    resolution: Resolution = Resolution.FINE
    """Of its faxes, unless an order says otherwise."""

    has_prices: bool = False
    """Its price list has lines."""

    has_blocked: bool = False
    """There are blacklist entries that concern it."""

    @property
    def is_limited(self) -> bool:
        """Its orders draw on money, an allowance or daily limits."""
        return self.payment is not Payment.NONE or self.day_spend is not None or self.day_pages is not None
