"""How an account's sheets in front of a fax look."""

import re
from dataclasses import dataclass

FIELDS = ("sender", "sender_number", "recipient", "subject", "date", "pages", "text", "logo")
"""What ``{{field}}`` stands for in a template of an account's own; the text is the only one that has to be there."""

LONGEST_FOOTER = 600
MOST_FOOTER_LINES, FOOTER_LINE = 6, 90
"""Lines that are free below the text of the first sheet, and characters that one of them has at least."""

LONGEST_HTML = 100_000
LARGEST_LOGO = 300_000
"""Characters, and octets."""

_FIELD = re.compile(r"\{\{\s*([^{}]{0,40}?)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Cover:
    """What an account changes of the standard template; nothing, as long as it is empty."""

    logo: str = ""
    """A picture (PNG, JPEG or SVG) as a ``data:`` address."""

    footer: str = ""
    """Lines at the foot of the first sheet."""

    html: str = ""
    """A template of its own in place of the standard one."""


def fields(html: str) -> set[str]:
    """The names between double braces, known or not."""
    return set(_FIELD.findall(html))


def filled(html: str, values: dict[str, str]) -> str:
    """The template with values, which are HTML, in place of its fields; an unknown field stands for nothing."""
    return _FIELD.sub(lambda field: values.get(field[1], ""), html)
