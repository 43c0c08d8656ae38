"""``depesche inbox``: the faxes that came in."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from depesche.channels.outbox import write_whole
from depesche.cli import reach, tables
from depesche.cli.common import AsJson, Exit, Failed, Limit, PasswordStdin, fail, out, plain, run
from depesche.cli.gateway import Fax, Gateway
from depesche.cli.reach import AccountNumber, FolderConfig, FolderData, ServerUrl, Target

T = TypeVar("T")

app = typer.Typer(help="List, save and delete received faxes.", no_args_is_help=True)

FaxId = Annotated[int | None, typer.Argument(metavar="[FAX]", min=1, help="FaxId, as `inbox list` shows it.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", dir_okay=False, help="File to write \\[default: fax-FAX.tif]."),
]


@app.command("list")
def list_(
    limit: Limit = 100,
    as_json: AsJson = False,
    account: AccountNumber = None,
    password_stdin: PasswordStdin = False,
    server: ServerUrl = None,
    data: FolderData = None,
    config: FolderConfig = None,
) -> None:
    """List the faxes that wait, the oldest first.

    A server shows the oldest alone, a data folder (--data) all of them.

    Examples:

      depesche inbox list --account 10002

      depesche inbox list --server http://fax.example:8080 --account 20001

      depesche inbox list --data /var/lib/depesche --account 20001
    """
    target = Target(server, config, data, account, password_stdin)
    faxes = _through(target, lambda gateway: gateway.faxes(limit))
    if as_json:
        tables.print_json([asdict(fax) for fax in faxes])
    elif faxes:
        tables.print_faxes(faxes)
    else:
        out.print("no fax waits")


@app.command("save")
def save(
    fax: FaxId = None,
    oldest: Annotated[bool, typer.Option("--oldest", help="The oldest one.")] = False,
    output: Output = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the fax once it is safely on disk.")] = False,
    account: AccountNumber = None,
    password_stdin: PasswordStdin = False,
    server: ServerUrl = None,
    data: FolderData = None,
    config: FolderConfig = None,
) -> None:
    """Save a fax as a TIFF of all its pages. The file is there as a whole or not at all.

    A server hands out the oldest alone, a data folder (--data) any. Ends with 1 if there is no such fax.

    Examples:

      depesche inbox save --oldest --account 10002

      depesche inbox save 7 --output fax.tif --delete --data /var/lib/depesche --account 20001

      depesche inbox save --oldest --delete --server http://fax.example:8080 --account 20001
    """
    if (fax is None) is not oldest:
        fail("which one? Give its FaxId, or --oldest", Exit.USAGE)

    async def work(gateway: Gateway) -> tuple[Fax, Path]:
        found = await gateway.fetch(fax)
        if found is None:
            raise Failed("no fax waits" if fax is None else f"there is no fax {fax} in this inbox")
        path = output or Path(f"fax-{found[0].id}.tif")
        write(path, found[1], overwrite=force)
        if delete:
            await _delete_saved(gateway, found[0].id, path)
        return found[0], path

    saved, path = _through(Target(server, config, data, account, password_stdin), work)
    pages = "1 page" if saved.pages == 1 else f"{saved.pages} pages"
    sender = saved.originator or saved.remote_id or "an unknown number"
    out.print(plain(f"fax {saved.id} from {sender}, {pages}, saved as {path}"), soft_wrap=True)


@app.command("delete")
def delete(
    fax: Annotated[int, typer.Argument(metavar="FAX", min=1, help="FaxId, as `inbox list` shows it.")],
    account: AccountNumber = None,
    password_stdin: PasswordStdin = False,
    server: ServerUrl = None,
    data: FolderData = None,
    config: FolderConfig = None,
) -> None:
    """Delete a fax from the inbox.

    Example: depesche inbox delete 7 --account 10002
    """
    target = Target(server, config, data, account, password_stdin)
    if not _through(target, lambda gateway: gateway.delete(fax)):
        fail(f"there is no fax {fax} in this inbox")
    out.print(f"fax {fax} is deleted")


def write(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write the file as a whole or not at all, and have it on disk when this returns. Raises: Failed, OSError."""
    if path.exists() and not overwrite:
        raise Failed(f"{path} is there already: give another --output, or --force")
    write_whole(path, [data], mode=0o666)


async def _delete_saved(gateway: Gateway, fax_id: int, path: Path) -> None:
    """Raises: Failed, with a sentence that says what is done and what is not."""
    try:
        deleted = await gateway.delete(fax_id)
    except Failed as error:
        raise Failed(f"fax {fax_id} is saved as {path}, but it is not deleted: {error}", error.code) from None
    if not deleted:
        raise Failed(f"fax {fax_id} is saved as {path}, but somebody else deleted it meanwhile, and may have it too")


def _through(target: Target, work: Callable[[Gateway], Awaitable[T]]) -> T:
    there = reach.gateway(target)

    async def opened() -> T:
        async with there as gateway:
            return await work(gateway)

    return run(opened)
