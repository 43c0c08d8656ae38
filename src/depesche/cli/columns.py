"""The columns of an account that commands write, each with its option."""

import copy
import inspect
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, get_args

import typer

from depesche.cli.common import Exit, TypeName, fail, money
from depesche.model.account import Payment
from depesche.model.resolution import Resolution


class Encoding(StrEnum):
    """Of the StatusFile."""

    UTF_8 = "utf-8"
    WINDOWS_1252 = "windows-1252"


NONE = "none"
"""What is typed to take a value away."""

_TYPES = f"Released job type, of {', '.join(TypeName)}; repeat it."
_SPEND = "Net euro that it may spend a day, or none."
_PAGES = "Pages and messages a day, times their recipients, or none."
_AGE = "0 for ever, or none: as the settings say"

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
            "--trial-until",
            metavar="DAY",
            formats=["%Y-%m-%d"],
            help="Make it a trial up to this day, 2026-12-31; a lock stays.",
        ),
    ],
    "mail_from": Annotated[str | None, typer.Option(metavar="ADDRESS", help="Sender address of its mails.")],
    "mail_subject": Annotated[str | None, typer.Option(metavar="TEXT", help="Subject of mails whose text has none.")],
    "sender_addresses": Annotated[
        list[str] | None,
        typer.Option(
            "--sender-address", metavar="ADDRESS", help="Further address allowed in MAILFROM=, or none; repeat it."
        ),
    ],
    "sms_from": Annotated[
        str | None, typer.Option(metavar="TEXT", help="Sender id of its SMS: 11 letters and digits, or 16 digits.")
    ],
    "status_encoding": Annotated[
        Encoding | None, typer.Option(metavar="NAME", help="Of the StatusFile: utf-8 or windows-1252.")
    ],
    "weight": Annotated[int | None, typer.Option(metavar="N", min=1, max=1000, help="Share of the lines under load.")],
    "payment": Annotated[
        Payment | None,
        typer.Option(metavar="HOW", help="none, prepaid (balance), debit (afterwards) or package (allowance)."),
    ],
    "paid_since": Annotated[
        str | None, typer.Option(metavar="DAY", help="Day of the first payment or direct debit, or none.")
    ],
    "tariff": Annotated[str | None, typer.Option(metavar="NAME", help="Its price list.")],
    "day_spend": Annotated[str | None, typer.Option(metavar="EURO", help=_SPEND)],
    "day_pages": Annotated[str | None, typer.Option(metavar="N", help=_PAGES)],
    "most_recipients": Annotated[str | None, typer.Option(metavar="N", help="Recipients of one order, or none.")],
    "most_pages": Annotated[str | None, typer.Option(metavar="N", help="Pages of one document, or none.")],
    "double_minutes": Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Minutes for which an order that went OK makes the same one a double, or none: as the settings say.",
        ),
    ],
    "demands_window": Annotated[
        bool | None,
        typer.Option(
            "--demand-window/--warn-window",
            help="Refuse an iLetter whose address is not in the window of the envelope, or send it with a warning.",
        ),
    ],
    "resolution": Annotated[
        Resolution | None,
        typer.Option(metavar="NAME", help="Of its faxes: standard, fine or superfine; an order may say RESOLUTION=."),
    ],
    "duplex": Annotated[
        bool | None,
        typer.Option("--duplex/--simplex", help="Print its letters on both sides of their sheets, or on one."),
    ],
    "quiet": Annotated[
        str | None,
        typer.Option(
            metavar="TIMES", help="When its faxes and SMS wait, 20:00-07:00 by the setting timezone, or none."
        ),
    ],
    "document_days": Annotated[str | None, typer.Option(metavar="N", help=f"Days for documents of its jobs, {_AGE}.")],
    "fax_days": Annotated[
        str | None, typer.Option(metavar="N", help=f"Days for faxes deleted from its inbox, {_AGE}.")
    ],
    "kept_fax_days": Annotated[
        str | None, typer.Option(metavar="N", help=f"Days for faxes that nobody deleted, {_AGE}.")
    ],
    "record_days": Annotated[str | None, typer.Option(metavar="N", help=f"Days for records of its jobs, {_AGE}.")],
}
"""Columns of an account that `add` and `set` write, each with its option."""

DEFAULTS = {
    "job_types": "fax, sms, letter, letter-colour",
    "bulk": "no-bulk",
    "abroad": "no-foreign",
    "sandbox": "live",
    "country": "DE",
    "trial_until": "no trial",
    "status_encoding": "utf-8",
    "weight": "1",
    "payment": "none",
    "paid_since": "none",
    "tariff": "standard",
    "day_spend": "none",
    "day_pages": "none",
    "most_recipients": "none",
    "most_pages": "none",
    "double_minutes": "none",
    "demands_window": "warn-window",
    "resolution": "fine",
    "duplex": "simplex",
    "quiet": "none",
    "document_days": "none",
    "fax_days": "none",
    "kept_fax_days": "none",
    "record_days": "none",
}
"""What `add` takes where nothing is said, again: the use case takes half a second to import."""


def with_columns(
    *, defaults: bool, options: Mapping[str, Any] = COLUMNS, usual: Mapping[str, str] = DEFAULTS
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command that takes ``**columns`` the `options`; with `defaults` their help tells what is `usual`."""

    def give(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)
        own = [parameter for parameter in signature.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
        given = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=_telling(annotation, usual.get(name)) if defaults else annotation,
            )
            for name, annotation in options.items()
        ]
        command.__signature__ = signature.replace(parameters=[*own, *given])  # type: ignore[attr-defined]
        return command

    return give


def written(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns that were given, as the store writes them."""
    values = {
        column: _WRITERS[column](value) if column in _WRITERS else value
        for column, value in columns.items()
        if value is not None
    }
    if "quiet" in values:
        values["quiet_from"], values["quiet_until"] = values.pop("quiet")
    return values


def several(given: list[str]) -> list[str]:
    """Values that were given by repeating an option; the word `none` stands for not one."""
    return [] if given == [NONE] else given


def _telling(annotation: Any, default: str | None) -> Any:
    if default is None:
        return annotation
    kind, option = get_args(annotation)
    telling = copy.copy(option)
    telling.help = f"{option.help} \\[default: {default}]"
    return Annotated[kind, telling]


def _country(code: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415  seldom needed

    if code.upper() not in SUPPORTED_REGIONS:
        fail(f"--country {code}: two letters of ISO 3166 are expected, such as DE", Exit.USAGE)
    return code.upper()


def _day(text: str) -> date | None:
    if text == NONE:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        fail(f"--paid-since {text}: a day is expected, such as 2026-12-31, or {NONE}", Exit.USAGE)


def _spend(text: str) -> Decimal | None:
    return None if text == NONE else money(text, "--day-spend")


def _quiet(text: str) -> tuple[time | None, time | None]:
    """The beginning and the end."""
    if text == NONE:
        return None, None
    try:
        start, end = (datetime.strptime(part, "%H:%M").time() for part in text.split("-"))  # noqa: DTZ007  no moments
    except ValueError:
        fail(f"--quiet {text}: two times are expected, such as 20:00-07:00, or {NONE}", Exit.USAGE)
    return start, end


def number(option: str) -> Callable[[str], int | None]:
    """Reads what is typed for this option: a number, or the word `none`."""

    def read(text: str) -> int | None:
        if text == NONE:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            fail(f"{option} {text}: a number is expected, or {NONE}", Exit.USAGE)
        return int(text)

    return read


_WRITERS: dict[str, Callable[[Any], Any]] = {
    "job_types": lambda kinds: sorted(int(kind.job_type) for kind in kinds),
    "country": _country,
    "trial_until": datetime.date,
    "sender_addresses": several,
    "status_encoding": str,
    "payment": lambda payment: payment.value,
    "resolution": str,
    "paid_since": _day,
    "day_spend": _spend,
    "day_pages": number("--day-pages"),
    "most_recipients": number("--most-recipients"),
    "most_pages": number("--most-pages"),
    "double_minutes": number("--double-minutes"),
    "quiet": _quiet,
    "document_days": number("--document-days"),
    "fax_days": number("--fax-days"),
    "kept_fax_days": number("--kept-fax-days"),
    "record_days": number("--record-days"),
}
"""How a column is written that is not kept as it is typed."""
