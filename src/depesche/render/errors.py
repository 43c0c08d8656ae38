"""Why a document did not become pages.

RenderError
├── Unsupported       its format is not one of ours, or name and content disagree     (-6)
├── Damaged           broken, encrypted, empty, or it tries to take more than it may  (-7)
├── NotWhole          the parts are good, the whole is not: no page, too many pages   (-14)
└── ConverterFailed   our converter crashed or ran past its time                      (58)
"""


class RenderError(Exception):
    """The base of them all; the message is one sentence for the operator and the customer."""


class Unsupported(RenderError):
    """The format is none of ours, its converter is not installed or does not know this kind of it, or name and content
    are of different families.
    """


class Damaged(RenderError):
    """The document is broken, encrypted, empty, or would take more memory, pixels or time than it may."""


class NotWhole(RenderError):
    """Every part could be converted, but together they make no document: no page at all, or more than allowed."""


class ConverterFailed(RenderError):
    """The converter itself crashed or ran out of time, through no provable fault of the document."""
