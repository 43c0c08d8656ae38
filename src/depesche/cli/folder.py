"""A data folder of this machine. Who may write it owns it: no password is asked for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from depesche import node
from depesche.blobs.store import Blob
from depesche.cli import common, logs
from depesche.cli.common import Exit, Failed
from depesche.cli.gateway import MOST_FILES, Fax, Order, Receipt, Row, Stage
from depesche.config import Settings
from depesche.model.account import Account
from depesche.model.job import Fate
from depesche.model.states import FINAL, State
from depesche.store import inbound
from depesche.store.inbound import ReceivedFax
from depesche.store.progress import Standing
from depesche.usecases import accounts, jobs
from depesche.usecases.accounts import NotPossible
from depesche.usecases.authenticate import Login
from depesche.usecases.cancel import cancel
from depesche.usecases.house import House
from depesche.usecases.inbox import delete_received
from depesche.usecases.submit import Submission, Upload, submit

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
        taken: list[Blob] = []
        try:
            submission = await self._submission(order, taken)
        except BaseException:
            await self._house.blobs.delete(blob.key for blob in taken)
            raise
        answer = await submit(self._house, Login(self._account), submission)
        return Receipt(answer.code, answer.job_id, answer.recipients, answer.pages)

    async def stage(self, job_id: int) -> Stage:
        if not self._carried_here:
            await self._carry()
        return _stage(await jobs.standing(self._house, job_id), self._house.now())

    async def rows(self, job_id: int) -> list[Row]:
        return [row(fate) for fate in await jobs.fates(self._house, job_id)]

    async def cancel(self, job_id: int) -> int:
        return await cancel(self._house, Login(self._account), job_id)

    async def faxes(self, limit: int) -> list[Fax]:
        return [_fax(received) for received in await self._waiting(limit)]

    async def fetch(self, fax_id: int | None) -> tuple[Fax, bytes] | None:
        found = await self._waiting(1) if fax_id is None else await self._found(fax_id)
        if not found:
            return None
        return _fax(found[0]), await self._house.blobs.read(found[0].blob_key)

    async def delete(self, fax_id: int) -> bool:
        return await delete_received(self._house, Login(self._account), fax_id) == 0

    async def _carry(self) -> None:
        """Carry the folder's deliveries in this process, unless another does: a server, or a command like this one."""
        try:
            opened = await self._stack.enter_async_context(node.open_node(self._settings, dispatch=True))
        except node.FolderInUse:
            return
        self._house = opened.house
        self._carried_here = True

    async def _submission(self, order: Order, taken: list[Blob]) -> Submission:
        """The order, its files copied into the blob store; `taken` holds them as they come."""
        file = await self._take(order.recipient_file, taken) if order.recipient_file else None
        uploads = [Upload(path.name, await self._take(path, taken)) for path in order.files]
        first, second, third = [*uploads, Upload(), Upload(), Upload()][:MOST_FILES]
        return Submission(
            job_type=int(order.type),
            recipient=order.recipients,
            recipient_file=file,
            text=order.text,
            uploads=(first, second, third),
            send_at=order.send_at,
            options=order.options,
        )

    async def _take(self, path: Path, taken: list[Blob]) -> Blob:
        largest = self._settings.soap.max_file
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        if size > largest:
            raise Failed(f"{path} is larger than the {largest >> 20} MiB of the setting soap.max_file", Exit.REFUSED)
        blob = await self._house.blobs.put_file("order", path)
        taken.append(blob)
        return blob

    async def _waiting(self, limit: int) -> list[ReceivedFax]:
        return await self._house.database.read(lambda connection: inbound.waiting(connection, self._account.id, limit))

    async def _found(self, fax_id: int) -> list[ReceivedFax]:
        account_id = self._account.id
        found = await self._house.database.read(lambda connection: inbound.find(connection, account_id, fax_id))
        return [found] if found else []


@asynccontextmanager
async def open_folder(settings: Settings, account: str | None) -> AsyncIterator[Folder]:
    """A gateway for this account; without a number for the only one there is. Raises: Failed, as `node.open_node`."""
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
    if made and not (settings.data / "depesche.db").exists():
        raise Failed(f"there is no Depesche in {settings.data}: give its data folder with --data", Exit.USAGE)
    async with node.open_node(settings, dispatch=False) as opened:
        yield opened.house


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
    words = _STAGES[state] if state else "finished"
    if state is State.WAITING and standing.due_at is not None and standing.due_at > now:
        words = f"waiting until {common.local_time(standing.due_at)}"
    final = sum(number for state, number in standing.counts.items() if state in FINAL)
    open_states = {state for state in standing.counts if state not in FINAL}
    return Stage(
        words,
        final=not open_states,
        undecided=bool(open_states) and open_states <= {State.UNKNOWN, State.HELD},
        detail=f"{final} of {sum(standing.counts.values())} done",
    )


def _fax(received: ReceivedFax) -> Fax:
    return Fax(
        received.id,
        received.called_number,
        received.received_at,
        received.originator,
        received.remote_id,
        received.pages,
    )
