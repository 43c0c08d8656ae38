"""The short messages that a text takes (3GPP TS 23.038 and 23.040)."""

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet, TS 23.038 §6.2.1, without the escape."""

EXTENSION = "\f^{}\\[~]|€"
"""The extension table, TS 23.038 §6.2.1.1: two septets each."""

_SEPTETS = dict.fromkeys(BASIC, 1) | dict.fromkeys(EXTENSION, 2)


def is_gsm(text: str) -> bool:
    """Whether the default alphabet and its extension can write it all; else it takes UCS-2."""
    return all(character in _SEPTETS for character in text)


def parts(text: str) -> tuple[str, ...]:
    """The messages that the text takes: 160 septets or 70 UCS-2 units alone, 153 or 67 each when joined.

    No escape sequence and no surrogate pair is split (TS 23.040 §9.2.3.24.1).
    """
    if is_gsm(text):
        return _split(text, [_SEPTETS[character] for character in text], 160, 153)
    return _split(text, [2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def _split(text: str, units: list[int], alone: int, joined: int) -> tuple[str, ...]:
    if sum(units) <= alone:
        return (text,)
    starts, room = [0], joined
    for position, unit in enumerate(units):
        if unit > room:
            starts.append(position)
            room = joined
        room -= unit
    return tuple(text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True))
