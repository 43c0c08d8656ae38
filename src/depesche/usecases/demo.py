"""The accounts of the demo: two that may do everything, and one for each state in which an account is refused.

All that they send ends in the sandbox.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from depesche.model.account import AccountState, Payment
from depesche.model.jobtype import JobType
from depesche.usecases import accounts, blocklists, tariffs
from depesche.usecases.accounts import NewAccount, NotPossible
from depesche.usecases.house import House

PASSWORD = "demo"  # noqa: S105  for loopback alone, and printed at every start
ACCOUNTS = (("10001", "Muster GmbH", "+493023125100"), ("10002", "Beispiel AG", "+493023125200"))
"""Customer number, name, fax number."""

BLOCKED = "+493023125011"
"""On the own blacklist of both."""

ACTOR = "demo"
TARIFF = "demo"
PRICES = (
    "type,prefix,base,unit",
    "fax,,0,0.07",
    "fax,+49,0,0.05",
    "sms,,0,0.09",
    "mail,,0,0.01",
    "letter,,0.85,0.12",
    "letter-colour,,0.85,0.25",
    "qsign,,0,0.30",
)
"""Net euro, for the delivery and for each page or message."""

_LONG_AGO = date(2020, 1, 1)
_FAR_AWAY = date(2099, 12, 31)


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
    Special(
        "10005",
        "is in its trial",
        "ist im Testzeitraum",
        {"state": AccountState.TRIAL.value, "trial_until": _FAR_AWAY},
    ),
    Special("10006", "has not paid yet", "hat noch nicht bezahlt", {"payment": Payment.PREPAID.value}),
    Special(
        "10007",
        "its first direct debit is still to come",
        "seine erste Lastschrift steht noch bevor",
        {"payment": Payment.DEBIT.value, "paid_since": _FAR_AWAY},
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
    Special(
        "10012",
        "sends no letter whose address is not in the window",
        "sendet keinen Brief, dessen Anschrift nicht im Fenster liegt",
        {"demands_window": True},
    ),
)
"""Password as of the others; without a fax number."""


async def ensure(house: House) -> None:
    """Make those that are not there yet; what an operator changed on them stays."""
    wanted = [_demo(number, name, (fax_number,)) for number, name, fax_number in ACCOUNTS]
    wanted += [_demo(special.number, f"Konto {special.number}", (), special.values) for special in SPECIAL]
    there = {account.number for account in await accounts.everyone(house)}
    missing = [new for new in wanted if new.number not in there]
    hashed = await accounts.hash_password(PASSWORD) if missing else ""  # once: it takes its time, and all know it
    for new in missing:
        with suppress(NotPossible):  # another node was faster
            await accounts.add(house, ACTOR, replace(new, password_hash=hashed))
            if new.numbers:
                await blocklists.add(house, ACTOR, new.number, [BLOCKED])
    if not any(listed.name == TARIFF and listed.lines for listed in await tariffs.listed(house)):
        await tariffs.bring(house, ACTOR, TARIFF, PRICES)


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
