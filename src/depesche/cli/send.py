"""``depesche send``: hand over an order and wait for what becomes of it."""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from depesche.cli import reach, tables
from depesche.cli.common import (
    Exit,
    Failed,
    PasswordStdin,
    TypeName,
    err,
    fail,
    out,
    program,
    run,
    warn,
)
from depesche.cli.follow import Stages, follow
from depesche.cli.gateway import MOST_FILES, Gateway, Order, Receipt, Stage
from depesche.cli.reach import AccountNumber, FolderConfig, FolderData, ServerUrl, Target
from depesche.cli.words import order_refusal
from depesche.model import options
from depesche.model.jobtype import JobType

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILE...", exists=True, dir_okay=False, readable=True, help="Up to three files, in order."),
]
To = Annotated[
    list[str] | None,
    typer.Option("--to", "-t", metavar="NUMBER", help="Number or mail address, may end in a \\[reference]; repeat it."),
]
Recipients = Annotated[
    Path | None,
    typer.Option(
        "--recipients", metavar="LIST", exists=True, dir_okay=False, readable=True, help="CSV: address, reference."
    ),
]
Kind = Annotated[
    TypeName, typer.Option("--type", metavar="TYPE", help="fax, sms, mail, letter, letter-colour or qsign.")
]
Words = Annotated[
    str | None,
    typer.Option("--text", metavar="TEXT", help="Message, or a first page of a fax; - reads standard input."),
]
When = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="Not before: 2026-08-01 22:00, in this machine's zone.")
]
Switches = Annotated[
    list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="Switch of the interface; repeat it.")
]
StationId = Annotated[str | None, typer.Option(metavar="TEXT", help="Our station id, at most 20 characters.")]
Header = Annotated[str | None, typer.Option(metavar="TEXT", help="Free part of the fax header, at most 30 characters.")]
Retries = Annotated[
    int | None, typer.Option(metavar="N", min=0, max=options.MOST_REPEATS, help="Dial so often after the first.")
]
Wait = Annotated[
    bool | None, typer.Option("--wait/--no-wait", help="Wait until it is final \\[default: wait, but not with --at].")
]
Timeout = Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="Wait no longer than this.")]


@dataclass(frozen=True, slots=True)
class Later:
    """What people can do about an order later, as commands that work when they are copied."""

    job_id: int
    again: str
    """`Target.options`."""

    def command(self, verb: str) -> str:
        return f"{program()} job {verb} {self.job_id}{self.again}"

    def __str__(self) -> str:
        return f"`{self.command('show')}` tells how far it is, `{self.command('cancel')}` stops it"


def send(
    files: Files = None,
    to: To = None,
    recipients: Recipients = None,
    kind: Kind = TypeName.FAX,
    text: Words = None,
    at: When = None,
    option: Switches = None,
    station_id: StationId = None,
    header: Header = None,
    retries: Retries = None,
    wait: Wait = None,
    timeout: Timeout = None,
    account: AccountNumber = None,
    password_stdin: PasswordStdin = False,
    server: ServerUrl = None,
    data: FolderData = None,
    config: FolderConfig = None,
) -> None:
    """Send a fax, an SMS, a mail, a letter or a signed invoice.

    Goes to a running server, as `job show`, `job cancel` and `inbox` do: --server,
    else DEPESCHE_SERVER, else http://127.0.0.1:8080.
    The password is that of DEPESCHE_PASSWORD, or of standard input, or asked for.
    On this machine it is account 10001 of the demo if nothing is said.
    With --data or --config (DEPESCHE_DATA, DEPESCHE_CONFIG) it goes into a data folder,
    which needs no password; if no server works on that folder, this command carries
    the order itself.

    Examples:

      depesche send letter.pdf --to +493023125200

      depesche send --type sms --to 0171-3920000 --text "Ihr Termin: morgen, 9 Uhr"

      depesche send invoice.pdf --recipients customers.csv --at "2026-08-01 22:00"

      depesche send report.pdf --to +493023125000 --data /var/lib/depesche --account 20001

    Ends with 0 if every recipient is OK, 1 if one is not, 2 if the command line is wrong,
    3 if the order was refused, 4 if there is no answer from the server.
    """
    if text == "-" and password_stdin:
        fail("text and password cannot both come from standard input", Exit.USAGE)
    named = {"STATIONID": station_id, "FAXHEADER": header, "FAXRETRY": retries}
    order = Order(
        type=kind.job_type,
        recipients=",".join(to or ()),
        recipient_file=recipients,
        text=_standard_input() if text == "-" else text or "",
        files=tuple(files or ()),
        send_at=_moment(at),
        options=_options([*(option or ()), *(f"{name}={value}" for name, value in named.items() if value is not None)]),
    )
    _check(order)
    target = Target(server, config, data, account, password_stdin)
    stay = at is None if wait is None else wait
    there = reach.gateway(target)
    raise typer.Exit(run(lambda: _send(there, order, target.options, stay=stay, at_most=timeout)))


async def _send(
    there: AbstractAsyncContextManager[Gateway], order: Order, again: str, *, stay: bool, at_most: float | None
) -> Exit:
    """`again`: the options that lead a later command there."""
    async with there as gateway:
        with Stages(err) as stages:
            stages.begin("handing over the order")
            receipt = await gateway.submit(order, stages.tell)
            if receipt.code:
                raise Failed(order_refusal(receipt.code, receipt.job_id), Exit.REFUSED)
            stages.begin(_accepted(receipt, order.type))
            if not stay:
                stages.end()
                out.print(str(receipt.job_id))
                return Exit.DONE
            later = Later(receipt.job_id, again)
            stage = await _followed(gateway, later, stages, at_most)
        return await _told(gateway, later, stage)


async def _followed(gateway: Gateway, later: Later, stages: Stages, seconds: float | None) -> Stage:
    job_id = later.job_id
    try:
        async with asyncio.timeout(seconds):
            return await follow(lambda: gateway.stage(job_id), stages)
    except TimeoutError:
        raise Failed(f"job {job_id} is not final after {seconds:g} seconds: {later}") from None
    except asyncio.CancelledError:
        warn(f"job {job_id} is not waited for any more, but stays set up: {later}")
        raise


async def _told(gateway: Gateway, later: Later, stage: Stage) -> Exit:
    rows = await gateway.rows(later.job_id)
    tables.print_rows(rows)
    if stage.on_hold:
        warn(f"it goes on when the hold is lifted: `{later.command('show')}` says by what it is held")
    elif stage.undecided:
        how = f"`{program()} job resolve --help` says how"
        warn(f"somebody has to decide: `{later.command('show')}` names the deliveries, {how}")
    return Exit.DONE if all(row.ok for row in rows) else Exit.FAILED


def _accepted(receipt: Receipt, kind: JobType) -> str:
    recipients = "1 recipient" if receipt.recipients == 1 else f"{receipt.recipients} recipients"
    unit = "message" if kind is JobType.SMS else "page"
    return f"job {receipt.job_id} accepted: {recipients}, {receipt.pages} {unit}{'' if receipt.pages == 1 else 's'}"


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        fail("the text on standard input is not UTF-8", Exit.USAGE)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        fail(f'--at {text}: that is no time. Like this: --at "2026-08-01 22:00"', Exit.USAGE)


def _options(switches: list[str]) -> str:
    """The parameter ``Options``."""
    broken = next((switch for switch in switches if ";" in switch), None)
    if broken is not None:
        fail(f"{broken}: a semicolon separates switches, and cannot be in one", Exit.USAGE)
    joined = ";".join(switches)
    for warning in options.parse(joined).warnings:
        warn(f"{warning} by this version of Depesche")
    return joined


def _check(order: Order) -> None:
    """What can be told before anybody is asked."""
    if len(order.files) > MOST_FILES:
        fail(f"an order has at most {MOST_FILES} files", Exit.USAGE)
    if order.recipients and order.recipient_file:
        fail("give --to or --recipients, not both", Exit.USAGE)
    if not (order.recipients or order.recipient_file or order.type.is_letter):
        fail("to whom? Give --to or --recipients", Exit.USAGE)
    if order.type is JobType.SMS and (order.files or not order.text.strip()):
        fail("an SMS is a --text, without files", Exit.USAGE)
    needs_file = order.type.is_letter or order.type is JobType.QSIGN
    if not order.files and (needs_file or not order.text.strip()):
        fail("what is to be sent? Give a file" + ("" if needs_file else " or --text"), Exit.USAGE)
