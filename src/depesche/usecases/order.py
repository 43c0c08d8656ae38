"""What an order is: the parameters of SendJob as they came, and what was read from them."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from depesche.blobs.store import Blob
from depesche.model.jobtype import JobType
from depesche.model.options import Options
from depesche.model.recipients import Given
from depesche.render.detect import Format
from depesche.usecases.listfile import ListFile


@dataclass(frozen=True, slots=True)
class Upload:
    """One of the three pairs SendFilenameN, SendFileN."""

    filename: str = ""
    blob: Blob | None = None
    """None if no content was given."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The parameters of SendJob, as they came."""

    job_type: int
    recipient: str = ""
    recipient_file: Blob | None = None
    text: str = ""
    uploads: tuple[Upload, Upload, Upload] = (Upload(), Upload(), Upload())
    send_at: datetime | None = None
    options: str = ""
    files_lost: bool = False
    """The blob store failed while they came in; no upload has content."""

    def as_text(self) -> "Submission":
        """Without halves of surrogate pairs, which no XML holds: a command line in another encoding does."""
        texts = (self.recipient, self.text, self.options, *(upload.filename for upload in self.uploads))
        if not any(map(_HALF.search, texts)):
            return self
        recipient, text, options, *names = (_HALF.sub("\N{REPLACEMENT CHARACTER}", each) for each in texts)
        first, second, third = (Upload(name, upload.blob) for name, upload in zip(names, self.uploads, strict=True))
        return replace(self, recipient=recipient, text=text, options=options, uploads=(first, second, third))

    def blobs(self) -> list[Blob]:
        """Everything that was written for it."""
        given = [self.recipient_file, *(upload.blob for upload in self.uploads)]
        return [blob for blob in given if blob is not None]


_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class OrderFile:
    """A file whose format is known."""

    position: int
    """1 to 3, as in SendFile1..3."""

    filename: str
    format: Format
    blob: Blob


@dataclass(frozen=True, slots=True)
class Order:
    """A well-formed order."""

    submission: Submission
    type: JobType
    given: tuple[Given, ...] | ListFile
    """The rows as they were given, at least one."""

    files: tuple[OrderFile, ...]
    options: Options
    send_at: datetime
    key: str
    """Equal for orders that are the same."""

    warnings: tuple[str, ...] = field(default=())

    @property
    def is_dated(self) -> bool:
        """The customer named a date that was still to come."""
        return self.send_at == self.submission.send_at
