"""What can be wrong with octets that came in."""


class Garbled(ValueError):
    """They are not what they should be; the message says why."""
