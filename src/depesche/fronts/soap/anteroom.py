"""Room for what clients send before it is known who they are: so much for the whole node, and no more."""

from depesche.fronts.soap.codec.fault import FaultCode, SoapFault


class Anteroom:
    """What all requests together may hold."""

    __slots__ = ("free", "size")

    def __init__(self, size: int) -> None:
        """`size` is in bytes."""
        self.size = size
        self.free = size


class Place:
    """What one request holds of the anteroom, until it leaves."""

    __slots__ = ("_room", "held")

    def __init__(self, room: Anteroom) -> None:
        self._room = room
        self.held = 0

    def take(self, size: int) -> None:
        """Room for `size` more bytes. Raises: SoapFault."""
        if self.held + size > self._room.size:
            raise SoapFault(
                f"only {self._room.size} bytes are taken in before the login: send Account and Password first"
            )
        if size > self._room.free:
            raise SoapFault(
                "too much waits for a login at the moment: send Account and Password first, or try again later",
                FaultCode.SERVER,
            )
        self._room.free -= size
        self.held += size

    def leave(self) -> None:
        """Give all of it back."""
        self._room.free += self.held
        self.held = 0
