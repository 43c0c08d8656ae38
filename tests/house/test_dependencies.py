"""Every dependency has its reason, in docs/adr/0002-dependencies.md."""

import re
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROW = re.compile(r"^\| ((?:`[^`]+`(?:, )?)+) \|", re.MULTILINE)


def reasoned(root: Path, heading: str) -> set[str]:
    """Names in the first column of the table under a heading."""
    page = (root / "docs/adr/0002-dependencies.md").read_text()
    section = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return {name for cell in ROW.findall(section) for name in re.findall("`([^`]+)`", cell)}


def names(requirements: list[str]) -> set[str]:
    return {Requirement(line).name for line in requirements}


def test_every_runtime_dependency_has_its_reason(root: Path, pyproject: dict[str, Any]) -> None:
    assert reasoned(root, "At run time") == names(pyproject["project"]["dependencies"])


def test_every_tool_has_its_reason(root: Path, pyproject: dict[str, Any]) -> None:
    groups = pyproject["dependency-groups"]
    assert reasoned(root, "To build and to test") == names(groups["build"] + groups["dev"])


def test_every_debian_package_has_its_reason(root: Path) -> None:
    lines = (line.partition("#")[0] for line in (root / "setup/packages.txt").read_text().splitlines())
    packages = {name.strip() for line in lines for name in line.split("|") if name.strip()}
    assert reasoned(root, "From Debian") == packages
