"""base64 as it arrives: in pieces, broken into lines anywhere, strict in everything else (RFC 4648 §4)."""

import binascii

_BLANKS = b" \t\r\n"


class Base64Decoder:
    """Decodes piece by piece, with at most three characters held back."""

    __slots__ = ("_closed", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._closed = False

    def feed(self, text: str) -> bytes:
        """Bytes of the whole groups so far. Raises: ValueError."""
        symbols = text.encode("ascii").translate(None, _BLANKS)
        if self._rest:
            symbols = self._rest + symbols
        end = len(symbols) & ~3
        self._rest = symbols[end:]
        if not symbols:
            return b""
        if self._closed:
            raise ValueError("something follows the padding")
        whole = symbols[:end]
        self._closed = whole.endswith(b"=")
        if whole.endswith(b"==="):  # Python's strict mode lets a group of nothing but padding pass
            raise ValueError("it has too much padding")
        return binascii.a2b_base64(whole, strict_mode=True)

    def close(self) -> None:
        """Raises: ValueError, if the last group is not whole."""
        if self._rest:
            raise ValueError("its length is no multiple of four")
