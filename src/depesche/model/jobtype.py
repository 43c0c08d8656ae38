"""The six kinds of job, and the channel that carries each."""

from enum import Enum, IntEnum


class Channel(Enum):
    """A wing of `depesche.channels`."""

    FAX = "fax"
    SMS = "sms"
    MAIL = "mail"
    LETTER = "letter"
    QSIGN = "qsign"


class JobType(IntEnum):
    """``JobType`` of SendJob."""

    FAX = 0
    SMS = 1
    MAIL = 2
    LETTER = 3
    LETTER_COLOUR = 4
    QSIGN = 8

    @property
    def channel(self) -> Channel:
        return _CHANNELS[self]

    @property
    def status_name(self) -> str:
        """The word in the column JOBTYPE of the StatusFile."""
        return _STATUS_NAMES[self.channel]

    @property
    def is_letter(self) -> bool:
        return self.channel is Channel.LETTER

    @property
    def to_number(self) -> bool:
        """Whether the recipient is a telephone number."""
        return self.channel in (Channel.FAX, Channel.SMS)


_CHANNELS = {
    JobType.FAX: Channel.FAX,
    JobType.SMS: Channel.SMS,
    JobType.MAIL: Channel.MAIL,
    JobType.LETTER: Channel.LETTER,
    JobType.LETTER_COLOUR: Channel.LETTER,
    JobType.QSIGN: Channel.QSIGN,
}

_STATUS_NAMES = {
    Channel.FAX: "FAX",
    Channel.SMS: "SMS",
    Channel.MAIL: "Mail",
    Channel.LETTER: "Brief",
    Channel.QSIGN: "QSign",
}
