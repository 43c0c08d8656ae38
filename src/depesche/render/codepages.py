"""Which coding a text is in, where nothing says so.

What is no UTF-8 is in one of the code pages of Windows, Unix, DOS or the Macintosh. They have the same letters at
different places, so every octet beyond ASCII is judged by its neighbours: a letter among letters, a quotation mark in
front of a word, a rule beside a rule are likely, a sign within a word is not.
"""

import codecs
import re
import unicodedata
from collections.abc import Mapping
from itertools import islice

CODE_PAGES = ("cp1252", "iso8859-15", "cp858", "cp437", "mac-roman")
"""Where two are as likely, the first one is meant. ISO 8859-1 is part of the first, cp850 but for a letter of cp858."""

ENOUGH = 2000
"""Octets that are judged."""

FEW_BROKEN = 0.1
"""Share of the characters beyond ASCII that may be broken in UTF-8: files are cut, and joined without care."""

LEAST_NULS = 0.05
"""Share of the characters of a text that are ASCII, at least: blanks, digits, line ends."""

_UTF_16: Mapping[str, int] = {"utf-16-le": 1, "utf-16-be": 0}
"""Where in each pair the octets are that are 0 in ASCII characters."""

_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_NO_TEXT = frozenset({"Cc", "Cn", "Co", "Cs"})
"""Unicode's categories: control, not assigned, for private use, half a pair."""

_CONTROLS = frozenset("\b\t\n\v\f\r\x1a\x1b")

_GERMAN = frozenset("äöüÄÖÜß")
_VOWELS = frozenset("aeiouyäöüAEIOUYÄÖÜ")
_OPENING, _CLOSING, _APOSTROPHES = frozenset("„‚«“‘»…"), frozenset("“‘»”’«"), frozenset("’´`")
_AFTER_NUMBERS = frozenset("€°²³%½¼¾£")
_BEFORE_NUMBERS = frozenset("§€£±№")
_STANDALONE = frozenset("–—•·†®©™×÷…")
_UPRIGHT = frozenset("│║")
_NOWHERE = frozenset("\ufffd¤")
_NO_LETTERS = frozenset("ªºƒıˆⁿ")
"""Letters to Unicode, that stand in no word."""

_SURE, _LIKELY, _POSSIBLE, _ODD, _WRONG, _NOTHING = 4, 2, 1, -2, -4, -8


def decoded(data: bytes) -> str:
    """A text by its mark, or by what it looks like; what its coding does not have is replaced."""
    if has_mark_of_utf_16(data):
        return data.decode("utf-16", errors="replace")
    data = data.removeprefix(codecs.BOM_UTF8)
    codec = utf_16(data) or ("utf-8" if _is_utf_8(data) else code_page(data))
    return data.decode(codec, errors="replace")


def has_mark_of_utf_16(data: bytes) -> bool:
    """Whether the text begins with the byte order mark of UTF-16."""
    return data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def utf_16(data: bytes) -> str | None:
    """Python's codec for UTF-16 without a mark; `data` may be but the beginning of a text. None: it is none."""
    whole = data[: len(data) & ~1]
    for codec, side in _UTF_16.items():
        nuls = whole[side::2].count(0)
        if nuls > len(whole) // 2 * LEAST_NULS and not whole[1 - side :: 2].count(0):
            text = whole.decode(codec, errors="replace").removesuffix("\ufffd")
            if not any(c not in _CONTROLS and unicodedata.category(c) in _NO_TEXT for c in text):
                return codec
    return None


def _is_utf_8(data: bytes) -> bool:
    text = data.decode("utf-8", errors="replace")
    beyond = sum(c > "\x7f" for c in text) if not text.isascii() else 0
    return text.count("\ufffd") <= beyond * FEW_BROKEN


def code_page(data: bytes) -> str:
    """The likeliest of `CODE_PAGES`."""
    places = (place.start() for place in islice(_BEYOND_ASCII.finditer(data), ENOUGH))
    around = [(data[place - 1 : place] or b" ") + (data[place : place + 2] + b" ")[:2] for place in places]
    return max(CODE_PAGES, key=lambda page: sum(_likelihood(octets.decode(page, "replace")) for octets in around))


def _likelihood(three: str) -> int:
    """Of the middle one of three characters."""
    before, it, after = three[0], three[1], three[2]
    if _is_rule(it):
        return _rule(before, it, after)
    if it.isalpha() and it not in _NO_LETTERS:
        return _letter(before, it, after)
    return _sign(before, it, after)


def _is_rule(character: str) -> bool:
    """Box Drawing and Block Elements of Unicode."""
    return "\u2500" <= character <= "\u259f"


def _rule(before: str, it: str, after: str) -> int:
    if before.isalnum() or after.isalnum() or not (it in _UPRIGHT or _is_rule(before) or _is_rule(after)):
        return _ODD
    return _LIKELY + _is_rule(before) + _is_rule(after)


def _letter(before: str, it: str, after: str) -> int:
    if not before.isalpha() and not after.isalpha():
        return _LIKELY if it in _GERMAN else _ODD
    against_case = before.islower() if it.isupper() else after.isupper() or (before.isupper() and not after.isalpha())
    if against_case or before == it == after:
        return _WRONG
    if it == "ß" and before not in _VOWELS:
        return _ODD
    return _SURE if it in _GERMAN else _POSSIBLE


def _sign(before: str, it: str, after: str) -> int:
    if it == "\N{NO-BREAK SPACE}":
        return _POSSIBLE
    if it in _NOWHERE or unicodedata.category(it) in _NO_TEXT:
        return _NOTHING
    in_word = before.isalpha() and after.isalpha()
    fits = (
        (it in _APOSTROPHES and in_word)
        or (it in _OPENING and not before.isalnum() and after.isalnum())
        or (it in _CLOSING and not before.isspace() and not after.isalnum())
        or (it in _AFTER_NUMBERS and not after.isalnum())
        or (it in _BEFORE_NUMBERS and not before.isalnum())
        or (it in _STANDALONE and not after.isalpha())
    )
    if fits:
        return _SURE
    return _WRONG if in_word else _ODD
