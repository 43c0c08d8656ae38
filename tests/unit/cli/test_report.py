"""`job report`: the PDF on a fax, out of the real command after real calls in the sandbox."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs
from typer.testing import CliRunner

from commands import Depesche
from depesche.cli import logs
from depesche.cli.common import Exit
from depesche.cli.main import app
from documents import pdf, tiff_pages, words

SENDER, INBOX = "+493023125300", "+493023125100"
NUMBERS = (INBOX, "+493023125001", "+493023125006", "+493023125008")
"""OK in an account's inbox; busy; a line that drops on page 2; without ECM."""

OK, BUSY, BROKEN, NO_ECM = "1", "2", "3", "4"

TWO = pdf(words("Berufung in der Sache 4 O 123/26"), words("Seite 2"))


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where a German practice sent job 1 to four numbers, and English solicitors job 2 to one."""
    place = tmp_path_factory.mktemp("sent")
    (place / "brief.pdf").write_bytes(TWO)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr(logs, "configure", lambda **_quiet: None)
        _send()
    return place / "data"


def _send() -> None:
    add = ("account", "add")
    for command in (
        (*add, "20001", "--name", "Praxis Weiß", "--fax", SENDER, "--sandbox", "--bulk", "--generate"),
        (*add, "20002", "--name", "Kern Solicitors", "--country", "GB", "--foreign", "--sandbox", "--generate"),
        (*add, "20003", "--name", "Empfang", "--fax", INBOX, "--sandbox", "--generate"),
    ):
        assert run(*command) == 0
    to = [word for number in NUMBERS for word in ("--to", number)]
    order = ("send", "brief.pdf", "--retries", "0", "--data", "data", "--account")
    assert run(*order, "20001", *to) == 1
    assert run(*order, "20002", "--to", INBOX) == 0


def run(*command: str) -> int:
    """How it ends."""
    with capture_logs():
        return CliRunner().invoke(app, command, catch_exceptions=False).exit_code


@pytest.fixture
def data(sent: Path, tmp_path: Path) -> Path:
    """A copy of it, where commands are run."""
    return Path(shutil.copytree(sent, tmp_path / "data"))


def text_of(report: Path) -> str:
    """Its words, with a blank between any two."""
    done = subprocess.run(["pdftotext", "-layout", report, "-"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


def picture_in(report: Path) -> bytes:
    """The only picture in it, as a PBM file."""
    subprocess.run(["pdfimages", report, report.with_suffix("")], check=True)
    (picture,) = report.parent.glob(f"{report.stem}-*.p?m")
    return picture.read_bytes()


def pbm(page: NDArray[np.bool_]) -> bytes:
    return f"P4\n{page.shape[1]} {page.shape[0]}\n".encode() + np.packbits(page, axis=1).tobytes()


def printed(sum_: str) -> str:
    """A SHA-256 as it stands in the report: in two lines, beside which something else may stand."""
    return rf"{sum_[:32]}.{{0,80}}?{sum_[32:]}"


def test_it_shows_the_raster_that_the_far_machine_got(quick: Depesche, data: Path, tmp_path: Path) -> None:
    pages = ("--pages", "sent.tif")
    done = quick("job", "report", "1", "--recipient", OK, "--out", "bericht.pdf", *pages, "--data", "data")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "report on delivery 1, attempt 1: bericht.pdf\n"
    assert quick("inbox", "save", "1", "-o", "inbox.tif", "--data", "data", "--account", "20003").returncode == 0
    arrived = tiff_pages((tmp_path / "inbox.tif").read_bytes())
    for mine, theirs in zip(tiff_pages((tmp_path / "sent.tif").read_bytes()), arrived, strict=True):
        assert np.array_equal(mine, theirs)
    assert picture_in(tmp_path / "bericht.pdf") == pbm(arrived[0])
    text = text_of(tmp_path / "bericht.pdf")
    assert re.search(printed(hashlib.sha256(pbm(arrived[0])).hexdigest()), text)
    assert re.search(printed(hashlib.sha256(b"".join(map(pbm, arrived))).hexdigest()), text)
    for phrase in (
        "Sendebericht", "Praxis Weiß", "SANDKASTEN: ES WURDE NICHTS GESENDET", "alle 2 Seiten bestätigt",
        "+49 30 23125300", "+49 30 23125100", "1 von 1", "UTC", "Seite 1, wie sie gesendet wurde",
        "Fein, 204 × 196 dpi", "14400 bit/s", "MMR (T.6)",
        "1–2 MCF bestätigt 14400 MMR ja 0 0", "Das empfangende Gerät hat jede Seite bestätigt",
        "Probe im Sandkasten", "Seite 2 von 2",
    ):  # fmt: skip
        assert phrase in text
    assert "Seite 3" not in text


def test_it_is_english_where_the_account_is(quick: Depesche, data: Path, tmp_path: Path) -> None:
    assert quick("job", "report", "2", "--out", "report.pdf", "--data", "data").returncode == 0
    text = text_of(tmp_path / "report.pdf")
    for phrase in (
        "Fax report", "Kern Solicitors", "SANDBOX: NOTHING WAS SENT", "The receiving machine confirmed all 2 pages",
        "no number shown", "Page 1 as it was sent", "What it does not show", "Page 2 of 2",
    ):  # fmt: skip
        assert phrase in text


@pytest.mark.parametrize(
    ("recipient", "phrases"),
    [
        (
            BUSY,
            ("Besetzt", "nichts übertragen", "0 von 2", "Seite 1, die gesendet werden sollte", "ohne die Kopfzeile",
             "Zu keiner Seite ist eine Antwort", "busy (BUSY)", "486 Busy Here"),
        ),
        (
            BROKEN,
            ("Nicht vollständig gesendet", "1 von 2 Seiten bestätigt", "Seite 1, wie sie gesendet wurde",
             "the connection was lost", "1 MCF bestätigt", "nicht bestätigten Seiten dennoch ankam"),
        ),
        (
            NO_ECM,
            ("OK", "alle 2 Seiten bestätigt", "Fehlerkorrektur (ECM) nein",
             "vom empfangenden Gerät im Speicher gezählt",
             "dass jede Zeile ankam"),
        ),
    ],
)  # fmt: skip
def test_it_says_what_went_wrong_and_what_is_not_known(
    quick: Depesche, data: Path, tmp_path: Path, recipient: str, phrases: tuple[str, ...]
) -> None:
    done = quick("job", "report", "1", "--recipient", recipient, "--out", "bericht.pdf", "--data", "data")
    assert (done.returncode, done.stderr) == (0, "")
    text = text_of(tmp_path / "bericht.pdf")
    for phrase in phrases:
        assert phrase in text


@pytest.mark.parametrize(
    ("command", "words_"),
    [
        (("9",), "there is no job 9"),
        (("1",), "which recipient? Job 1 has 4: give --recipient 1 to 4"),
        (("1", "--recipient", "5"), "there is no recipient 5: job 1 has 4"),
        (("2", "--attempt", "2"), "there is no attempt 2 at +493023125100: there are 1"),
        (("1", "--recipient", BUSY, "--pages", "sent.tif"), "there is no fax file as it was sent"),
    ],
)
def test_what_there_is_no_report_on_leaves_none(
    quick: Depesche, data: Path, tmp_path: Path, command: tuple[str, ...], words_: str
) -> None:
    done = quick("job", "report", *command, "--out", "bericht.pdf", "--data", "data")
    assert done.returncode == Exit.FAILED
    assert words_ in " ".join(done.stderr.split())
    assert not (tmp_path / "bericht.pdf").exists()
