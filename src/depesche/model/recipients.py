"""Who shall get it: the parameters ``Recipient`` and ``RecipientFile``, read into rows."""

import csv
import io
import re
from dataclasses import dataclass


class NoList(Exception):
    """The recipient file cannot be read as CSV."""


@dataclass(frozen=True, slots=True)
class Given:
    """One row as it was given."""

    address: str
    reference: str


_ENTRY = re.compile(r"(?:[^,\[]|\[[^\]]*\]?)+")


def from_parameter(text: str) -> tuple[Given, ...]:
    """Addresses separated by comma, each with an optional reference id in brackets; not by those in brackets."""
    return tuple(given for entry in _ENTRY.findall(text) if (given := from_single(entry)).address)


def from_single(text: str) -> Given:
    """One address, never split; what stands in brackets at its end is the reference id."""
    text = text.strip()
    whole = text.removesuffix("]")
    start = whole.find("[", whole.rfind("]") + 1)
    if start < 0:
        return Given(text, "")
    return Given(whole[:start].strip(), whole[start + 1 :].strip())


def from_file(data: bytes) -> tuple[Given, ...]:
    """Rows of the CSV: address, optional reference id; UTF-8 (BOM allowed), else Windows-1252. Blank lines are skipped.

    Raises: NoList.
    """
    reader = csv.reader(io.StringIO(_decode(data), newline=""), strict=True)
    rows = []
    try:
        for row in reader:
            address, reference, *_ = (*(field.strip() for field in row), "", "")
            if address or reference:
                rows.append(Given(address, reference))
    except csv.Error as error:
        raise NoList(f"line {reader.line_num}: {error}") from error
    return tuple(rows)


def _decode(data: bytes) -> str:
    if b"\0" in data:
        raise NoList("it holds zero bytes: no text file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            return data.decode("windows-1252")
        except UnicodeDecodeError as error:
            raise NoList("it is neither UTF-8 nor Windows-1252") from error
