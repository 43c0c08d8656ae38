"""The columns of an account that commands write, each with its option."""

import inspect
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from depesche.cli.common import Exit, TypeName, fail
from depesche.model.account import AccountState


class Encoding(StrEnum):
    """Of the StatusFile."""

    UTF_8 = "utf-8"
    WINDOWS_1252 = "windows-1252"


_TYPES = f"Released job type, of {', '.join(TypeName)}; repeat it."

COLUMNS: dict[str, Any] = {
    "job_types": Annotated[list[TypeName] | None, typer.Option("--type", metavar="TYPE", help=_TYPES)],
    "bulk": Annotated[bool | None, typer.Option("--bulk/--no-bulk", help="More than one recipient a job.")],
    "abroad": Annotated[bool | None, typer.Option("--foreign/--no-foreign", help="Numbers abroad.")],
    "sandbox": Annotated[bool | None, typer.Option("--sandbox/--live", help="Where all that it sends ends.")],
    "country": Annotated[
        str | None, typer.Option(metavar="CODE", help="ISO code: how numbers without a country code are read.")
    ],
    "trial_until": Annotated[
        datetime | None,
        typer.Option(
            "--trial-until", metavar="DAY", formats=["%Y-%m-%d"], help="Make it a trial up to this day, 2026-12-31."
        ),
    ],
    "mail_from": Annotated[str | None, typer.Option(metavar="ADDRESS", help="Sender address of its mails.")],
    "mail_subject": Annotated[str | None, typer.Option(metavar="TEXT", help="Subject of mails whose text has none.")],
    "sender_addresses": Annotated[
        list[str] | None,
        typer.Option("--sender-address", metavar="ADDRESS", help="Further address allowed in MAILFROM=; repeat it."),
    ],
    "sms_from": Annotated[str | None, typer.Option(metavar="TEXT", help="Sender id of its SMS.")],
    "status_encoding": Annotated[
        Encoding | None, typer.Option(metavar="NAME", help="Of the StatusFile: utf-8 or windows-1252.")
    ],
    "weight": Annotated[int | None, typer.Option(metavar="N", min=1, max=1000, help="Share of the lines under load.")],
}
"""Columns of an account that `add` and `set` write, each with its option."""


def with_columns(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes ``**columns`` an option for each of `COLUMNS`."""
    signature = inspect.signature(command)
    own = [parameter for parameter in signature.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in COLUMNS.items()
    ]
    command.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    return command


def written(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns that were given, as the store writes them."""
    given = {column: value for column, value in columns.items() if value is not None}
    if "job_types" in given:
        given["job_types"] = sorted(int(kind.job_type) for kind in given["job_types"])
    if "country" in given:
        given["country"] = _country(given["country"])
    if "trial_until" in given:
        given |= {"trial_until": given["trial_until"].date(), "state": AccountState.TRIAL.value}
    return given


def _country(code: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415  seldom needed

    if code.upper() not in SUPPORTED_REGIONS:
        fail(f"--country {code}: two letters of ISO 3166 are expected, such as DE", Exit.USAGE)
    return code.upper()
