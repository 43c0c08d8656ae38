"""What tags carry: how much of it a request may have, and the attributes that mean something."""

from collections.abc import Mapping

from depesche.fronts.soap.codec.fault import SoapFault

DEPTH = 64
ELEMENTS = 1000
ATTRIBUTES = 64
"""Of one element."""

MARKUP = 1 << 17
"""Characters of all names and attributes of a document: expat keeps each distinct one."""

_DIRECTIVES = frozenset(("nil", "href", "id", "ref"))


class MarkupBudget:
    """What a document may still spend on elements, names and attributes."""

    __slots__ = ("_elements", "_markup")

    def __init__(self) -> None:
        self._elements = ELEMENTS
        self._markup = MARKUP

    def spend(self, depth: int, name: str, attributes: Mapping[str, str]) -> None:
        """One more start tag. Raises: SoapFault."""
        self._elements -= 1
        self._markup -= len(name)
        if attributes:
            self._markup -= len("".join(attributes)) + len("".join(attributes.values()))
        if depth > DEPTH:
            raise SoapFault(f"elements are nested more than {DEPTH} deep")
        if self._elements < 0 or self._markup < 0 or len(attributes) > ATTRIBUTES:
            raise SoapFault("the request has too many elements or attributes")


def directives_of(attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes that say where a value is or that there is none, by their local names, whatever the namespace.

    SOAP 1.1 §5.4.1 refers by ``href`` to an ``id``, SOAP 1.2 part 2 §3.1.5.2 by ``ref``.
    """
    found = {}
    for name, value in attributes.items():
        prefix, _, local = name.rpartition(":")
        if local in _DIRECTIVES and prefix != "xmlns":
            found[local] = value
    return found


def reference_in(directives: Mapping[str, str]) -> str | None:
    """The id that the element refers to. Raises: SoapFault."""
    href = directives.get("href")
    if href is None:
        return directives.get("ref")
    if not href.startswith("#"):
        raise SoapFault("attachments and outer references are not read here: send the value inside the element")
    return href[1:]
