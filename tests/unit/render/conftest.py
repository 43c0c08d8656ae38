"""What the tests of this room share."""

from collections.abc import Iterator

import pytest

from studio import Studio


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """In a sandbox, if this machine has one."""
    made = Studio(tmp_path_factory.mktemp("studio"), "prefer")
    yield made
    made.close()


@pytest.fixture(scope="session")
def open_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """With limits only."""
    made = Studio(tmp_path_factory.mktemp("open-studio"), "off")
    yield made
    made.close()


@pytest.fixture(params=["studio", "open_studio"])
def any_studio(request: pytest.FixtureRequest) -> Studio:
    """One after the other."""
    studio: Studio = request.getfixturevalue(request.param)
    return studio
