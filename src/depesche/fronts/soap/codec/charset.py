"""Which character encoding is this document in? RFC 7303 §3, and what clients get wrong about it.

A byte order mark decides; then the ``charset`` of the Content-Type; then the XML declaration; then UTF-8. Claims that
the bytes themselves refute are passed over: a string declared as UTF-16 and sent in 8 bits, or the other way round.
Where one claim says UTF-8 and the other an 8-bit code, the first block tells: text in an 8-bit code is hardly ever
valid UTF-8.
"""

import codecs
import re

from depesche.fronts.soap.codec.fault import SoapFault

UTF_8 = "UTF-8"
_UTF_16_LE = "UTF-16LE"
_UTF_16_BE = "UTF-16BE"

_MARKS = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF16_LE, _UTF_16_LE),
    (codecs.BOM_UTF16_BE, _UTF_16_BE),
    (b"<\0", _UTF_16_LE),
    (b"\0<", _UTF_16_BE),
)

_DECLARATION = re.compile(rb"""<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']""")

_EIGHT_BIT = {f"iso8859{part}": f"ISO-8859-{part}" for part in (*range(2, 12), *range(13, 17))} | {
    f"{prefix}{page}": f"windows-{page}" for page in range(1250, 1259) for prefix in ("windows", "cp")
}
_NAMES = {
    **dict.fromkeys(("utf8", "usascii", "ascii"), UTF_8),
    **dict.fromkeys(("utf16", "utf16le", "utf16be", "ucs2", "unicode"), ""),
    # Programs on Windows call their code page ISO-8859-1; its euro sign stands where that has control characters.
    **dict.fromkeys(("iso88591", "latin1"), "windows-1252"),
    **_EIGHT_BIT,
}
"""Names without punctuation, in lower case; the empty one is UTF-16, which bytes without its pattern refute."""


def choose(head: bytes, charset: str) -> str:
    """The encoding's name for expat, from the document's first block and the ``charset`` parameter (may be empty).

    Raises: SoapFault, if the encoding is none that we read.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    declared = _DECLARATION.match(head)
    claims = [charset, declared[1].decode("ascii") if declared else ""]
    named = [name for claim in claims if claim and (name := _known(claim))]
    if len(set(named)) == 2 and UTF_8 in named:
        return UTF_8 if _is_utf_8(head) else next(name for name in named if name != UTF_8)
    return named[0] if named else UTF_8


def _known(claim: str) -> str:
    name = _NAMES.get("".join(filter(str.isalnum, claim.lower())))
    if name is None:
        raise SoapFault("this character encoding is not read here: send UTF-8, UTF-16, ISO-8859-1 or windows-1252")
    return name


def _is_utf_8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(head)
    except UnicodeDecodeError:
        return False
    return True
