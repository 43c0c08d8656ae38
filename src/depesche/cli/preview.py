"""``depesche preview``: the pages that would be sent, as pictures."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

import os
import shutil
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depesche.cli import tables
from depesche.cli.common import AsJson, Exit, TypeName, actor, fail, load_settings, out, warn
from depesche.cli.gateway import MOST_FILES
from depesche.cli.reach import DATA, AccountNumber, FolderConfig, FolderData

if TYPE_CHECKING:
    from depesche.model.account import Account
    from depesche.usecases.house import House
    from depesche.usecases.preview import Draft, Preview


class Paper(StrEnum):
    """What has pages that can be looked at."""

    FAX = "fax"
    LETTER = "letter"
    LETTER_COLOUR = "letter-colour"


Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILE...", exists=True, dir_okay=False, readable=True, help="Up to three files, in order."),
]
To = Annotated[Paper, typer.Option("--to", "-t", metavar="TYPE", help="fax, letter or letter-colour.")]
Words = Annotated[str | None, typer.Option("--text", metavar="TEXT", help="A first page of a fax.")]
Cover = Annotated[
    bool, typer.Option("--cover", help="The account's sheet in front of a fax; with a sample where no --text is given.")
]
Number = Annotated[
    str | None, typer.Option("--recipient", metavar="NUMBER", help="Whom the header line and the first page name.")
]
Switches = Annotated[
    list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="Switch of the interface; repeat it.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="NAME.png",
        help="File or folder; several pages are NAME-1.png, NAME-2.png, ...",
    ),
]
Page = Annotated[int | None, typer.Option("--page", "-p", metavar="N", min=1, help="This page alone.")]


def preview(
    files: Files = None,
    to: To = Paper.FAX,
    text: Words = None,
    cover: Cover = False,
    recipient: Number = None,
    option: Switches = None,
    page: Page = None,
    target: Out = None,
    as_json: AsJson = False,
    account: AccountNumber = None,
    data: FolderData = None,
    config: FolderConfig = None,
) -> None:
    """Draw what would be sent: a fax dot by dot, with its header line; a letter with the window of its envelope.

    Nothing is ordered. The account of a data folder is the sender; without a data folder
    nobody is. No server is needed.

    Examples:

      depesche preview letter.pdf --to fax

      depesche preview page.html --text "Anbei." --recipient +493023125200 --data /var/lib/depesche --account 20001

      depesche preview --cover --data /var/lib/depesche --account 20001

      depesche preview letter.pdf --to letter --page 1 --out first.png --json
    """
    from depesche.cli.folder import in_house
    from depesche.usecases.preview import Draft

    given = tuple(files or ())
    _check(given, text, to, cover=cover)
    draft = Draft(TypeName(to.value).job_type, given, text or "", recipient or "", ";".join(option or ()), sample=cover)
    base = _base(target, f"{given[0].stem if given else 'cover' if cover else 'text'}-{to.value}.png")
    is_named = bool(data or config or account or os.environ.get(DATA))
    with tempfile.TemporaryDirectory(prefix="depesche-") as folder:
        room = Path(folder)
        settings = load_settings(config, data if is_named else room / "data")
        drawn = in_house(
            settings, lambda house: _drawn(house, account, draft, room, page, neutral=not is_named), made=is_named
        )
        written = _put(drawn, base, given)
    _tell(drawn, written, to, as_json=as_json)


async def _drawn(
    house: "House", number: str | None, draft: "Draft", room: Path, page: int | None, *, neutral: bool
) -> "Preview":
    from depesche.cli.folder import account_of
    from depesche.usecases.preview import preview as drawing

    account = await _nobody(house) if neutral else await account_of(house, number)
    pages = room / "pages"
    pages.mkdir()
    return await drawing(house, account, draft, pages, page)


async def _nobody(house: "House") -> "Account":
    """A sender without a name, in a folder that is thrown away."""
    from depesche.usecases import accounts

    return await accounts.add(house, actor(), accounts.NewAccount("0", "", accounts.new_password()))


def _base(target: Path | None, usual: str) -> Path:
    """Where the pictures go; a folder gets them under their usual name."""
    base = target or Path(usual)
    return base / usual if base.is_dir() else base


def _put(drawn: "Preview", base: Path, given: tuple[Path, ...]) -> list[Path]:
    """Move the pictures to where they are wanted; none of the documents is overwritten."""
    single = drawn.pages == 1 or len(drawn.pictures) == 1
    targets = {
        number: base if single else base.with_name(f"{base.stem}-{number}{base.suffix}") for number in drawn.pictures
    }
    for target in targets.values():
        if any(target.resolve() == document.resolve() for document in given):
            fail(f"{target} is one of the documents: give another name with --out", Exit.USAGE)
    try:
        for number, target in targets.items():
            shutil.copyfile(drawn.pictures[number], target)
    except OSError as error:
        fail(f"{base} cannot be written: {error.strerror}")
    return list(targets.values())


def _tell(drawn: "Preview", written: list[Path], to: Paper, *, as_json: bool) -> None:
    if as_json:
        told: dict[str, Any] = {
            "type": to.value,
            "pages": drawn.pages,
            "warnings": drawn.warnings,
            "files": list(map(str, written)),
        }
        tables.print_json(told | (_of_letter(drawn) if drawn.sheets else {"legibility": drawn.legibility}))
        return
    names = str(written[0]) if len(written) == 1 else f"{written[0]} to {written[-1].name}"
    out.print(f"{drawn.pages} page{'' if drawn.pages == 1 else 's'}{_on_paper(drawn)}: {names}", markup=False)
    if drawn.legibility:
        out.print(f"legibility: {tables.legibility(drawn.legibility)}", markup=False)
    for warning in drawn.warnings:
        warn(warning)


def _on_paper(drawn: "Preview") -> str:
    """``, 2 sheets printed on both sides``; empty for a fax."""
    if not drawn.sheets:
        return ""
    sides = "both sides" if drawn.duplex else "one side"
    return f", {drawn.sheets} sheet{'' if drawn.sheets == 1 else 's'} printed on {sides}"


def _of_letter(drawn: "Preview") -> dict[str, Any]:
    """Its sheets, and what is wrong with it, in millimetres from the upper left corner."""
    from depesche.usecases.findings import english, german

    found = [
        {
            "fault": finding.fault.value,
            "proven": finding.fault.is_proven,
            "page": finding.page,
            "box": finding.box,
            "english": english(finding),
            "german": german(finding),
        }
        for finding in drawn.findings
    ]
    return {"sheets": drawn.sheets, "duplex": drawn.duplex, "findings": found}


def _check(files: tuple[Path, ...], text: str | None, to: Paper, *, cover: bool) -> None:
    if len(files) > MOST_FILES:
        fail(f"an order has at most {MOST_FILES} files", Exit.USAGE)
    if to is not Paper.FAX and (text or cover):
        fail("a letter has no text: it would displace the address", Exit.USAGE)
    if not files and not cover and not (text or "").strip():
        fail("what shall be shown? Give a file" + ("" if to is not Paper.FAX else " or --text"), Exit.USAGE)
