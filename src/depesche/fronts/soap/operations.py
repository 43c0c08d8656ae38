"""The five operations: one table for both WSDLs, the page for people, the decoder and the encoder."""

from dataclasses import dataclass, field
from enum import Enum


class XmlType(Enum):
    """The simple types of XML Schema (part 2) that the interface uses; the value is the local name."""

    STRING = "string"
    INT = "int"
    """32 bit, signed."""

    LONG = "long"
    """64 bit, signed."""

    DATE_TIME = "dateTime"
    BASE64 = "base64Binary"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One named value on its way in or out."""

    name: str
    type: XmlType
    required: bool = False
    """The document/literal schema demands it; the decoder itself demands nothing."""

    long: bool = False
    """A text of many words. The other parameters are names, numbers and times."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of the interface. Each returns an int code before its `outs`."""

    name: str
    index: int
    """Position in the interface; part of the message names in the rpc/encoded WSDL."""

    ins: tuple[Parameter, ...]
    outs: tuple[Parameter, ...] = ()
    """What follows the return code, in order."""

    by_name: dict[str, Parameter] = field(init=False, repr=False, compare=False)
    """The `ins` by their names in lower case."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {parameter.name.lower(): parameter for parameter in self.ins})


RETURN = Parameter("return", XmlType.INT, required=True)
"""The return code: the first part of each response."""

_LOGIN = (
    Parameter("Account", XmlType.STRING, required=True),
    Parameter("Password", XmlType.STRING, required=True),
)

SEND_JOB = Operation(
    "SendJob",
    0,
    (
        *_LOGIN,
        Parameter("JobType", XmlType.INT, required=True),
        Parameter("Recipient", XmlType.STRING, long=True),
        Parameter("RecipientFile", XmlType.BASE64),
        Parameter("SendText", XmlType.STRING, long=True),
        Parameter("SendFilename1", XmlType.STRING),
        Parameter("SendFile1", XmlType.BASE64),
        Parameter("SendFilename2", XmlType.STRING),
        Parameter("SendFile2", XmlType.BASE64),
        Parameter("SendFilename3", XmlType.STRING),
        Parameter("SendFile3", XmlType.BASE64),
        Parameter("SendDateTime", XmlType.DATE_TIME),
        Parameter("Options", XmlType.STRING, long=True),
    ),
    (
        Parameter("JobId", XmlType.INT),
        Parameter("RecipientsCount", XmlType.INT),
        Parameter("PageCount", XmlType.INT),
    ),
)

JOB_STATUS = Operation(
    "JobStatus",
    1,
    (*_LOGIN, Parameter("JobId", XmlType.INT, required=True)),
    (
        Parameter("SendResult", XmlType.STRING),
        Parameter("SendDateTime", XmlType.DATE_TIME),
        Parameter("RemoteId", XmlType.STRING),
        Parameter("StatusFile", XmlType.BASE64),
    ),
)

CANCEL_JOB = Operation("CancelJob", 2, (*_LOGIN, Parameter("JobId", XmlType.INT, required=True)))

REQUEST_RECEIVED = Operation(
    "RequestReceived",
    3,
    _LOGIN,
    (
        Parameter("FaxId", XmlType.LONG),
        Parameter("CalledNumber", XmlType.STRING),
        Parameter("ReceiveDate", XmlType.DATE_TIME),
        Parameter("Originator", XmlType.STRING),
        Parameter("RemoteId", XmlType.STRING),
        Parameter("Pages", XmlType.INT),
        Parameter("FaxImage", XmlType.BASE64),
    ),
)

DELETE_RECEIVED = Operation("DeleteReceived", 4, (*_LOGIN, Parameter("FaxId", XmlType.LONG, required=True)))

OPERATIONS = (SEND_JOB, JOB_STATUS, CANCEL_JOB, REQUEST_RECEIVED, DELETE_RECEIVED)

BY_NAME = {operation.name.lower(): operation for operation in OPERATIONS}
"""The operations by their names in lower case."""
