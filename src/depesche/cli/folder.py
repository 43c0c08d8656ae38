"""A data folder of this machine. Who may write it owns it: no password is asked for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TypeVar

from depesche.cli import common, logs
from depesche.cli.common import Exit, Failed
from depesche.cli.gateway import Fax, Order, Receipt, Row, Stage
from depesche.config import Settings
from depesche.model.account import Account
from depesche.model.job import Fate
from depesche.model.states import FINAL, State
from depesche.node.house import open_house
from depesche.node.trouble import FolderInUse
from depesche.usecases import accounts, jobs, operate
from depesche.usecases.accounts import NotPossible
from depesche.usecases.house import House
from depesche.usecases.operate import ReceivedFax, Standing
from depesche.usecases.submit import Submission

T = TypeVar("T")


class Folder:
    """A `Gateway` to the use cases themselves."""

    def __init__(self, stack: AsyncExitStack, settings: Settings, house: House, account: Account) -> None:
        self._stack = stack
        self._settings = settings
        self._house = house
        self._account = account
        self._carried_here = False

    async def submit(self, order: Order, sent: Callable[[str], None]) -> Receipt:
        del sent  # a copy on this machine is soon made
        submission = Submission(
            job_type=int(order.type),
            recipient=order.recipients,
            text=order.text,
            send_at=order.send_at,
            options=order.options,
        )
        try:
            answer = await operate.order(self._house, self._account, submission, order.files, order.recipient_file)
        except operate.FileTooLarge as error:
            raise Failed(str(error), Exit.REFUSED) from None
        return Receipt(answer.code, answer.job_id, answer.recipients, answer.pages)

    async def stage(self, job_id: int) -> Stage:
        if not self._carried_here:
            await self._carry()
        return _stage(await jobs.standing(self._house, job_id), self._house.now())

    async def rows(self, job_id: int) -> list[Row]:
        return [row(fate) for fate in await jobs.fates(self._house, job_id)]

    async def faxes(self, limit: int) -> list[Fax]:
        return [_fax(received) for received in await operate.faxes(self._house, self._account.id, limit)]

    async def fetch(self, fax_id: int | None) -> tuple[Fax, bytes] | None:
        found = await operate.fetch_fax(self._house, self._account.id, fax_id)
        return None if found is None else (_fax(found[0]), found[1])

    async def delete(self, fax_id: int) -> bool:
        return await operate.delete_fax(self._house, common.actor(), self._account.id, fax_id)

    async def _carry(self) -> None:
        """Carry the folder's deliveries in this process, unless another does: a server, or a command like this one."""
        if _is_shared(self._settings):
            return
        from depesche.node.work import open_node  # noqa: PLC0415  most commands carry nothing, and the channels are large

        try:
            opened = await self._stack.enter_async_context(open_node(self._settings))
        except FolderInUse:
            return
        self._house = opened.house
        self._carried_here = True


@asynccontextmanager
async def open_folder(settings: Settings, account: str | None) -> AsyncIterator[Folder]:
    """A gateway for this account; without a number for the only one there is. Raises: Failed, as `open_house`."""
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(_opened(settings))
        yield Folder(stack, settings, house, await account_of(house, account))


def in_house(settings: Settings, work: Callable[[House], Awaitable[T]], *, made: bool = True) -> T:
    """Open the data folder, do the work, and close it again; `made`: it has to be there already."""

    async def run() -> T:
        async with _opened(settings, made=made) as house:
            return await work(house)

    return common.run(run)


async def account_of(house: House, number: str | None) -> Account:
    """The account of this number; without one the only one there is. Raises: NotPossible, Failed."""
    if number is not None:
        return await accounts.show(house, number)
    everyone = await accounts.everyone(house)
    if len(everyone) == 1:
        return everyone[0]
    if not everyone:
        raise NotPossible("there is no account: add one with `depesche account add`")
    some = ", ".join(account.number for account in everyone[:10])
    raise Failed(f"whose? Give --account: there are {len(everyone)}, such as {some}", Exit.USAGE)


def row(fate: Fate) -> Row:
    """What became of a given row, in the words that people read."""
    return Row(
        address=fate.address,
        result=fate.state.value if fate.result is None else fate.result.word,
        pages=fate.pages,
        remote_id=fate.remote_id,
        seconds=fate.seconds,
        at=fate.at,
        reference=fate.reference,
    )


@asynccontextmanager
async def _opened(settings: Settings, *, made: bool = True) -> AsyncIterator[House]:
    logs.configure(quiet=True)
    if made and not _is_shared(settings) and not (settings.data / "depesche.db").exists():
        raise Failed(f"there is no Depesche in {settings.data}: give its data folder with --data", Exit.USAGE)
    async with open_house(settings) as house:
        yield house


def _is_shared(settings: Settings) -> bool:
    """Whether the database is that of nodes, which carry what is ordered."""
    return bool(settings.database_url.get_secret_value())


_STAGES = {
    State.SENDING: "sending",
    State.CLAIMED: "about to be sent",
    State.READY: "in the queue",
    State.WAITING: "in the queue",
    State.HELD: "on hold",
    State.UNKNOWN: "nobody knows how it ended",
}
"""What is told of a job whose deliveries are in several states: the first of these that there is."""


def _stage(standing: Standing, now: datetime) -> Stage:
    state = next((state for state in _STAGES if standing.counts.get(state)), None)
    words = _STAGES[state] if state else "being listed" if standing.listed else "finished"
    if state is State.WAITING and standing.due_at is not None and standing.due_at > now:
        words = f"waiting until {common.local_time(standing.due_at)}"
    final = sum(number for state, number in standing.counts.items() if state in FINAL)
    open_states = {state for state in standing.counts if state not in FINAL}
    return Stage(
        words,
        final=not open_states and not standing.listed,
        undecided=bool(open_states) and open_states <= {State.UNKNOWN, State.HELD},
        on_hold=bool(open_states) and open_states <= {State.HELD},
        detail=f"{final} of {sum(standing.counts.values()) + standing.listed} done",
    )


def _fax(received: ReceivedFax) -> Fax:
    return Fax(
        received.id,
        received.called_number,
        received.received_at,
        received.originator,
        received.remote_id,
        received.pages,
        received.complete,
        received.bad_rows,
    )
