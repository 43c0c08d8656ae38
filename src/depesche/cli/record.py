"""What an operator sees of jobs: tables for people, JSON for machines."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from depesche.cli import tables
from depesche.cli.common import SECONDS, local_time, out, plain, program, type_name, warn
from depesche.cli.folder import row
from depesche.cli.hold import json_of, named
from depesche.cli.words import refusal
from depesche.model.job import JobHead
from depesche.model.states import State
from depesche.usecases.jobs import JobRecord
from depesche.usecases.operate import PastAttempt, Standing

Listed = tuple[JobHead, Standing]


def print_list(jobs: Sequence[Listed]) -> None:
    """One line a job."""
    table = tables.titled("Job", "Type", "Ordered", "Not before", "Recipients", "Pages", "State")
    for head, standing in jobs:
        table.add_row(
            str(head.id),
            type_name(head.type),
            local_time(head.created_at, tables.MINUTES),
            _not_before(head, tables.MINUTES),
            str(head.recipients),
            str(head.pages),
            _counts(standing),
        )
    tables.show(table)


def print_record(record: JobRecord) -> None:
    """All of one job."""
    head = record.head
    lines = (
        ("Job", head.id),
        ("Account", f"{record.account.number}, {record.account.name}"),
        ("Type", type_name(head.type)),
        ("Ordered", local_time(head.created_at)),
        ("Not before", _not_before(head)),
        ("Recipients", head.recipients),
        ("Pages", head.pages),
        ("Sheets", _sheets(head)),
        ("Legibility", tables.legibility(record.legibility)),
        ("State", _counts(record.standing)),
        *(("On hold", words) for words in _holds(record)),
        ("Waits until", _waits_until(record)),
        ("Finished", local_time(head.final_at)),
        *(("Warning", warning) for warning in head.warnings),
    )
    out.print(tables.described(lines))
    tables.print_rows(map(row, record.fates))
    for fate in record.fates:
        if fate.code:
            out.print(plain(f"{fate.address}: {refusal(fate.code)}"), soft_wrap=True)
    if record.attempts:
        _print_attempts(record)


def json_of_list(jobs: Sequence[Listed]) -> list[dict[str, Any]]:
    """One object a job."""
    return [_head(head, standing) for head, standing in jobs]


def json_of_record(record: JobRecord) -> dict[str, Any]:
    """All of one job, the attempts with their recipients."""
    recipients: list[dict[str, Any]] = [
        asdict(row(fate)) | {"state": fate.state.value, "code": fate.code, "due_at": fate.due_at, "attempts": []}
        for fate in record.fates
    ]
    for attempt in record.attempts:
        told = asdict(attempt)
        del told["position"]
        told["result"] = attempt.result.word if attempt.result else None
        told["call"] = attempt.call.as_json() if attempt.call else None
        recipients[attempt.position]["attempts"].append(told)
    return {
        "account": record.account.number,
        **_head(record.head, record.standing),
        "holds": [json_of(hold) for hold in record.holds],
        "legibility": record.legibility,
        "waits_until": record.waits_until,
        "quiet_hours": record.is_quiet,
        "recipients": recipients,
    }


def _print_attempts(record: JobRecord) -> None:
    table = tables.titled("Delivery", "Recipient", "Attempt", "Begun", "Result", "Call")
    undecided = []
    for attempt in record.attempts:
        fate = record.fates[attempt.position]
        is_open = attempt.result is None and fate.state is State.UNKNOWN
        undecided += [attempt.delivery_id] if is_open else []
        table.add_row(
            str(attempt.delivery_id),
            plain(fate.address),
            str(attempt.number),
            local_time(attempt.sending_at),
            tables.result(attempt.result.word if attempt.result else "unknown" if is_open else fate.state.value),
            plain(_call(attempt)),
        )
    tables.show(table)
    for delivery in undecided:
        warn(f"delivery {delivery} waits for a decision: see `{program()} job resolve --help`")


def _call(attempt: PastAttempt) -> str:
    """``2 pages, 31 s, 14400 bit/s, MMR, ECM, +49 30 ...``, damaged rows page by page, and the detail below."""
    words = (
        f"{attempt.pages} page{'' if attempt.pages == 1 else 's'}" if attempt.pages else "",
        f"{attempt.seconds} s" if attempt.seconds else "",
        f"{attempt.bit_rate} bit/s" if attempt.bit_rate else "",
        attempt.coding,
        "ECM" if attempt.ecm else "",
        attempt.remote_id,
        tables.damaged(attempt.bad_rows),
    )
    return "\n".join(filter(None, (", ".join(filter(None, words)), attempt.detail)))


def _sheets(head: JobHead) -> str:
    """``2, printed on both sides``; empty for what is no letter."""
    return f"{head.sheets}, printed on {'both sides' if head.duplex else 'one side'}" if head.sheets else ""


def _holds(record: JobRecord) -> Iterator[str]:
    """``fax of account 20001, since 2026-03-02 10:00: line is down``."""
    for hold in record.holds:
        note = f": {hold.note}" if hold.note else ""
        yield f"{named(hold.account, hold.channel)}, since {local_time(hold.since, tables.MINUTES)}{note}"
    if State.HELD in record.standing.counts and not record.holds:
        yield f"by nothing any more: `{program()} hold lift --all` lets it go on"


def _waits_until(record: JobRecord) -> str:
    """``2026-03-02 07:00:00, quiet hours``; empty if it waits for nothing but the time that was ordered."""
    if record.waits_until is None or record.waits_until <= record.head.send_at:
        return ""
    return f"{local_time(record.waits_until)}{', quiet hours' if record.is_quiet else ''}"


def _not_before(head: JobHead, form: str = SECONDS) -> str:
    return local_time(head.send_at, form) if head.send_at > head.created_at else ""


def _counts(standing: Standing) -> str:
    words = [f"{number} {state.value}" for state, number in standing.counts.items()]
    return ", ".join([*words, f"{standing.listed} still to be listed"] if standing.listed else words)


def _head(head: JobHead, standing: Standing) -> dict[str, Any]:
    return {
        "job": head.id,
        "type": type_name(head.type),
        "ordered_at": head.created_at,
        "send_at": head.send_at,
        "final_at": head.final_at,
        "recipients_count": head.recipients,
        "pages": head.pages,
        **({"sheets": head.sheets, "duplex": head.duplex} if head.type.is_letter else {}),
        "states": {state.value: number for state, number in standing.counts.items()},
        "listed": standing.listed,
        "warnings": head.warnings,
    }
