"""A house of a test's own, and customers who hand in orders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from builders import MOBILE, Clock
from depesche.blobs.store import Blob, Blobs
from depesche.config import load
from depesche.model.account import Account
from depesche.node.house import stamped
from depesche.render.renderer import Renderer
from depesche.store.sqlite import Sqlite
from depesche.usecases.authenticate import Login
from depesche.usecases.house import House
from depesche.usecases.submit import Submission, SubmitAnswer, Upload, submit
from depesche.usecases.throttle import Throttle

File = tuple[str, bytes | None]
"""SendFilenameN and SendFileN; None: no content was given."""


@dataclass
class Bell:
    """Counts how often it was rung."""

    rung: int = 0

    def __call__(self) -> None:
        self.rung += 1


@dataclass
class Seconds:
    """A monotonic clock that moves when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class OpenHouse:
    """A house and what stands around it."""

    house: House
    clock: Clock
    seconds: Seconds
    wake: Bell
    expand: Bell
    hurry: Bell

    def blobs(self) -> list[Path]:
        """Every file in the blob store."""
        return [path for path in (self.house.settings.data / "blobs").rglob("*") if path.is_file()]

    def scratch(self) -> list[Path]:
        return list((self.house.settings.data / "scratch").iterdir())


def open_house(data: Path, database: Sqlite, clock: Clock, renderer: Renderer | None = None) -> OpenHouse:
    """Without a `renderer` of its own the house makes no pages."""
    settings = load(data=data)
    seconds, wake, expand, hurry = Seconds(), Bell(), Bell(), Bell()
    house = House(
        settings=settings,
        database=database,
        blobs=Blobs.in_folder(data / "blobs", data / "scratch"),
        renderer=renderer or Renderer(settings.render),
        throttle=Throttle(settings.accounts, seconds),
        now=clock,
        wake=wake,
        expand=expand,
        hurry=hurry,
        stamp=stamped,
    )
    return OpenHouse(house, clock, seconds, wake, expand, hurry)


@dataclass(frozen=True)
class Order:
    """The parameters of SendJob, as a program fills them in."""

    job_type: int = 1
    recipient: str = MOBILE
    recipient_file: bytes | None = None
    text: str = "Guten Tag"
    files: Sequence[File] = ()
    send_at: datetime | None = None
    options: str = ""


@dataclass
class Customer:
    """Somebody who is logged in."""

    house: House
    login: Login
    uploaded: list[Blob] = field(default_factory=list)
    """All blobs that were handed over."""

    async def send(self, order: Order) -> SubmitAnswer:
        return await submit(self.house, self.login, await self.submission(order))

    async def submission(self, order: Order) -> Submission:
        """The files are in the blob store already, as the front puts them there."""
        uploads = [Upload(name, await self._upload(data)) for name, data in order.files]
        first, second, third = (*uploads, Upload(), Upload(), Upload())[:3]
        return Submission(
            job_type=order.job_type,
            recipient=order.recipient,
            recipient_file=await self._upload(order.recipient_file),
            text=order.text,
            uploads=(first, second, third),
            send_at=order.send_at,
            options=order.options,
        )

    async def _upload(self, data: bytes | None) -> Blob | None:
        if data is None:
            return None
        blob = await self.house.blobs.put("order", data)
        self.uploaded.append(blob)
        return blob


Enter = Callable[..., Customer]
"""A new account with these columns, logged in."""


def customer_of(house: House, account: Account) -> Customer:
    return Customer(house, Login(account=account, number=account.number))
