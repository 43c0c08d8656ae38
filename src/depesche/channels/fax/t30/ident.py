"""Station ids: the TSI and CSI of T.30."""

import unicodedata

LENGTH = 20
"""Characters of an id (T.30 §5.3.6.2.4)."""

_SPELLED_OUT = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS",
        "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "oe", "Ø": "Oe", "å": "aa", "Å": "Aa",
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "€": "EUR",
    }
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"')
)  # fmt: skip
"""Letters of our neighbours as they are written without accents; dashes; quotation marks."""


def station_id(text: str) -> str:
    """The id that goes out for `text`: at most 20 printable ASCII characters, without blanks at its ends.

    Table 3 of T.30 has digits, ``+`` and the blank; machines send and show the other characters of ISO 646 too, and the
    interface's own example is a name. German letters are spelt out (``ä`` is ``ae``), accents dropped, what then
    remains foreign becomes ``?``.
    """
    composed = unicodedata.normalize("NFC", text).translate(_SPELLED_OUT)
    letters = (char for char in unicodedata.normalize("NFKD", composed) if not unicodedata.combining(char))
    return " ".join("".join(map(_ascii, letters)).split())[:LENGTH].rstrip()


def _ascii(char: str) -> str:
    if char.isspace() or unicodedata.category(char) == "Cc":
        return " "
    return char if " " < char <= "~" else "?"
