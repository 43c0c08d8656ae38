"""A table of text as a customer's program wrote it: which character parts its columns, which coding it has.

Every cell stays text: what looks like a number may be one of a telephone, and `1,234` is not the same everywhere.
"""

import re
from collections import Counter
from pathlib import Path

from depesche.render.codepages import decoded

SEPARATORS = ";\t|,"
"""The first of them wins where several part as many columns."""

ROWS = 50
"""That are looked at."""

MOST_COLUMNS = 1024
TEXT = 2
"""Of LibreOffice's column formats: as it stands."""

_UTF_8 = 76
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def options(path: Path) -> str:
    """LibreOffice's filter options for the file, which becomes UTF-8.

    (Tokens: separator, quote, coding, first line, format of each column, language, all quoted are text, no numbers.)
    """
    text = decoded(path.read_bytes())
    path.write_bytes(text.encode())
    separator, columns = look(text)
    formats = "/".join(f"{number}/{TEXT}" for number in range(1, columns + 1))
    return f"{ord(separator)},34,{_UTF_8},1,{formats},0,true,false"


def look(text: str) -> tuple[str, int]:
    """The separator, and how many columns there are."""
    rows = _QUOTED.sub("", text[: 1 << 20]).splitlines()[:ROWS]
    best, columns = SEPARATORS[0], 1
    for separator in SEPARATORS:
        counts = Counter(row.count(separator) for row in rows if row.strip())
        usual = counts.most_common(1)[0][0] if counts else 0
        if usual + 1 > columns:
            best, columns = separator, usual + 1
    widest = max((row.count(best) + 1 for row in rows), default=1)
    return best, min(max(columns, widest), MOST_COLUMNS)
