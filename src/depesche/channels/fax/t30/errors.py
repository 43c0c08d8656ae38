"""What can be wrong with the T.30 engine on this machine; what a call comes to is never one of these.

EngineError
├── LibraryMissing   libspandsp is not installed
└── WrongLayout      the installed library is not the one this binding describes
"""


class EngineError(Exception):
    """The base of both; the message says what to do."""


class LibraryMissing(EngineError):
    """libspandsp cannot be loaded."""


class WrongLayout(EngineError):
    """A structure or a function of the loaded library is not what the binding says."""
