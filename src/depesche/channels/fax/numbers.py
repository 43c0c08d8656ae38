"""The numbers that the fax sandbox knows: what happens when one is dialled.

They are the regulator's never-assigned ones (Bundesnetzagentur, numbers for film and television): no test can ring
anybody.
"""

from collections.abc import Callable
from dataclasses import dataclass

from depesche.channels.fax.line import CutLine, Line, NoisyLine
from depesche.channels.fax.t30.spandsp import Modem
from depesche.model.result import Result

PREFIX = "+493023125"
"""Before the three digits of each number."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The call is never answered."""

    result: Result
    retry: bool
    detail: str


def _clean(seed: int) -> Line:
    del seed
    return Line()


@dataclass(frozen=True, slots=True)
class Machine:
    """A fax machine answers."""

    ecm: bool = True
    modems: Modem = Modem.ALL
    line: Callable[[int], Line] = _clean
    """Makes the line of one call; the seed is the delivery's id."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody answers, and speaks."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Our own side dies in the middle of the attempt."""


Behaviour = Refused | Machine | Person | Lost


@dataclass(frozen=True, slots=True)
class Number:
    """One number, with its line in the documentation."""

    number: str
    """E.164."""

    english: str
    german: str
    behaviour: Behaviour
    first: tuple[Behaviour, ...] = ()
    """What happens at the first attempts, one each, before `behaviour`."""

    def at(self, attempt: int) -> Behaviour:
        """What happens at attempt number `attempt`, counted from 1."""
        return self.first[attempt - 1] if attempt <= len(self.first) else self.behaviour


ANY_OTHER = Machine()
"""Behaviour of local accounts' numbers, and of any number not in the table."""

_BUSY = Refused(Result.BUSY, retry=True, detail="486 Busy Here")

NUMBERS = (
    Number(f"{PREFIX}000", "OK", "OK", ANY_OTHER),
    Number(f"{PREFIX}001", "busy, always", "besetzt, immer", _BUSY),
    Number(f"{PREFIX}002", "busy twice, then OK", "zweimal besetzt, dann OK", ANY_OTHER, first=(_BUSY, _BUSY)),
    Number(
        f"{PREFIX}003",
        "no answer",
        "niemand nimmt ab",
        Refused(Result.NO_ANSWER, retry=True, detail="487 Request Terminated: rang for 60 seconds"),
    ),
    Number(f"{PREFIX}004", "voice: a person answers", "Sprache: ein Mensch nimmt ab", Person()),
    Number(
        f"{PREFIX}005",
        "call failed: no such number",
        "Rufaufbau gescheitert: kein Anschluss unter dieser Nummer",
        Refused(Result.NO_RING, retry=False, detail="404 Not Found"),
    ),
    Number(
        f"{PREFIX}006",
        "the line drops on page 2: Send failed, one page confirmed (a single page arrives)",
        "die Leitung bricht auf Seite 2 ab: Send failed, eine Seite bestätigt (eine einzelne Seite kommt an)",
        Machine(line=lambda _seed: CutLine(page=1, seconds=1)),
    ),
    Number(
        f"{PREFIX}007",
        "noisy line: trains down to 7200 bit/s, OK",
        "verrauschte Leitung: fällt auf 7200 bit/s zurück, OK",
        Machine(modems=Modem.V29 | Modem.V27TER, line=lambda seed: NoisyLine(bit_rate=7200, seed=seed)),
    ),
    Number(f"{PREFIX}008", "receiver without ECM, OK", "Empfänger ohne Fehlerkorrektur, OK", Machine(ecm=False)),
    Number(
        f"{PREFIX}009",
        "the attempt is abandoned: unknown until an operator decides",
        "der Versuch wird verlassen: ungewiss, bis der Betreiber entscheidet",
        Lost(),
    ),
    Number(
        f"{PREFIX}010",
        "barred for everyone: SendJob returns -5, nothing is dialled",
        "für alle gesperrt: SendJob antwortet -5, es wird nicht gewählt",
        Refused(Result.BLACKLIST, retry=False, detail="barred for everyone"),
    ),
    Number(
        f"{PREFIX}012",
        "call failed: the other side takes no fax calls ($STAT NOSERVICE)",
        "Rufaufbau gescheitert: die Gegenseite nimmt keine Faxanrufe an ($STAT NOSERVICE)",
        Refused(Result.NO_SERVICE, retry=False, detail="488 Not Acceptable Here"),
    ),
    Number(
        f"{PREFIX}013",
        "call failed: a fault of the network ($STAT ISDNERR)",
        "Rufaufbau gescheitert: ein Fehler im Netz ($STAT ISDNERR)",
        Refused(Result.LINE_ERROR, retry=True, detail="503 Service Unavailable"),
    ),
)
"""Every special number of the fax sandbox; the reference page is made from this."""

_BY_NUMBER = {number.number: number for number in NUMBERS}


def behaviour(number: str, attempt: int) -> Behaviour:
    """What happens when `number` is dialled for the `attempt`-th time."""
    known = _BY_NUMBER.get(number)
    return known.at(attempt) if known else ANY_OTHER


def is_special(number: str) -> bool:
    """Whether `number` stands in the table: then it is no account's, whatever the accounts say."""
    return number in _BY_NUMBER


def far_station(number: str) -> str:
    """The station id of the machine that answers `number`."""
    if is_special(number):
        return f"{number[:3]} {number[3:5]} {number[5:10]} {number[10:]}"
    return number
