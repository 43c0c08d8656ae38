"""Writes answers and faults. `return` comes first, then the outs in order: .NET takes the first for the code."""

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from xml.sax.saxutils import escape

from depesche.fronts.soap.codec.fault import SoapFault, SoapVersion
from depesche.fronts.soap.codec.values import format_moment
from depesche.fronts.soap.operations import RETURN, Operation, Parameter, XmlType

Value = str | int | datetime | bytes | None
"""What an out parameter may be; None is a time that is not known."""

SLICE = 3 << 16
"""Bytes that become base64 at once; a multiple of three, so that the pieces join without padding."""

_PROLOGUE = '<?xml version="1.0" encoding="utf-8"?>\n'
_SCHEMA = (
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:SOAP-ENC="{encoding}"'
)
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 §2.2 has no place for."""

_BREAKS = {"\r": "&#13;"}
_IN_ATTRIBUTE = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


class Style(Enum):
    """How the interface is bound (WSDL 1.1 §3)."""

    RPC = "rpc"
    """rpc/encoded: the original's."""

    DOCUMENT = "document"
    """document/literal, wrapped: for clients that refuse encoded messages."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation returns."""

    code: int
    outs: tuple[Value, ...] = ()
    """In the order of the table."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of known size, whose files become base64 only while it is sent."""

    parts: tuple[bytes | memoryview, ...]
    """XML, ready; and as views the bytes that still are to be encoded."""

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return sum((len(part) + 2) // 3 * 4 if isinstance(part, memoryview) else len(part) for part in self.parts)

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            if isinstance(part, memoryview):
                for start in range(0, len(part), SLICE):
                    yield binascii.b2a_base64(part[start : start + SLICE], newline=False)
            else:
                yield part


def encode_answer(operation: Operation, answer: Answer, style: Style, version: SoapVersion, namespace: str) -> Message:
    """The response message; `namespace` is that of its element."""
    head, tail = _frame(operation, style, version, namespace)
    parts: list[bytes | memoryview] = []
    text = [head]
    for parameter, value in zip((RETURN, *operation.outs), (answer.code, *answer.outs), strict=True):
        typed = f' xsi:type="xsd:{parameter.type.value}"' if style is Style.RPC else ""
        text.append(f"<{parameter.name}{typed}>")
        if isinstance(value, bytes):
            parts += ("".join(text).encode(), memoryview(value))
            text.clear()
        else:
            text.append(_written(parameter, value))
        text.append(f"</{parameter.name}>")
    text.append(tail)
    parts.append("".join(text).encode())
    return Message(tuple(parts))


def encode_fault(fault: SoapFault, version: SoapVersion) -> bytes:
    """The fault message. Its text is English."""
    code = f"SOAP-ENV:{fault.code.name_in(version)}"
    reason = _text(fault.message)
    if version is SoapVersion.SOAP_1_1:
        detail = f"<faultcode>{code}</faultcode><faultstring>{reason}</faultstring>"
    else:
        detail = (
            f"<SOAP-ENV:Code><SOAP-ENV:Value>{code}</SOAP-ENV:Value></SOAP-ENV:Code>"
            f'<SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">{reason}</SOAP-ENV:Text></SOAP-ENV:Reason>'
        )
    return (
        f'{_PROLOGUE}<SOAP-ENV:Envelope xmlns:SOAP-ENV="{version.namespace}"><SOAP-ENV:Body><SOAP-ENV:Fault>'
        f"{detail}</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


def _frame(operation: Operation, style: Style, version: SoapVersion, namespace: str) -> Sequence[str]:
    """What stands before and after the values."""
    namespace = _text(namespace, _IN_ATTRIBUTE)
    envelope = f'{_PROLOGUE}<SOAP-ENV:Envelope xmlns:SOAP-ENV="{version.namespace}"'
    end = "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    element = f"{operation.name}Response"
    if style is Style.DOCUMENT:
        return f'{envelope}><SOAP-ENV:Body><{element} xmlns="{namespace}">', f"</{element}>{end}"
    declared = envelope + _SCHEMA.format(encoding=version.encoding_style)
    encoded = f' SOAP-ENV:encodingStyle="{version.encoding_style}"'
    # SOAP 1.2 part 1 §5.1.1 has no encodingStyle on the Body, and PHP insists; Delphi has it there in SOAP 1.1.
    on_body, on_method = (encoded, "") if version is SoapVersion.SOAP_1_1 else ("", encoded)
    return (
        f'{declared}><SOAP-ENV:Body{on_body}><NS1:{element} xmlns:NS1="{namespace}"{on_method}>',
        f"</NS1:{element}>{end}",
    )


def _written(parameter: Parameter, value: str | int | datetime | None) -> str:
    if parameter.type is XmlType.DATE_TIME:
        assert value is None or isinstance(value, datetime)
        return format_moment(value)
    return _text(value) if isinstance(value, str) else str(value)


def _text(text: str, entities: dict[str, str] = _BREAKS) -> str:
    """Escaped; what XML 1.0 §2.2 has no place for becomes the replacement character."""
    return escape(ILLEGAL.sub("\ufffd", text), entities)
