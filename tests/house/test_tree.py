"""Nothing in the repository belongs to one machine or to one index of packages."""

import re
from collections.abc import Iterator
from pathlib import Path

MACHINE = re.compile(r"(?<![\w./*$}-])/(?:work|root|(?:Users|home|tmp)/\w+)/")
INDEX = re.compile(
    r"\b(?:pypi\.org|python[h]osted\.org|npmjs\.|yarnpkg\.com|repo1?\.maven\.org|(?:debian|ubuntu)\.(?:org|com)/)"
)


def found(pattern: re.Pattern[str], files: tuple[Path, ...]) -> Iterator[str]:
    """Places in text files where a pattern matches."""
    for path in files:
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("latin-1").splitlines(), 1):
            if pattern.search(line):
                yield f"{path.name}:{number}: {line.strip()}"


def test_no_file_names_a_place_of_one_machine(files: tuple[Path, ...]) -> None:
    assert list(found(MACHINE, files)) == []


def test_no_file_names_an_index_of_packages(files: tuple[Path, ...]) -> None:
    assert list(found(INDEX, files)) == []


def test_a_place_of_one_machine_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    home = "/".join(["", "home", "someone", ""])
    page.write_text(f"https://example.com{home}\nsee `{home}notes`\n")
    assert list(found(MACHINE, (page,))) == [f"page.md:2: see `{home}notes`"]
