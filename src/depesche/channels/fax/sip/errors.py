"""What goes wrong while SIP is read."""


class Malformed(ValueError):
    """What came cannot be read. The reason is for people, and quotes nothing of what came."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
