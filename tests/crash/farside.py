"""What the far side got, whatever our database thinks of it."""

import re
from collections import Counter
from pathlib import Path

from crash.places import Judged

RECORDS = {
    "*/outbox/sms/*.json": re.compile(r"(\d+)-\d+\.json"),
    "*/outbox/mail/new/*.depesche": re.compile(r"(\d+)\.\d+\.depesche"),
    "*/outbox/letters/*.pdf": re.compile(r"\d+-(\d+)-\d+\.pdf"),
}
"""Files that are there whole or not at all, one for each message that went out; their names tell the delivery."""

INBOX = "SELECT source FROM inbound WHERE source NOT LIKE '%:broken'"
"""Faxes that the receiving account finds; ``sandbox:delivery:attempt``."""


def effects(place: Judged) -> Counter[int]:
    """How often each delivery went out."""
    counted: Counter[int] = Counter()
    for pattern, name in RECORDS.items():
        counted.update(_delivery(name, path) for path in place.folder.glob(pattern))
    counted.update(int(source.split(":")[1]) for [source] in place.ask(INBOX))
    return counted


def _delivery(name: re.Pattern[str], path: Path) -> int:
    found = name.fullmatch(path.name)
    assert found is not None, path
    return int(found[1])
