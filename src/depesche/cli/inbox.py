"""``depesche inbox``: the faxes that came in."""

import contextlib
import os
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from depesche.cli import reach, tables
from depesche.cli.common import AsJson, ConfigFile, DataFolder, Exit, Failed, PasswordStdin, fail, out, plain, run
from depesche.cli.gateway import Fax, Gateway
from depesche.cli.reach import AccountNumber, ServerUrl, Target

T = TypeVar("T")

app = typer.Typer(help="List, save and delete received faxes.", no_args_is_help=True)

FaxId = Annotated[int | None, typer.Argument(metavar="[FAX]", min=1, help="FaxId, as `inbox list` shows it.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", dir_okay=False, help="File to write \\[default: fax-FAX.tif]."),
]


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, max=10_000, help="So many at most.")] = 100,
    as_json: AsJson = False,
    account: AccountNumber = None,
    password_stdin: PasswordStdin = False,
    server: ServerUrl = None,
    data: DataFolder = None,
    config: ConfigFile = None,
) -> None:
    """List the faxes that wait, the oldest first.

    A server (--server) shows the oldest alone.

    Examples:

      depesche inbox list --account 10002

      depesche inbox list --server http://fax.example:8080 --account 20001
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
    data: DataFolder = None,
    config: ConfigFile = None,
) -> None:
    """Save a fax as a TIFF of all its pages. The file is there as a whole or not at all.

    A server (--server) hands out the oldest alone. Ends with 1 if there is no such fax.

    Examples:

      depesche inbox save --oldest --account 10002

      depesche inbox save 7 --output fax.tif --delete

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
            await gateway.delete(found[0].id)
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
    data: DataFolder = None,
    config: ConfigFile = None,
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
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
    _sync(path.parent)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync(folder: Path) -> None:
    """So that the name itself survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _through(target: Target, work: Callable[[Gateway], Awaitable[T]]) -> T:
    gateway: AbstractAsyncContextManager[Gateway] = (
        reach.folder(target) if target.server is None else reach.server(target)
    )

    async def opened() -> T:
        async with gateway as there:
            return await work(there)

    return run(opened)
