"""An account as a table for people and as JSON for machines."""

from datetime import time
from typing import TYPE_CHECKING, Any

from depesche.cli import tables
from depesche.cli.common import euro, out, type_name, warn
from depesche.model.account import Account, AccountState, Payment

if TYPE_CHECKING:
    from depesche.usecases.accounts import Portrait


def print_portrait(portrait: "Portrait") -> None:
    """All of it, and what will not go well."""
    account = portrait.account
    lines = (
        ("Account", account.number),
        ("Name", account.name),
        ("State", state(account)),
        ("Ends in", _end(portrait)),
        ("Fax numbers", ", ".join(account.numbers)),
        ("Job types", types(account)),
        ("Bulk", _yes(account.bulk)),
        ("Foreign", _yes(account.foreign)),
        ("Country", account.country),
        ("Mail from", ", ".join(filter(None, (account.mail_from, *sorted(account.sender_addresses))))),
        ("Mail subject", account.mail_subject),
        ("SMS from", account.sms_from),
        ("StatusFile in", account.status_encoding),
        ("Weight", account.weight),
        ("Payment", payment(account)),
        ("Price list", account.tariff if account.has_prices else f"{account.tariff} (no lines: everything is free)"),
        ("Balance", balance(account)),
        ("Allowance", allowance(account)),
        ("Limits", _limits(account)),
        ("Letters", _letters(account)),
        ("Resolution", account.resolution.value),
        ("Quiet hours", _quiet(account)),
        ("Kept", _kept(account)),
    )
    out.print(tables.described(lines))
    for doubt in portrait.doubts:
        warn(doubt)


def json_of(portrait: "Portrait") -> dict[str, Any]:
    """All of it."""
    account = portrait.account
    return {
        "account": account.number,
        "name": account.name,
        "state": account.state.value,
        "trial_until": account.trial_until,
        "sandbox": account.sandbox,
        "has_line": portrait.has_line,
        "doubts": portrait.doubts,
        "numbers": account.numbers,
        "types": [type_name(kind) for kind in sorted(account.job_types)],
        "bulk": account.bulk,
        "foreign": account.foreign,
        "country": account.country,
        "mail_from": account.mail_from,
        "sender_addresses": sorted(account.sender_addresses),
        "mail_subject": account.mail_subject,
        "sms_from": account.sms_from,
        "status_encoding": account.status_encoding,
        "weight": account.weight,
        "tariff": account.tariff,
        "has_prices": account.has_prices,
        **json_of_money(account),
        "day_spend": account.day_spend,
        "day_pages": account.day_pages,
        "most_recipients": account.most_recipients,
        "most_pages": account.most_pages,
        "double_minutes": account.double_minutes,
        "demands_window": account.demands_window,
        "resolution": account.resolution,
        "duplex": account.duplex,
        "quiet_from": _clock(account.quiet_from),
        "quiet_until": _clock(account.quiet_until),
        "document_days": account.document_days,
        "fax_days": account.fax_days,
        "kept_fax_days": account.kept_fax_days,
        "record_days": account.record_days,
    }


def json_of_money(account: Account) -> dict[str, Any]:
    """How it pays, and where its money stands."""
    return {
        "payment": account.payment.value,
        "paid_since": account.paid_since,
        "balance": account.balance,
        "reserved": account.reserved,
        "available": account.balance - account.reserved,
        "allowance": account.allowance,
        "allowance_reserved": account.allowance_reserved,
        "allowance_available": account.allowance - account.allowance_reserved,
    }


def json_of_line(account: Account) -> dict[str, Any]:
    """What `account list` shows of it."""
    return {
        "account": account.number,
        "name": account.name,
        "state": account.state.value,
        "trial_until": account.trial_until,
        "numbers": account.numbers,
        "types": [type_name(kind) for kind in sorted(account.job_types)],
        "sandbox": account.sandbox,
    }


def state(account: Account) -> str:
    """``active``, ``trial until 2026-12-31``, ``locked (trial until 2026-12-31)``."""
    word, until = account.state, account.trial_until
    if word is AccountState.ACTIVE or until is None:
        return word.value
    trial = f"trial until {until}"
    return trial if word is AccountState.TRIAL else f"{word.value} ({trial})"


def types(account: Account) -> str:
    """The released job types."""
    return ", ".join(type_name(kind) for kind in sorted(account.job_types))


def payment(account: Account) -> str:
    """``prepaid, paid since 2026-03-02``."""
    if account.payment is Payment.NONE:
        return "nothing to pay"
    since = f"paid since {account.paid_since}" if account.paid_since else "no payment yet"
    return f"{account.payment.value}, {since}"


def balance(account: Account) -> str:
    """``12.50 euro, 0.14 of it reserved``; empty for who neither pays money nor has any."""
    if not (account.balance or account.reserved or account.payment in (Payment.PREPAID, Payment.DEBIT)):
        return ""
    reserved = f", {euro(account.reserved)} of it reserved" if account.reserved else ""
    return f"{euro(account.balance)} euro{reserved}"


def allowance(account: Account) -> str:
    """``500 pages, 3 of them reserved``; empty for who has no package."""
    if not (account.allowance or account.allowance_reserved or account.payment is Payment.PACKAGE):
        return ""
    reserved = f", {account.allowance_reserved} of them reserved" if account.allowance_reserved else ""
    return f"{account.allowance} pages or messages{reserved}"


def _limits(account: Account) -> str:
    limits = (
        "" if account.day_spend is None else f"{euro(account.day_spend)} euro a day",
        "" if account.day_pages is None else f"{account.day_pages} pages a day",
        "" if account.most_recipients is None else f"{account.most_recipients} recipients an order",
        "" if account.most_pages is None else f"{account.most_pages} pages a document",
        "" if account.double_minutes is None else f"the same order again after {account.double_minutes} minutes",
    )
    return ", ".join(filter(None, limits)) or "none"


def _letters(account: Account) -> str:
    """``printed on both sides, refused if the address is not in the window``."""
    words = (
        "printed on both sides" if account.duplex else "",
        "refused if the address is not in the window" if account.demands_window else "",
    )
    return ", ".join(filter(None, words))


def _quiet(account: Account) -> str:
    """``20:00 to 07:00: no fax and no SMS``; empty if there are none."""
    if account.quiet_from is None:
        return ""
    return f"{_clock(account.quiet_from)} to {_clock(account.quiet_until)}: no fax and no SMS"


def _clock(moment: time | None) -> str | None:
    return None if moment is None else f"{moment:%H:%M}"


def _kept(account: Account) -> str:
    """``documents 30 days, records for ever``; empty for who has no ages of its own."""
    ages = (
        ("documents", account.document_days),
        ("deleted faxes", account.fax_days),
        ("other faxes", account.kept_fax_days),
        ("records", account.record_days),
    )
    return ", ".join(f"{what} {_age(days)}" for what, days in ages if days is not None)


def _age(days: int) -> str:
    return f"{days} day{'' if days == 1 else 's'}" if days else "for ever"


def _end(portrait: "Portrait") -> str:
    if portrait.sandbox:
        return "sandbox"
    return "the world" if portrait.has_line else "nowhere: it is live, and no line is set up (`line add`)"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
