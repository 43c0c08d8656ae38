"""The shape of IFP packets (ITU-T T.38 §7, annex A), before spandsp's parser reads beyond the end of a bad one.

Aligned PER of ``IFPPacket``: a bit that tells whether there are data fields, the choice between indicator and data, one
extension bit, and four or six bits of which indicator or modulation; then the number of fields, each with a bit that
tells whether it has octets, its type, and a 16 bit length one less than what follows.
"""

_HAS_FIELDS = 0x80
_IS_DATA = 0x40
_EXTENDED = 0x20
"""Six more values than four bits hold: another octet."""

_HAS_OCTETS = 0x80
_EXTENDED_TYPE = 0x40
"""Of a field, since version 1."""

_KNOWN_DATA = 8
"""``v17-14400``, the last of the modulations of version 0."""

LONGEST_FIELD = 4096
"""Octets; half a second of image at 14400 bit/s is a quarter of it."""


def measured(packet: bytes, version: int = 0) -> int:
    """Octets of the packet that begins here; 0 if none does.

    What follows it is no error: a packet that FEC restored may end with the padding of a longer one.
    """
    if not packet:
        return 0
    first = packet[0]
    if not first & _IS_DATA:
        return 0 if first & (_HAS_FIELDS | _EXTENDED) else 1
    if first & _EXTENDED or (first >> 1) & 0x0F > _KNOWN_DATA:
        return 0
    if not first & _HAS_FIELDS:
        return 1
    return _end_of_fields(packet, version)


def _end_of_fields(packet: bytes, version: int) -> int:
    size = len(packet)
    if size < 2:
        return 0
    position = 2
    for _ in range(packet[1]):
        if position >= size:
            return 0
        head = packet[position]
        position += 1
        if version and head & _EXTENDED_TYPE:
            return 0
        if head & _HAS_OCTETS:
            if position + 2 > size:
                return 0
            length = (packet[position] << 8 | packet[position + 1]) + 1
            position += 2 + length
            if length > LONGEST_FIELD or position > size:
                return 0
    return position
