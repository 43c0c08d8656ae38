"""``depesche job``: what became of jobs, and what an operator decides."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depesche.cli import reach, tables
from depesche.cli.common import (
    AsJson,
    ConfigFile,
    DataFolder,
    Exit,
    Limit,
    PasswordStdin,
    actor,
    fail,
    load_settings,
    out,
    run,
    warn,
)
from depesche.cli.reach import AccountNumber, FolderConfig, FolderData, ServerUrl, Target

if TYPE_CHECKING:
    from depesche.cli.record import Listed
    from depesche.cli.remote import Server
    from depesche.usecases.house import House

app = typer.Typer(help="Look at jobs, cancel them, decide what is undecided.", no_args_is_help=True)

JobId = Annotated[int, typer.Argument(metavar="JOB", min=1, help="JobId.")]
JobIds = Annotated[list[int], typer.Argument(metavar="JOB...", min=1, help="JobIds.")]


@app.command("list")
def list_(
    limit: Limit = 20,
    account: AccountNumber = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    config: ConfigFile = None,
) -> None:
    """List the newest jobs of an account.

    A data folder only: the interface of a server cannot list jobs.

    Example: depesche job list --account 10001 --data /var/lib/depesche
    """
    from depesche.cli import record
    from depesche.cli.folder import account_of, in_house
    from depesche.usecases import jobs

    async def look(house: "House") -> list["Listed"]:
        return await jobs.newest(house, (await account_of(house, account)).id, limit)

    found = in_house(load_settings(config, data), look)
    if as_json:
        tables.print_json(record.json_of_list(found))
    else:
        record.print_list(found)


@app.command("show")
def show(
    job: JobId,
    as_json: AsJson = False,
    account: AccountNumber = None,
    password_stdin: PasswordStdin = False,
    server: ServerUrl = None,
    data: FolderData = None,
    config: FolderConfig = None,
) -> None:
    """Show a job: of a data folder (--data) every recipient and every attempt.

    A server shows the recipients of a job of the account, once it is finished.

    Examples:

      depesche job show 7

      depesche job show 7 --server http://fax.example:8080 --account 20001

      depesche job show 7 --data /var/lib/depesche
    """
    target = Target(server, config, data, account, password_stdin)
    if not target.is_folder:
        there = reach.server(target)
        run(lambda: _show_remote(there, job, as_json=as_json))
        return
    from depesche.cli import record
    from depesche.cli.folder import in_house
    from depesche.usecases import jobs

    found = in_house(load_settings(config, data), lambda house: jobs.show(house, job))
    if as_json:
        tables.print_json(record.json_of_record(found))
    else:
        record.print_record(found)


@app.command("cancel")
def cancel(
    jobs: JobIds,
    account: AccountNumber = None,
    password_stdin: PasswordStdin = False,
    server: ServerUrl = None,
    data: FolderData = None,
    config: FolderConfig = None,
) -> None:
    """Stop what is not sent yet; a call on the line is ended.

    A server cancels what the account ordered, a data folder (--data) what anybody did. Of several jobs the first that
    cannot be cancelled ends it.

    Examples:

      depesche job cancel 7

      depesche job cancel 7 8 12

      depesche job cancel 7 --server http://fax.example:8080 --account 20001

      depesche job cancel 7 --data /var/lib/depesche
    """
    target = Target(server, config, data, account, password_stdin)
    if target.is_folder:
        from depesche.cli.folder import in_house
        from depesche.usecases import operate

        async def cancel_here(house: "House") -> None:
            for job in jobs:
                await operate.cancel(house, actor(), job)
                _tell_cancelled(job)

        in_house(load_settings(config, data), cancel_here)
    else:
        there = reach.server(target)
        run(lambda: _cancel_remote(there, jobs))


@app.command("resolve")
def resolve(
    deliveries: Annotated[
        list[int],
        typer.Argument(metavar="DELIVERY...", min=1, help="As `job show` numbers them; all the same verdict."),
    ],
    sent: Annotated[bool, typer.Option("--sent", help="The recipient has it.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="The recipient does not have it, and shall not.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="Send it again, even if that is twice.")] = False,
    data: DataFolder = None,
    config: ConfigFile = None,
) -> None:
    """Decide about a delivery in the state `unknown`: nobody knows whether it was sent.

    That happens when a server dies in the middle of a call. Ask the recipient, then decide.

    Examples:

      depesche job resolve 12 --sent

      depesche job resolve 13 14 17 --resend
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import jobs
    from depesche.usecases.jobs import Verdict

    chosen = [verdict for verdict, given in zip(Verdict, (sent, failed, resend), strict=True) if given]
    if len(chosen) != 1:
        fail("give one of --sent, --failed and --resend", Exit.USAGE)
    again = "; it is sent again by the server of this folder" if resend else ""

    async def decide(house: "House") -> None:
        for delivery in deliveries:
            await jobs.resolve(house, actor(), delivery, chosen[0])
            out.print(f"delivery {delivery} is resolved: {chosen[0].value}{again}")

    in_house(load_settings(config, data), decide)


@app.command("report")
def report(
    job: JobId,
    target: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.pdf", dir_okay=False, help="PDF file to write.")],
    recipient: Annotated[
        int | None, typer.Option("--recipient", metavar="N", min=1, help="Of several: as `job show` lists them.")
    ] = None,
    attempt: Annotated[
        int | None, typer.Option("--attempt", metavar="N", min=1, help="Not the last attempt, but this one.")
    ] = None,
    pages: Annotated[
        Path | None,
        typer.Option("--pages", metavar="FILE.tif", dir_okay=False, help="The fax file as it was sent, as well."),
    ] = None,
    data: DataFolder = None,
    config: ConfigFile = None,
) -> None:
    """Write the report on a fax: what was sent to whom, page 1 as a picture, what was answered, what that shows.

    In German or English, by the country of the account.

    Examples:

      depesche job report 7 --out report.pdf

      depesche job report 7 --recipient 3 --attempt 1 --out report.pdf --pages fax.tif
    """
    from depesche.cli.folder import in_house
    from depesche.usecases.report import Wanted
    from depesche.usecases.report import report as write

    wanted = Wanted(job, recipient, attempt)
    written = in_house(load_settings(config, data), lambda house: write(house, wanted, target, pages))
    out.print(f"report on delivery {written.delivery_id}, attempt {written.attempt}: {target}", markup=False)
    if written.exact is False:
        warn("its picture is not dot by dot what was sent: the report says so")


async def _cancel_remote(there: "AbstractAsyncContextManager[Server]", jobs: list[int]) -> None:
    async with there as server:
        for job in jobs:
            await server.cancel(job)
            _tell_cancelled(job)


def _tell_cancelled(job: int) -> None:
    out.print(f"job {job} is cancelled")


async def _show_remote(there: "AbstractAsyncContextManager[Server]", job: int, *, as_json: bool) -> None:
    async with there as server:
        stage = await server.stage(job)
        rows = await server.rows(job) if stage.final else []
    if as_json:
        tables.print_json({"job": job, "final": stage.final, "recipients": [asdict(row) for row in rows]})
    elif stage.final:
        tables.print_rows(rows)
    else:
        out.print(f"job {job} is {stage.words}")
