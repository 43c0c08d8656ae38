"""``depesche codes``: what each code of the interface means."""

from typing import Annotated, Any

import typer
from rich.text import Text

from depesche.cli import tables
from depesche.cli.common import AsJson, Exit, fail, out
from depesche.model.contract import OPERATIONS, Situation

Name = Annotated[
    str | None, typer.Argument(metavar="[OPERATION]", help=f"{', '.join(OPERATIONS)}; all of them if none is given.")
]
German = Annotated[bool, typer.Option("--german", help="Tell the situations in German.")]


def codes(operation: Name = None, german: German = False, as_json: AsJson = False) -> None:
    """Show the operations of the interface, their codes, and the situations that yield them.

    Those of SendJob are numbered in the order in which they are judged. JSON has both languages.

    Examples:

      depesche codes

      depesche codes SendJob --german
    """
    chosen = OPERATIONS if operation is None else _one(operation)
    if as_json:
        tables.print_json({name: [_json(situation) for situation in found] for name, found in chosen.items()})
        return
    for place, (name, found) in enumerate(chosen.items()):
        out.print(Text(f"\n{name}" if place else name, style="bold"))
        _print(found, german=german)


def _one(operation: str) -> dict[str, tuple[Situation, ...]]:
    name = next((name for name in OPERATIONS if name.casefold() == operation.casefold()), None)
    if name is None:
        fail(f"{operation} is none of {', '.join(OPERATIONS)}", Exit.USAGE)
    return {name: OPERATIONS[name]}


def _print(found: tuple[Situation, ...], *, german: bool) -> None:
    ordered = any(situation.rule for situation in found)
    table = tables.titled(*(["#"] if ordered else []), "Code", "Situation")
    for situation in found:
        place = [str(situation.rule.row) if situation.rule else ""] if ordered else []
        table.add_row(*place, str(situation.code), situation.german if german else situation.english)
    tables.show(table)


def _json(situation: Situation) -> dict[str, Any]:
    rule = situation.rule
    return {
        "code": int(situation.code),
        "name": situation.name,
        "row": rule.row if rule else None,
        "rule": rule.name if rule else None,
        "english": situation.english,
        "german": situation.german,
    }
