"""The command, as people and scripts use it."""

from pathlib import Path

import pytest

from commands import Depesche, depesche_in


@pytest.fixture
def depesche(tmp_path: Path) -> Depesche:
    """Runs in an empty folder."""
    return depesche_in(tmp_path)
