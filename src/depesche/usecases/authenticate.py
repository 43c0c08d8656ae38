"""Who is asking? Account and password of every operation."""

from dataclasses import dataclass, field
from enum import Enum, auto

from depesche.model.account import Account, AccountState
from depesche.store import accounts
from depesche.usecases.house import House


class LoginFailure(Enum):
    """Why a login failed; each operation has its own codes for them."""

    NO_ACCOUNT = auto()
    """The parameter is empty."""

    UNKNOWN = auto()
    WRONG_PASSWORD = auto()
    """Wrong, or too many wrong ones lately."""


@dataclass(frozen=True, slots=True)
class Login:
    """The answer: an account, or why not. Locked accounts and ended trials are the operations' own business."""

    account: Account | None = None
    failure: LoginFailure | None = None
    number: str = field(default="", compare=False)
    """The account's number as it was given."""

    quiet: bool = field(default=False, compare=False)
    """One of many wrong ones: it is not worth a line each."""

    @property
    def locked(self) -> bool:
        return self.account is not None and self.account.state is AccountState.LOCKED


async def authenticate(house: House, number: str, password: str, peer: str) -> Login:
    """Check account and password; `peer` is the client's address, for the throttle."""
    number = number.strip()
    if not number:
        return Login(failure=LoginFailure.NO_ACCOUNT)
    found = await house.database.peek(lambda connection: accounts.credentials(connection, number))
    if found is None:
        house.throttle.unknown_account(peer)
        quiet = house.throttle.pausing(number, peer)
        return Login(failure=LoginFailure.UNKNOWN, number=number, quiet=quiet)
    account, password_hash = found
    throttle = house.throttle
    if throttle.remembers(password_hash, password):
        return Login(account=account, number=number)
    if not await throttle.verify(number, peer, password_hash, password, accounts.password_fits):
        quiet = throttle.pausing(number, peer)
        return Login(failure=LoginFailure.WRONG_PASSWORD, number=number, quiet=quiet)
    return Login(account=account, number=number)
