"""The accounts of the demo: two that may do everything, and one for each state in which an account is refused.

All that they send ends in the sandbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from depesche.model.account import AccountState, Payment
from depesche.model.jobtype import JobType
from depesche.model.tariff import Price
from depesche.store import accounts as store
from depesche.store import blocked, prices
from depesche.store.blocked import Blocked
from depesche.usecases import accounts
from depesche.usecases.accounts import NewAccount, NotPossible
from depesche.usecases.house import House

PASSWORD = "demo"  # noqa: S105  for loopback alone, and printed at every start
ACCOUNTS = (("10001", "Muster GmbH", "+493023125100"), ("10002", "Beispiel AG", "+493023125200"))
"""Customer number, name, fax number."""

BLOCKED = "+493023125011"
"""On the own blacklist of both."""

TARIFF = "demo"
_PRICES = (
    Price(JobType.FAX, "", Decimal(0), Decimal("0.07")),
    Price(JobType.FAX, "+49", Decimal(0), Decimal("0.05")),
    Price(JobType.SMS, "", Decimal(0), Decimal("0.09")),
    Price(JobType.MAIL, "", Decimal(0), Decimal("0.01")),
    Price(JobType.LETTER, "", Decimal("0.85"), Decimal("0.12")),
    Price(JobType.LETTER_COLOUR, "", Decimal("0.85"), Decimal("0.25")),
    Price(JobType.QSIGN, "", Decimal(0), Decimal("0.30")),
)

_LONG_AGO = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class Special:
    """An account that shows a refusal."""

    number: str
    english: str
    german: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """Columns that differ from those of the two."""


SPECIAL = (
    Special("10003", "is locked", "ist gesperrt", {"state": AccountState.LOCKED.value}),
    Special(
        "10004",
        "its trial is over",
        "sein Testzeitraum ist abgelaufen",
        {"state": AccountState.TRIAL.value, "trial_until": _LONG_AGO},
    ),
    Special("10005", "is in its trial", "ist im Testzeitraum", {"state": AccountState.TRIAL.value}),
    Special("10006", "has not paid yet", "hat noch nicht bezahlt", {"payment": Payment.PREPAID.value}),
    Special(
        "10007",
        "pays by direct debit since the last start of the server",
        "zahlt per Lastschrift seit dem letzten Start des Servers",
        {"payment": Payment.DEBIT.value},
    ),
    Special(
        "10008",
        "its balance is empty",
        "sein Guthaben ist leer",
        {"payment": Payment.PREPAID.value, "paid_since": _LONG_AGO},
    ),
    Special(
        "10009",
        "its package is used up",
        "sein Versandpaket ist verbraucht",
        {"payment": Payment.PACKAGE.value, "paid_since": _LONG_AGO},
    ),
    Special(
        "10010",
        "may send faxes within Germany, to one recipient each",
        "darf Faxe im Inland senden, an je einen Empfänger",
        {"job_types": [int(JobType.FAX)], "bulk": False, "abroad": False},
    ),
    Special(
        "10011",
        "may send one page a day",
        "darf eine Seite am Tag senden",
        {"day_pages": 1},
    ),
)
"""Password as of the others; without a fax number."""


async def ensure(house: House) -> None:
    """Make those that are not there yet; what an operator changed on them stays."""
    for number, name, fax_number in ACCOUNTS:
        await _ensure(house, _demo(number, name, (fax_number,)))
    for special in SPECIAL:
        await _ensure(house, _demo(special.number, f"Konto {special.number}", (), special.values))
    now = house.now()

    def work(connection: sa.Connection) -> None:
        for number, _, _ in ACCOUNTS:
            found = store.by_number(connection, number)
            if found is not None:
                blocked.put(connection, found.id, [Blocked(BLOCKED, prefix=False, note="demo")], now)
        young = store.by_number(connection, "10007")
        if young is not None:
            store.change(connection, young.id, {"paid_since": now.date()})
        if TARIFF not in prices.names(connection):
            prices.replace(connection, TARIFF, _PRICES)

    await house.database.run(work)


async def _ensure(house: House, new: NewAccount) -> None:
    try:
        await accounts.show(house, new.number)
    except NotPossible:
        await accounts.add(house, "demo", new)


def _demo(
    number: str, name: str, fax_numbers: tuple[str, ...], differing: Mapping[str, Any] | None = None
) -> NewAccount:
    mail = f"{number}@sandbox.invalid"
    values = {
        "sandbox": True,
        "job_types": [int(kind) for kind in JobType],
        "bulk": True,
        "abroad": True,
        "mail_from": mail,
        "mail_subject": f"Nachricht von {name}",
        "sms_from": name.split(maxsplit=1)[0],
        "tariff": TARIFF,
    }
    return NewAccount(number, name, PASSWORD, fax_numbers, values | dict(differing or {}))
