"""The examples: the commands of their pages, word for word, and what they do when something goes wrong."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]
import pytest
from PIL import Image

from clients.building import ENVIRONMENT, require
from clients.customers import MONO, PHP
from serving import Serving
from soapcall import call

EXAMPLES = Path(__file__).parents[2] / "examples"
DEMO = "http://127.0.0.1:8080"
COMMANDS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)

SECONDS = 120


@dataclass(frozen=True, slots=True)
class Example:
    """One folder of the examples."""

    name: str
    needs: Mapping[str, str]
    root: str
    """The folder in which its page's commands are given, from the repository's root."""

    letter: str
    send: Sequence[str]
    fetch: Sequence[str]


@dataclass(frozen=True, slots=True)
class Used:
    """An example of which the page's commands were given."""

    example: Example
    folder: Path
    base_url: str
    output: str

    def give(self, command: Sequence[str], account: str = "10001") -> subprocess.CompletedProcess[str]:
        return _give(command, self.folder, self.base_url, account)


PROGRAMS = (
    Example(
        name="php",
        needs=PHP,
        root="",
        letter="examples/letter.pdf",
        send=["php", "examples/php/send_fax.php"],
        fetch=["php", "examples/php/fetch_fax.php"],
    ),
    Example(
        name="csharp",
        needs=MONO,
        root="examples/csharp",
        letter="../letter.pdf",
        send=["mono", "SendFax.exe"],
        fetch=["mono", "FetchFax.exe"],
    ),
)


@pytest.fixture(scope="module", params=PROGRAMS, ids=lambda example: example.name)
def used(
    request: pytest.FixtureRequest,
    server: Serving,
    empty_inbox: Callable[[], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Used:
    example: Example = request.param
    require(example.needs)
    root = tmp_path_factory.mktemp(example.name)
    shutil.copytree(EXAMPLES, root / "examples")
    folder = root / example.root
    _mark(root / "examples/letter.pdf", example.name)
    empty_inbox()
    page = (EXAMPLES / example.name / "README.md").read_text()
    [script] = COMMANDS.findall(page)
    done = _give(["sh", "-ec", script.replace(DEMO, server.base_url)], folder, server.base_url)
    assert done.returncode == 0, done.stdout + done.stderr
    return Used(example, folder, server.base_url, done.stdout)


def test_the_commands_of_its_page_send_a_fax(used: Used) -> None:
    assert re.search(r"^Job \d+: pages: 3, recipients: 1$", used.output, re.MULTILINE)
    assert re.search(r'^"\+493023125200","FAX","OK",".+","3",', used.output, re.MULTILINE)


def test_the_commands_of_its_page_fetch_the_fax(used: Used) -> None:
    [saved] = used.folder.glob("fax-*.tif")
    with Image.open(saved) as image:
        assert (image.format, getattr(image, "n_frames", 1), image.width) == ("TIFF", 3, 1728)


def test_the_same_order_again_finds_its_job(used: Used) -> None:
    job = re.search(r"^Job (\d+):", used.output, re.MULTILINE)
    assert job
    again = used.give([*used.example.send, used.example.letter, "+493023125200"])
    assert again.returncode == 0
    assert f"The same order is job {job[1]} already" in again.stdout
    assert "OK at " in again.stdout


def test_a_fetched_fax_is_deleted_from_the_server(used: Used) -> None:
    assert call(used.base_url, "RequestReceived", Account="10002", Password="demo")["return"] == "5"
    nothing = used.give([*used.example.fetch, "."], account="10002")
    assert (nothing.returncode, nothing.stdout) == (0, "no fax is waiting\n")


def test_a_fax_that_does_not_arrive_is_told_by_the_exit_code(used: Used) -> None:
    ended = used.give([*used.example.send, used.example.letter, "+493023125005"])
    assert "Call failed" in ended.stdout
    assert ended.returncode == 1


def test_a_fax_that_is_refused_is_told_by_the_exit_code(used: Used) -> None:
    ended = used.give([*used.example.send, used.example.letter, "+493023125200"], account="99999")
    assert "code -2" in ended.stderr
    assert ended.returncode == 1


def test_a_fax_that_cannot_be_saved_stays_on_the_server(used: Used, empty_inbox: Callable[[], None]) -> None:
    _mark(used.folder / used.example.letter, f"{used.example.name}, again")
    assert used.give([*used.example.send, used.example.letter, "+493023125200"]).returncode == 0
    assert used.give([*used.example.fetch, "no-such-folder"], account="10002").returncode == 1
    assert call(used.base_url, "RequestReceived", Account="10002", Password="demo")["return"] == "0"
    empty_inbox()


def test_the_letter_has_three_pages_of_german_text_with_a_picture() -> None:
    with pdfium.PdfDocument(EXAMPLES / "letter.pdf") as letter:
        assert "Auftrag für die Wartung im März" in letter[0].get_textpage().get_text_range()
        assert "Ölheizung prüfen" in letter[1].get_textpage().get_text_range()
        assert [thing.type for thing in letter[2].get_objects()].count(pdfium_c.FPDF_PAGEOBJ_IMAGE) == 1
        assert len(letter) == 3


def test_the_letter_is_what_its_program_makes(tmp_path: Path) -> None:
    program = shutil.copy(EXAMPLES / "letter.py", tmp_path)
    subprocess.run([sys.executable, program], check=True, timeout=SECONDS)
    assert _words(tmp_path / "letter.pdf") == _words(EXAMPLES / "letter.pdf")


def test_the_front_page_shows_the_same_commands() -> None:
    shown = re.findall(r"^\$ (.*php .*)$", (EXAMPLES.parent / "README.md").read_text(), re.MULTILINE)
    [script] = COMMANDS.findall((EXAMPLES / "php/README.md").read_text())
    assert shown == script.splitlines()


def _words(letter: Path) -> list[list[str]]:
    """Those of each page. Where they stand, and every byte, are up to the releases of WeasyPrint and of the fonts."""
    with pdfium.PdfDocument(letter) as document:
        return [page.get_textpage().get_text_range().split() for page in document]


def _mark(letter: Path, mark: str) -> None:
    """Make it another file, but no other letter: the same file twice to the same number is refused as a double."""
    with letter.open("a") as file:
        file.write(f"% {mark}\n")


def _give(command: Sequence[str], folder: Path, base_url: str, account: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**ENVIRONMENT, "FAX_ADDRESS": base_url, "FAX_ACCOUNT": account}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
