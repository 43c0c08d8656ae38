"""The interface in words: what yields each code, what each switch, column and result means, in both languages.

Codes, rules, switches, results and columns are those that the code itself works with; this only puts them into tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from depesche.model.codes import (
    CancelJobCode,
    DeleteReceivedCode,
    JobStatusCode,
    RequestReceivedCode,
    SendJobCode,
    Told,
)
from depesche.model.result import Result
from depesche.model.rules import Rule


@dataclass(frozen=True, slots=True)
class Situation:
    """What yields a code of an operation."""

    code: int
    name: str
    english: str
    german: str
    rule: Rule | None = None
    """The rule of SendJob that was broken."""


@dataclass(frozen=True, slots=True)
class Words:
    """A meaning in both languages."""

    english: str
    german: str


_ACCEPTED = Situation(
    SendJobCode.ACCEPTED,
    SendJobCode.ACCEPTED.name,
    "accepted: job, recipients and documents were on disk before the answer left",
    "angenommen: Auftrag, Empfänger und Dokumente waren auf der Platte, bevor die Antwort hinausging",
)


def _of_rule(rule: Rule) -> Situation:
    return Situation(rule.code, rule.code.name, rule.english, rule.german, rule)


def _of_codes(codes: type[Told]) -> tuple[Situation, ...]:
    return tuple(Situation(code, code.name, code.english, code.german) for code in codes)


OPERATIONS: Mapping[str, tuple[Situation, ...]] = {
    "SendJob": (_ACCEPTED, *map(_of_rule, Rule)),
    "JobStatus": _of_codes(JobStatusCode),
    "CancelJob": _of_codes(CancelJobCode),
    "RequestReceived": _of_codes(RequestReceivedCode),
    "DeleteReceived": _of_codes(DeleteReceivedCode),
}
"""By operation; those of SendJob in the order in which they are judged."""


def situations(operation: str, code: int) -> list[Situation]:
    """All that yield this code of the operation."""
    return [situation for situation in OPERATIONS[operation] if situation.code == code]


RESULTS: Mapping[Result, Words] = {
    Result.OK: Words(
        "fax: received; SMS, mail, letter: handed over to the network, the mail server, the print centre",
        "Fax: empfangen; SMS, Mail, Brief: dem Netz, dem Mailserver, dem Druckzentrum übergeben",
    ),
    Result.BUSY: Words("the line is engaged", "der Anschluss ist besetzt"),
    Result.NO_ANSWER: Words("it rings, and nobody answers", "es klingelt, und niemand nimmt ab"),
    Result.VOICE: Words(
        "answered, but by no fax machine: no fax tones, or no agreement before the first page",
        "abgenommen, aber von keinem Faxgerät: keine Faxtöne, oder keine Einigung vor der ersten Seite",
    ),
    Result.NO_RING: Words("there is no such number", "die Nummer gibt es nicht"),
    Result.LINE_ERROR: Words(
        "no route, a refusal, or a fault of the network", "kein Weg, eine Ablehnung oder ein Fehler im Netz"
    ),
    Result.NO_SERVICE: Words(
        "the other side does not take calls of this kind", "die Gegenseite nimmt Anrufe dieser Art nicht an"
    ),
    Result.BLACKLIST: Words(
        "not tried: number or address is not valid, not released, or on a blacklist",
        "nicht versucht: Nummer oder Adresse ist ungültig, nicht freigeschaltet oder auf einer Blacklist",
    ),
    Result.SEND_FAILED: Words(
        "fax: broken off in the middle of a page; SMS, mail, letter: not handed over",
        "Fax: mitten in einer Seite abgebrochen; SMS, Mail, Brief: nicht übergeben",
    ),
    Result.CANCELED: Words("cancelled before it was sent", "storniert, bevor es gesendet wurde"),
}

STATUS_FILE: Mapping[str, Words] = {
    "RECIPIENT": Words(
        "number in E.164, or the mail address; what is neither, as it was given",
        "Nummer nach E.164 oder die Mailadresse; was keines von beiden ist, wie es angegeben war",
    ),
    "JOBTYPE": Words("FAX, SMS, Mail, Brief or QSign", "FAX, SMS, Mail, Brief oder QSign"),
    "RESULT": Words("one of the results", "eines der Ergebnisse"),
    "REMOTEID": Words("station id of the receiving machine; fax only", "Kennung des Empfangsgeräts; nur Fax"),
    "PAGES": Words("pages sent, or messages", "gesendete Seiten oder Nachrichten"),
    "SENDDATETIME": Words(
        "UTC, `2017-06-01 15:53:06`; where nothing was tried, the time of that decision",
        "UTC, `2017-06-01 15:53:06`; wo nichts versucht wurde, die Zeit dieser Entscheidung",
    ),
    "DURATION": Words("seconds on the line; 0 if not fax", "Sekunden in der Leitung; 0 außer bei Fax"),
    "REFID": Words("the reference id of the given row", "die Referenz-ID der angegebenen Zeile"),
}
"""The columns of the StatusFile."""

PLACEHOLDERS: Mapping[str, Words] = {
    "JID": Words("JobId", "JobId"),
    "RCV": Words("recipient", "Empfänger"),
    "STAT": Words("one of the results", "eines der Ergebnisse"),
    "MSGS": Words("pages, or messages", "Seiten oder Nachrichten"),
    "COST": Words("net euro, `0.07`", "Euro netto, `0.07`"),
    "RID": Words("station id of the receiving machine; fax only", "Kennung des Empfangsgeräts; nur Fax"),
    "CID": Words("the reference id of the given row", "die Referenz-ID der angegebenen Zeile"),
    "DATE": Words("day of the end, DD.MM.YY, German time", "Tag des Endes, TT.MM.JJ, deutsche Zeit"),
    "TIME": Words("time of the end, HH:MM:SS, German time", "Uhrzeit des Endes, HH:MM:SS, deutsche Zeit"),
    "SEC": Words("seconds on the line", "Sekunden in der Leitung"),
    "RET": Words("repeats", "Wiederholungen"),
    "COD": Words("coding: MMR, MR or MH", "Codierung: MMR, MR oder MH"),
    "SPD": Words("bits per second", "Bit pro Sekunde"),
}
"""What stands behind each ``$`` in STATURL."""
