"""Pictures that stand in the middle of a content stream (ISO 32000-1 §8.9.7)."""

from pypdf.generic import (
    BooleanObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
)

from depesche.render.content import Step, Unreadable
from depesche.render.pdfobject import name, stream

_KEYS = {
    b"/BPC": "/BitsPerComponent", b"/CS": "/ColorSpace", b"/D": "/Decode", b"/DP": "/DecodeParms", b"/F": "/Filter",
    b"/H": "/Height", b"/IM": "/ImageMask", b"/I": "/Interpolate", b"/W": "/Width",
}  # fmt: skip
_VALUES = {
    b"/G": "/DeviceGray", b"/RGB": "/DeviceRGB", b"/CMYK": "/DeviceCMYK", b"/AHx": "/ASCIIHexDecode",
    b"/A85": "/ASCII85Decode", b"/LZW": "/LZWDecode", b"/Fl": "/FlateDecode", b"/RL": "/RunLengthDecode",
    b"/CCF": "/CCITTFaxDecode", b"/DCT": "/DCTDecode",
}  # fmt: skip
"""ISO 32000-1 tables 93 and 94."""


def inline_picture(step: Step) -> StreamObject:
    """As a picture of its own. Raises: Unreadable."""
    operands = step.operands
    if len(operands) % 2 or b"(" in operands:
        raise Unreadable("an inline picture with lists")
    fixed: dict[str, PdfObject] = {"/Type": NameObject("/XObject"), "/Subtype": NameObject("/Image")}
    given = {
        _KEYS.get(key) or str(name(key)): _value(value)
        for key, value in zip(operands[::2], operands[1::2], strict=True)
    }
    return stream(fixed | given, step.data)


def is_mask(picture: DictionaryObject) -> bool:
    """Whether it is printed in the colour of whoever draws it."""
    mask = picture.get("/ImageMask")
    return isinstance(mask, BooleanObject) and bool(mask.value)


def _value(operand: bytes) -> PdfObject:
    if operand.startswith(b"/"):
        return NameObject(_VALUES.get(operand) or name(operand))
    if operand in (b"true", b"false"):
        return BooleanObject(operand == b"true")
    return FloatObject(operand.decode()) if b"." in operand else NumberObject(int(operand))
