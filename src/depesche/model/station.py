"""The station id: how we name ourselves in the TSI frame (T.30 §5.3.6.2.9)."""

import unicodedata

LENGTH = 20
"""Octets of the frame's field."""

_GERMAN = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS", "€": "EUR"}
_WRITTEN_OUT = str.maketrans(_GERMAN | {"\N{EN DASH}": "-", "\N{EM DASH}": "-"})


def station_id(text: str) -> str:
    """At most 20 characters of printable ASCII, umlauts written out, accents dropped."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).translate(_WRITTEN_OUT))
    kept = (character for character in plain if not unicodedata.combining(character))
    ascii_only = "".join(character if " " <= character <= "~" else "?" for character in kept)
    return " ".join(ascii_only.split())[:LENGTH].rstrip()
