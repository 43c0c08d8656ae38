"""The reference pages say what the code says."""

from pathlib import Path

import pytest

from depesche.reference import pages, write

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_is_what_the_code_makes_today(name: str) -> None:
    kept = (FOLDER / name).read_text(encoding="utf-8")
    assert kept == pages()[name], "run `.venv/bin/python -m depesche.reference docs/reference`"


def test_pages_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(pages())


def test_every_setting_and_every_command_has_its_place() -> None:
    made = pages()
    assert "`max_body`" in made["settings.md"]
    assert "## depesche account add" in made["cli.md"]
    assert "+493023125009" in made["sandbox.md"]


@pytest.mark.parametrize(
    "words",
    [
        "| 24 | 61 | what is left of the package does not cover the job | die Freimenge des Versandpakets",
        "| -2 | there is no such job of this account | es gibt keinen solchen Auftrag",
        "| `STATIONID=` | station id",
        "| `FLASHSMS` | SMS of class 0",
        "| `$CID` | the reference id",
        "| `No answer` | `NOANSWER` |",
        "| `SENDDATETIME` | UTC",
        "There is no row of headings. Fields are separated by comma",
    ],
)
def test_an_integrator_finds_codes_options_results_and_files_on_one_page(words: str) -> None:
    assert words in " ".join(pages()["codes.md"].split())
