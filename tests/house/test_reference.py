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
