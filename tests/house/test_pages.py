"""What the pages say is true: links lead somewhere, commands exist, versions agree."""

import re
from pathlib import Path
from typing import Any

import depesche

LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)[^)]*\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def links(page: Path) -> set[Path]:
    """Files that a page links to."""
    prose = FENCE.sub("", page.read_text())
    return {(page.parent / target).resolve() for target in LINK.findall(prose)}


def test_every_link_to_a_file_leads_to_one(pages: tuple[Path, ...]) -> None:
    dead = [(page.name, target.name) for page in pages for target in links(page) if not target.exists()]
    assert dead == []


def test_every_page_of_the_docs_is_in_their_index(root: Path, pages: tuple[Path, ...]) -> None:
    index = root / "docs/README.md"
    documents = {page for page in pages if page.is_relative_to(root / "docs")} - {index}
    assert documents <= links(index)


def test_every_make_command_on_a_page_exists(root: Path, pages: tuple[Path, ...]) -> None:
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))
    shown = {
        (page.name, target)
        for page in pages
        for target in re.findall(r"(?:^|`|\$ |&& )make ([a-z]+)\b", page.read_text(), re.MULTILINE)
    }
    assert shown, "no page names a command"
    assert {target for _, target in shown} <= targets


def test_the_changelog_begins_with_this_version(root: Path) -> None:
    newest = re.search(r"^## \[([^]]+)\]", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == depesche.__version__


def test_the_licence_is_the_one_that_the_package_names(root: Path, pyproject: dict[str, Any]) -> None:
    title = (root / "LICENSE").read_text().split(None, 4)[:4]
    assert pyproject["project"]["license"] == "Apache-2.0"
    assert title == ["Apache", "License", "Version", "2.0,"]
