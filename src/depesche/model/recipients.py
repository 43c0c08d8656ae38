"""Who shall get it: the parameters ``Recipient`` and ``RecipientFile``, read into rows."""

import codecs
import csv
import itertools
import re
from collections.abc import Iterable, Iterator
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


def encoding_of(pieces: Iterable[bytes]) -> str:
    """How the file is to be decoded: UTF-8 with or without BOM, else Windows-1252. Raises: NoList."""
    decoders = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8-sig", "windows-1252")}
    for piece in itertools.chain(pieces, (b"",)):
        if b"\0" in piece:
            raise NoList("it holds zero bytes: no text file")
        for name in list(decoders):
            try:
                decoders[name].decode(piece, final=not piece)
            except UnicodeDecodeError:
                del decoders[name]
        if not decoders:
            raise NoList("it is neither UTF-8 nor Windows-1252")
    return next(iter(decoders))


def from_lines(lines: Iterable[str]) -> Iterator[Given]:
    """Rows of the CSV: address, optional reference id; blank lines are skipped. `lines` keep their ends.

    Raises: NoList.
    """
    reader = csv.reader(lines, strict=True)
    try:
        for row in reader:
            address, reference, *_ = (*(field.strip() for field in row), "", "")
            if address or reference:
                yield Given(address, reference)
    except csv.Error as error:
        raise NoList(f"line {reader.line_num}: {error}") from error
