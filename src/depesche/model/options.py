"""The parameter ``Options``: switches separated by ``;``, ``NAME=value`` or ``NAME``, names in any case."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from depesche.model.resolution import Resolution
from depesche.model.station import LENGTH

REPEATS = 3
"""Repeats after the first dial where ``FAXRETRY`` says nothing."""

MOST_REPEATS = 10
MOST_WARNINGS = 100
"""Of one order's options; a text of nothing but semicolons and names would fill the record."""

HEADER_LENGTH = 30
STATUS_URL_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch, with its line in the documentation."""

    name: str
    english: str
    german: str
    english_limits: str
    """What is out of range, and what happens then; a warning says it."""

    german_limits: str

    valued: bool = True


SWITCHES = (
    Switch(
        "CALLERID",
        "number that the receiver of a fax is shown; default: the account's own",
        "Rufnummer, die dem Empfänger eines Fax angezeigt wird; Standard: die des Kontos",
        "none of the account's numbers: the account's own",
        "keine Nummer des Kontos: die des Kontos",
    ),
    Switch(
        "ISDNABS",
        "the same, by its older name; CALLERID wins",
        "dasselbe unter seinem älteren Namen; CALLERID gewinnt",
        "as CALLERID",
        "wie CALLERID",
    ),
    Switch(
        "STATIONID",
        "station id (TSI of T.30, and in the header line); default: the customer's name",
        "Kennung (TSI nach T.30 und in der Kopfzeile); Standard: der Name des Kunden",
        f"cut to {LENGTH} characters; those that T.30 lacks are written out",
        f"auf {LENGTH} Zeichen gekürzt; was T.30 nicht kennt, wird umschrieben",
    ),
    Switch(
        "FAXHEADER",
        "free part of the header line; default: the customer's fax number",
        "freier Teil der Kopfzeile; Standard: die Faxnummer des Kunden",
        f"cut to {HEADER_LENGTH} characters",
        f"auf {HEADER_LENGTH} Zeichen gekürzt",
    ),
    Switch(
        "FAXRETRY",
        f"repeats after the first dial, 0 to {MOST_REPEATS}; default {REPEATS}",
        f"Wiederholungen nach der ersten Anwahl, 0 bis {MOST_REPEATS}; Standard {REPEATS}",
        f"no number: {REPEATS}; above {MOST_REPEATS}: {MOST_REPEATS}",
        f"keine Zahl: {REPEATS}; über {MOST_REPEATS}: {MOST_REPEATS}",
    ),
    Switch(
        "RESOLUTION",
        "STANDARD (204x98 dpi), FINE (204x196) or SUPERFINE (204x391) pages of a fax; default: the account's; a "
        "switch of Depesche",
        "Seiten eines Fax in STANDARD (204x98 dpi), FINE (204x196), SUPERFINE (204x391); Standard: wie beim Konto; "
        "Schalter von Depesche",
        "anything else: the account's",
        "alles andere: die des Kontos",
    ),
    Switch(
        "MAILFROM",
        "sender address of eMail and QSign; default: the account's",
        "Absenderadresse von eMail und QSign; Standard: die des Kontos",
        "no mail address, or none of the account's: the order is refused with 1",
        "keine Mailadresse oder keine des Kontos: der Auftrag wird mit 1 abgelehnt",
    ),
    Switch(
        "FLASHSMS",
        "SMS of class 0: shown at once",
        "SMS der Klasse 0: sofort angezeigt",
        "",
        "",
        valued=False,
    ),
    Switch(
        "SMSFROM",
        "sender id of an SMS: at most 16 digits or 11 letters and digits; default: the account's",
        "Absender einer SMS: höchstens 16 Ziffern oder 11 Buchstaben und Ziffern; Standard: der des Kontos",
        "anything else: the account's",
        "alles andere: der des Kontos",
    ),
    Switch(
        "STATURL",
        "http address that is called for each recipient when the job is done",
        "http-Adresse, die für jeden Empfänger aufgerufen wird, wenn der Auftrag fertig ist",
        f"neither http nor https, or longer than {STATUS_URL_LENGTH} characters: not called",
        f"weder http noch https oder länger als {STATUS_URL_LENGTH} Zeichen: kein Aufruf",
    ),
)

VALUED = frozenset(switch.name for switch in SWITCHES if switch.valued)
PLAIN = frozenset(switch.name for switch in SWITCHES if not switch.valued)


@dataclass(frozen=True, slots=True)
class Options:
    """Known switches by their upper-case names; what was not understood is a warning, never an error."""

    values: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def get(self, *names: str) -> str:
        """Value of the first of these switches that is given; empty if none is."""
        return next((self.values[name] for name in names if self.values.get(name)), "")

    def __contains__(self, name: str) -> bool:
        return name in self.values


def parse(text: str) -> Options:
    """Read the parameter. The last of two equal switches wins."""
    values: dict[str, str] = {}
    warnings: list[str] = []
    for switch in text.split(";"):
        name, equals, value = switch.partition("=")
        name = name.strip().upper()
        if name in PLAIN and equals:
            warnings.append(
                f"option {name} takes no value: {value.strip()[:20] or 'nothing'} is read as {_word(value)}"
            )
            if _word(value) == "off":
                values.pop(name, None)
                continue
        if (name in VALUED and equals) or name in PLAIN:
            if name in VALUED and values.get(name, value.strip()) != value.strip():
                warnings.append(f"option {name} was given again: the last one is used")
            values[name] = value.strip() if name in VALUED else ""
        elif name:
            warnings.append(f"option {name[:40]} was ignored: {'no value' if name in VALUED else 'unknown'}")
    return Options(values, _bounded(warnings))


def _word(value: str) -> str:
    """What a value means for a switch that has none: programs write ``=1`` and ``=0``."""
    return "off" if value.strip().lower() in ("", "0", "false", "no", "off") else "on"


def _bounded(warnings: list[str]) -> tuple[str, ...]:
    more = len(warnings) - MOST_WARNINGS
    return (*warnings[:MOST_WARNINGS], *([f"and {more} more options were ignored"] if more > 0 else []))


def repeats(options: Options) -> tuple[int, str]:
    """Repeats after the first dial, and a warning or nothing."""
    given = options.get("FAXRETRY")
    if not given:
        return REPEATS, ""
    if not (given.isascii() and given.isdigit()):
        return REPEATS, f"FAXRETRY={given[:20]} is no number: {REPEATS} is used"
    digits = given.lstrip("0")[:3] or "0"  # three tell enough; Python refuses to read thousands of them
    if int(digits) > MOST_REPEATS:
        return MOST_REPEATS, f"FAXRETRY={given[:20]} is too many: {MOST_REPEATS} is used"
    return int(digits), ""


def resolution(options: Options, own: Resolution) -> tuple[Resolution, str]:
    """Of a fax, from an account whose `own` is this one, and a warning or nothing."""
    given = options.get("RESOLUTION")
    try:
        return (Resolution(given.lower()) if given else own), ""
    except ValueError:
        return (
            own,
            f"RESOLUTION={given[:20]} is none of {', '.join(one.name for one in Resolution)}: {own.name} is used",
        )
