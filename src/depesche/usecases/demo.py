"""The two accounts of the demo: active, released for everything, and all they send ends in the sandbox."""

from depesche.model.jobtype import JobType
from depesche.usecases import accounts
from depesche.usecases.accounts import NewAccount, NotPossible
from depesche.usecases.house import House

PASSWORD = "demo"  # noqa: S105  for loopback alone, and printed at every start
ACCOUNTS = (("10001", "Muster GmbH", "+493023125100"), ("10002", "Beispiel AG", "+493023125200"))
"""Customer number, name, fax number."""


async def ensure(house: House) -> None:
    """Make those that are not there yet; what an operator changed on them stays."""
    for number, name, fax_number in ACCOUNTS:
        try:
            await accounts.show(house, number)
        except NotPossible:
            await accounts.add(house, "demo", _demo(number, name, fax_number))


def _demo(number: str, name: str, fax_number: str) -> NewAccount:
    mail = f"{number}@sandbox.invalid"
    values = {
        "sandbox": True,
        "job_types": [int(kind) for kind in JobType],
        "bulk": True,
        "abroad": True,
        "mail_from": mail,
        "mail_subject": f"Nachricht von {name}",
        "sms_from": name.split(maxsplit=1)[0],
    }
    return NewAccount(number=number, name=name, password=PASSWORD, numbers=(fax_number,), values=values)
