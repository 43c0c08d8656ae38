"""The peers' SQL, from one file for both of them."""

import json
import re
from pathlib import Path

PEERS = Path(__file__).parents[1] / "peers"

_STATEMENT = re.compile(r"^-- (\w+): .*\n((?:(?!--).*\n)+)", re.MULTILINE)


def as_c() -> str:
    """A header: each statement a macro, its name in capitals."""
    return "".join(f"#define {name.upper()} {json.dumps(sql)}\n" for name, sql in _statements().items())


def as_php() -> str:
    """A file that returns an array: each statement by its name."""
    entries = [f"    {_php(name)} => {_php(sql)},\n" for name, sql in _statements().items()]
    return f"<?php\nreturn [\n{''.join(entries)}];\n"


def _statements() -> dict[str, str]:
    text = (PEERS / "statements.sql").read_text()
    return {name: " ".join(sql.split()).rstrip(";") for name, sql in _STATEMENT.findall(text)}


def _php(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
