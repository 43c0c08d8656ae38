"""How many short messages a text takes (3GPP TS 23.038 and 23.040)."""

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet, TS 23.038 §6.2.1, without the escape."""

EXTENSION = "\f^{}\\[~]|€"
"""The extension table, TS 23.038 §6.2.1.1: two septets each."""

_SEPTETS = dict.fromkeys(BASIC, 1) | dict.fromkeys(EXTENSION, 2)


def is_gsm(text: str) -> bool:
    """Whether the default alphabet and its extension can write it all."""
    return all(character in _SEPTETS for character in text)


def parts(text: str) -> int:
    """Messages that the text takes: 160 septets or 70 UCS-2 units alone, 153 or 67 when joined, no pair split."""
    if is_gsm(text):
        return _count([_SEPTETS[character] for character in text], 160, 153)
    return _count([2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def _count(units: list[int], alone: int, joined: int) -> int:
    if sum(units) <= alone:
        return 1
    count, room = 1, joined
    for unit in units:
        if unit > room:
            count, room = count + 1, joined
        room -= unit
    return count
