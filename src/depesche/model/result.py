"""What became of a recipient, in the words of JobStatus and of STATURL (Rev. 2.55)."""

from enum import Enum


class Result(Enum):
    """A final result. The value is the word of ``$STAT``; `word` is the one of ``SendResult``."""

    OK = "OK"
    BUSY = "BUSY"
    NO_ANSWER = "NOANSWER"
    VOICE = "VOICE"
    NO_RING = "NORING"
    LINE_ERROR = "ISDNERR"
    NO_SERVICE = "NOSERVICE"
    BLACKLIST = "BLACKLIST"
    SEND_FAILED = "SENDFAIL"
    CANCELED = "CANCELED"

    @property
    def word(self) -> str:
        """The word in ``SendResult`` and in the column RESULT of the StatusFile."""
        return _WORDS[self]


_WORDS = {
    Result.OK: "OK",
    Result.BUSY: "busy",
    Result.NO_ANSWER: "No answer",
    Result.VOICE: "Voice",
    Result.NO_RING: "Call failed",
    Result.LINE_ERROR: "Call failed",
    Result.NO_SERVICE: "Call failed",
    Result.BLACKLIST: "Blacklist",
    Result.SEND_FAILED: "Send failed",
    Result.CANCELED: "Canceled",
}
