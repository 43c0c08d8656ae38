"""The parameter ``Options``: switches separated by ``;``, ``NAME=value`` or ``NAME``, names in any case."""

from collections.abc import Mapping
from dataclasses import dataclass, field

VALUED = frozenset({"ISDNABS", "CALLERID", "STATIONID", "FAXHEADER", "FAXRETRY", "MAILFROM", "SMSFROM", "STATURL"})
PLAIN = frozenset({"FLASHSMS"})

REPEATS = 3
"""Repeats after the first dial where ``FAXRETRY`` says nothing."""

MOST_REPEATS = 10
MOST_WARNINGS = 100
"""Of one order's options; a text of nothing but semicolons and names would fill the record."""

HEADER_LENGTH = 30
STATUS_URL_LENGTH = 2048


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
        if (name in VALUED and equals) or name in PLAIN:
            if values.get(name, value.strip()) != value.strip():
                warnings.append(f"option {name} was given again: the last one is used")
            values[name] = value.strip()
        elif name:
            warnings.append(f"option {name[:40]} was ignored: {'no value' if name in VALUED else 'unknown'}")
    return Options(values, _bounded(warnings))


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
    if int(given[:9]) > MOST_REPEATS:
        return MOST_REPEATS, f"FAXRETRY={given[:20]} is too many: {MOST_REPEATS} is used"
    return int(given), ""
