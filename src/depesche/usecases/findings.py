"""What is wrong with a letter, in words; the reference page is made from these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from depesche.model.din5008 import FORMS, HEIGHT
from depesche.render.wire import Box, Finding, LetterFault


@dataclass(frozen=True, slots=True)
class Words:
    """One fault in two languages, without its place."""

    english: str
    german: str


FAULTS: Mapping[LetterFault, Words] = {
    LetterFault.EMPTY: Words(
        "the window of the envelope would show no address",
        "das Fenster des Umschlags würde keine Anschrift zeigen",
    ),
    LetterFault.CUT: Words(
        "text runs over the edge of the window of the envelope",
        "Text läuft über den Rand des Umschlagfensters",
    ),
    LetterFault.EDGE: Words(
        "beside the address something is cut off by the edge of the window of the envelope",
        "neben der Anschrift wird etwas vom Rand des Umschlagfensters abgeschnitten",
    ),
    LetterFault.UNSEEN: Words(
        "whether the address is in the window of the envelope could not be seen",
        "ob die Anschrift im Fenster des Umschlags liegt, war nicht zu sehen",
    ),
    LetterFault.TAKEN: Words(
        "something is printed where the print centre prints itself",
        "es steht etwas dort, wo das Druckzentrum selbst druckt",
    ),
    LetterFault.MARGIN: Words(
        "something stands so near to the edge of the sheet that printers may leave it out",
        "etwas steht so nahe am Blattrand, dass Drucker es weglassen können",
    ),
}

_FORMS = {name: (round(top), round(top + HEIGHT)) for name, top in FORMS.items()}


def english(finding: Finding) -> str:
    """``..., page 1, 20 to 41 mm from the left, 47 to 50 mm from the top``."""
    words = FAULTS[finding.fault].english
    if finding.fault is LetterFault.EMPTY:
        return f"{words}: {' and '.join(f'{a} to {b} mm from the top (form {n})' for n, (a, b) in _FORMS.items())}"
    if finding.box is None:
        return words
    left, top, right, bottom = _whole(finding.box)
    return f"{words}: page {finding.page}, {left} to {right} mm from the left, {top} to {bottom} mm from the top"


def german(finding: Finding) -> str:
    """``..., Seite 1, 20 bis 41 mm von links, 47 bis 50 mm von oben``."""
    words = FAULTS[finding.fault].german
    if finding.fault is LetterFault.EMPTY:
        return f"{words}: {' und '.join(f'{a} bis {b} mm von oben (Form {n})' for n, (a, b) in _FORMS.items())}"
    if finding.box is None:
        return words
    left, top, right, bottom = _whole(finding.box)
    return f"{words}: Seite {finding.page}, {left} bis {right} mm von links, {top} bis {bottom} mm von oben"


def proven(findings: Sequence[Finding]) -> Finding | None:
    """What an account that demands the window is refused for."""
    return next((finding for finding in findings if finding.fault.is_proven), None)


def _whole(box: Box) -> tuple[int, ...]:
    """Millimetres as people measure them."""
    return tuple(map(round, box))
