"""The reference pages of ``docs/``, made from the code: ``python -m depesche.reference docs/reference``."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import typer
from pydantic.fields import FieldInfo

from depesche import metrics
from depesche.channels.fax.numbers import NUMBERS
from depesche.channels.fax.sip.callstate import CALL, CallState
from depesche.channels.fax.sip.register import REGISTRATION, Place
from depesche.channels.fax.sip.timers import FIRST, Timer
from depesche.channels.fax.sip.transaction import MACHINES
from depesche.channels.fax.trunk import refusal
from depesche.channels.mail import sandbox as mail
from depesche.channels.sms import sandbox as sms
from depesche.cli.common import type_name
from depesche.cli.main import app
from depesche.config import Section, Settings
from depesche.model import contract, options, statusfile, statusurl
from depesche.model.jobtype import JobType
from depesche.model.result import Result
from depesche.model.rules import Rule
from depesche.usecases import demo, simulate

_MADE = "<!-- Made by `python -m depesche.reference docs/reference`: change the code, not this page. -->\n"


_WHAT = """\
What a sandbox account orders is judged, made into pages and carried like any other order. Only the last metre differs:
faxes end in a machine in memory (both ends of the call are real T.30 engines); messages, mails and letters end in the
folder `outbox/` of the data folder. A fax to the number of a local account arrives in its inbox. Pauses before repeats
are {speed:g} times shorter.
"""


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {
        "sandbox.md": _sandbox(),
        "settings.md": _settings(),
        "cli.md": _commands(),
        "codes.md": _codes(),
        "metrics.md": _metrics(),
        "sip.md": _sip(),
    }


def write(folder: Path) -> None:
    """Write all pages."""
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def _metrics() -> str:
    rows = (
        (f"`{metric.name}`", metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.meaning)
        for metric in metrics.ALL
    )
    return "\n".join(["# Metrics", "", _MADE, _COUNTED, *_table(("Name", "Kind", "Labels", "Meaning"), rows), ""])


_COUNTED = """\
What `/metrics` of the [operations port](../howto/observe.md) tells, in the format of Prometheus. Counters and
histograms are of one process, and begin anew with it. No label names a customer, an address or a number. What a
histogram has are `<name>_bucket`, `<name>_sum` and `<name>_count`. Beside these stand `process_*`: memory, processor
time, open files.
"""


_STATES = """\
How transactions, calls and registrations go on, as the code has it: each diagram is drawn from the table that is
followed. What a state does not know in its table changes nothing.
"""


def _sip() -> str:
    transactions: list[str] = []
    for machine in MACHINES:
        table = {
            state.value: [(_named(event), step.state.value, step.actions) for event, step in row.items()]
            for state, row in machine.table.items()
        }
        transactions += [f"### {machine.name}", "", *_diagram(machine.first.value, table), ""]
    call = {
        state.value: [(_named(event), move.state.value, move.deeds) for event, move in row.items()]
        for state, row in CALL.items()
    }
    registration = {
        place.value: [(_named(turn), to.value, ()) for turn, to in row.items()] for place, row in REGISTRATION.items()
    }
    timers = ((timer.name, timer.value, f"{FIRST[timer]:g}") for timer in Timer)
    answers = sorted(refusal.BY_STATUS.items())
    return "\n".join(
        [
            "# SIP",
            "",
            _MADE,
            _STATES,
            "## Calls",
            "",
            "A call of ours begins with `dialling`, one of somebody with `offered`.",
            "",
            *_diagram(CallState.DIALLING.value, call),
            "",
            "## What a call comes to that is not taken",
            "",
            *_table(
                ("Status", "`$STAT`", "Tried again"),
                ((str(status), result.value, "yes" if again else "no") for status, (result, again) in answers),
            ),
            "",
            "Any other status is a fault of the network: `ISDNERR`, tried again. A cause of Q.850 counts for more than",
            "the status, where the trunk tells one.",
            "",
            *_table(
                ("Q.850 cause", "`$STAT`", "Tried again"),
                (
                    (str(cause), result.value, "yes" if again else "no")
                    for cause, (result, again) in sorted(refusal.BY_CAUSE.items())
                ),
            ),
            "",
            "## Registrations",
            "",
            *_diagram(Place.OUT.value, registration),
            "",
            "## Transactions",
            "",
            "RFC 3261 §17 with the corrections of RFC 6026. Behind the slash stands what is done.",
            "",
            *transactions,
            "### Timers",
            "",
            *_table(("Timer", "When it runs out", "Seconds at first"), timers),
            "",
        ]
    )


def _named(event: Enum) -> str:
    return f"timer {event.name}" if isinstance(event, Timer) else event.value


def _diagram(first: str, table: Mapping[str, Sequence[tuple[str, str, Sequence[Enum]]]]) -> Iterator[str]:
    """As Mermaid; names of states are words, so each gets one of its own."""
    known = dict.fromkeys([first, *table, *(to for row in table.values() for _, to, _ in row)])
    yield "```mermaid"
    yield "stateDiagram-v2"
    for state in known:
        yield f'    state "{state}" as {_id(state)}'
    yield f"    [*] --> {_id(first)}"
    for state, row in table.items():
        for event, to, deeds in row:
            done = f" / {', '.join(str(deed.value) for deed in deeds)}" if deeds else ""
            yield f"    {_id(state)} --> {_id(to)}: {event}{done}"
    yield "```"


def _id(state: str) -> str:
    return state.replace(" ", "_")


def _sandbox() -> str:
    speed = Settings.model_fields["dispatch"].default.sandbox_speed
    return "\n".join(
        [
            "# The sandbox",
            "",
            _MADE,
            _WHAT.format(speed=speed),
            "The numbers are those that the German regulator assigns to nobody: no test can ring anybody.",
            "",
            "## Accounts of the demo",
            "",
            *_table(
                ("Account", "Password", "Name", "Fax number"),
                ((number, demo.PASSWORD, name, fax) for number, name, fax in demo.ACCOUNTS),
            ),
            "",
            "These have the same password, and show what an account is refused for:",
            "",
            *_table(("Account", "It", "Es"), ((one.number, one.english, one.german) for one in demo.SPECIAL)),
            "",
            "## Fax",
            "",
            *_table(
                ("Number", "What happens", "Was geschieht"),
                ((number.number, number.english, number.german) for number in NUMBERS),
            ),
            "",
            "Any other number behaves like the first.",
            "",
            "## SMS",
            "",
            *_table(("Number", "What happens", "Was geschieht"), _special(sms.SPECIAL)),
            "",
            "## eMail and QSign",
            "",
            *_table(("Address", "What happens", "Was geschieht"), _special(mail.SPECIAL)),
            "",
            "## Every return code",
            "",
            *_EVERY_CODE,
            "### SendJob",
            "",
            *_table(
                ("Code", "Hand in", "Zu übergeben"),
                ((str(int(rule.code)), *simulate.HOW[rule]) for rule in Rule),
            ),
            "",
            *_other_codes(),
        ]
    )


_EVERY_CODE = (
    "On a server with the demo's accounts (`make run`). What is not named is as for an order that is accepted.",
    "Situations that a customer cannot bring about have a file name: a sandbox account that hands in a good document",
    "of that name is refused as if it had happened.",
    "",
)


def _other_codes() -> Iterator[str]:
    for operation, steps in simulate.OTHERS.items():
        yield from (f"### {operation}", "")
        yield from _table(("Code", "How", "Wie"), ((str(code), english, german) for code, english, german in steps))
        yield ""


def _special(rows: Iterable[Any]) -> Iterator[tuple[str, str, str]]:
    return ((row.address, row.english, row.german) for row in rows)


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        _MADE,
        "In a TOML file (`--config`), or in the environment, which wins: `[web] port` is `DEPESCHE_WEB__PORT`.",
        "",
    ]
    plain = {name: info for name, info in Settings.model_fields.items() if not isinstance(info.default, Section)}
    lines += ["## Top level", "", *_table(("Setting", "Default", "Meaning"), map(_setting, plain.items())), ""]
    for name, info in Settings.model_fields.items():
        section = info.default
        if isinstance(section, Section):
            rows = map(_setting, type(section).model_fields.items())
            about = (type(section).__doc__ or "").strip()
            lines += [f"## [{name}]", "", about, "", *_table(("Setting", "Default", "Meaning"), rows), ""]
    return "\n".join(lines)


def _setting(item: tuple[str, FieldInfo]) -> tuple[str, str, str]:
    name, info = item
    value = info.default
    default = ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)
    return f"`{name}`", f"`{default}`" if default else "", info.description or ""


def _codes() -> str:
    lines = ["# Codes, options, files", "", _MADE, _CONTRACT]
    lines += ["## Job types", "", *_job_types(), ""]
    for name, found in contract.OPERATIONS.items():
        lines += [f"## {name}", "", *_operation(found), ""]
    lines += ["## Options", "", _OPTIONS, *_options(), ""]
    lines += ["### STATURL", "", _STATURL, *_meanings((f"`${name}`", words) for name, words in _PLACEHOLDERS), ""]
    lines += ["## Results", "", _RESULTS, *_results(), ""]
    lines += ["## RecipientFile", "", _RECIPIENTS]
    lines += ["## StatusFile", "", _STATUS_FILE, *_meanings((f"`{name}`", words) for name, words in _COLUMNS)]
    return "\n".join([*lines, ""])


_CONTRACT = """\
What each operation answers, and the situation that yields it. `depesche codes` prints the same, `--german` in German,
`--json` for programs. [The sandbox](sandbox.md) has a number for every result of a fax.
"""

_ORDER = """\
The first that fits is answered. A single bad recipient (17 to 19) refuses the order; in a list such rows are on the
record as `Blacklist`, and the others are sent to.

Der erste zutreffende wird geantwortet. Ein einzelner schlechter Empfänger (17 bis 19) lehnt den Auftrag ab; in einer
Liste stehen solche Zeilen als `Blacklist` im Ergebnis, und an die anderen wird gesendet.
"""

_OPTIONS = """\
The parameter `Options`: switches separated by `;`, `NAME=value` or `NAME`, names in any case, blanks around them
ignored. Whatever is changed, ignored or unknown is a warning on the job's record (`depesche job show`), never an
error. Of two equal switches the last is used.

Der Parameter `Options`: Schalter, getrennt durch `;`, als `NAME=Wert` oder `NAME`, in Groß- oder Kleinschreibung. Was
geändert, übergangen oder unbekannt ist, steht als Warnung beim Auftrag, nie als Fehler.
"""

_STATURL = """\
Called with GET, once for each given row, when the whole job is done (`[callbacks] when`). Placeholders are replaced
in path and query, percent-encoded as UTF-8. Any 2xx is success; else the call is repeated for `[callbacks] hours`.

Aufgerufen mit GET, einmal je angegebener Zeile, wenn der ganze Auftrag fertig ist. Platzhalter werden in Pfad und
Query ersetzt, prozentcodiert als UTF-8. Jedes 2xx ist ein Erfolg; sonst wird der Aufruf wiederholt.
"""

_RESULTS = """\
`SendResult` of JobStatus and the column RESULT of the StatusFile say the first word, `$STAT` the second. A job of
several given rows has the `SendResult` `multi`; the StatusFile tells them apart.

`SendResult` von JobStatus und die Spalte RESULT der StatusFile nennen das erste Wort, `$STAT` das zweite. Ein Auftrag
mit mehreren angegebenen Zeilen hat das `SendResult` `multi`; die StatusFile unterscheidet sie.
"""

_RECIPIENTS = """\
CSV: column 1 the address, column 2 a reference id of your own or nothing. There is no row of headings. Fields are
separated by comma, those that hold a comma or a line break stand in `"`, a quote in them is doubled. Lines end with
CRLF or LF, blank ones are skipped. UTF-8, with or without a byte order mark; what is no UTF-8 is read as
Windows-1252. A file of zero bytes counts as not given; one that is given replaces `Recipient`. The same address twice
is sent to once, and each row has its line in the StatusFile.

CSV: Spalte 1 die Adresse, Spalte 2 eine eigene Referenz-ID oder nichts. Es gibt keine Kopfzeile. Felder sind durch
Komma getrennt; solche mit Komma oder Zeilenumbruch stehen in `"`, ein Anführungszeichen darin wird verdoppelt. Zeilen
enden mit CRLF oder LF, leere werden übergangen. UTF-8 mit oder ohne BOM; was kein UTF-8 ist, wird als Windows-1252
gelesen. Eine Datei ohne Inhalt gilt als nicht angegeben; eine angegebene ersetzt `Recipient`. Dieselbe Adresse
zweimal wird einmal gesendet, und jede Zeile hat ihre Zeile in der StatusFile.

    +4940123456789,ref-17
    040/123 456-0,"Meier, Bonn"
"""

_STATUS_FILE = """\
CSV: the first line names the columns, then one line for each given row, in the order given. Every field stands in
`"`, a quote in it is doubled; lines end with CRLF. UTF-8 without a byte order mark, or Windows-1252 for accounts that
are set so.

CSV: die erste Zeile nennt die Spalten, dann folgt eine Zeile je angegebener Zeile, in deren Reihenfolge. Jedes Feld
steht in `"`, ein Anführungszeichen darin wird verdoppelt; Zeilen enden mit CRLF. UTF-8 ohne BOM, oder Windows-1252
für Konten, die so eingestellt sind.
"""

_PLACEHOLDERS = [(name, contract.PLACEHOLDERS[name]) for name in statusurl.PLACEHOLDERS]
_COLUMNS = [(name, contract.STATUS_FILE[name]) for name in statusfile.COLUMNS]


def _job_types() -> list[str]:
    return _table(
        ("JobType", "Kind", "JOBTYPE in the StatusFile"),
        ((str(int(kind)), type_name(kind), kind.status_name) for kind in JobType),
    )


def _operation(found: Iterable[contract.Situation]) -> list[str]:
    rows = [
        (str(situation.rule.row) if situation.rule else "", str(situation.code), situation.english, situation.german)
        for situation in found
    ]
    if not any(row for row, *_ in rows):
        return _table(("Code", "Situation", "Wann"), [row[1:] for row in rows])
    return [
        _ORDER,
        *_table(("#", "Code", "Situation", "Wann"), rows),
    ]


def _options() -> list[str]:
    return _table(
        ("Switch", "Meaning", "Bedeutung", "Out of range", "Außerhalb"),
        (
            (
                f"`{switch.name}{'=' if switch.valued else ''}`",
                switch.english,
                switch.german,
                switch.english_limits,
                switch.german_limits,
            )
            for switch in options.SWITCHES
        ),
    )


def _results() -> list[str]:
    return _table(
        ("`SendResult`", "`$STAT`", "Meaning", "Bedeutung"),
        (
            (f"`{result.word}`", f"`{result.value}`", words.english, words.german)
            for result, words in ((result, contract.RESULTS[result]) for result in Result)
        ),
    )


def _meanings(rows: Iterable[tuple[str, contract.Words]]) -> list[str]:
    return _table(("", "Meaning", "Bedeutung"), ((name, words.english, words.german) for name, words in rows))


def _commands() -> str:
    lines = ["# Commands", "", _MADE]
    for path, command in _walk("depesche", typer.main.get_command(app)):
        lines += [f"## {path}", "", *_help(command.help or ""), ""]
        rows = [row for parameter in command.params if (row := _parameter(parameter))]
        if rows:
            lines += [*_table(("", "Meaning"), rows), ""]
    return "\n".join(lines)


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _walk(f"{path} {name}", inner)


def _help(text: str) -> Iterator[str]:
    """The help as it is written; its commands in code."""
    for line in text.splitlines():
        yield f"    {line.strip()}" if line.strip().startswith("depesche ") else line.strip()


def _parameter(parameter: Any) -> tuple[str, str] | None:
    if getattr(parameter, "hidden", False) or "--help" in parameter.opts:
        return None
    is_option = parameter.param_type_name == "option"
    names = (
        [*parameter.opts, *parameter.secondary_opts]
        if is_option
        else [(parameter.metavar or parameter.name or "").upper()]
    )
    return ", ".join(f"`{name}`" for name in names), getattr(parameter, "help", None) or ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
