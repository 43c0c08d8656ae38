"""`make run` in a folder where everything is installed."""

import os
import urllib.request
from pathlib import Path

from house.terminal import ENDED_BY_INTERRUPT, make_run


def test_ctrl_c_ends_it_without_complaint_and_the_data_stay(root: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with make_run(root, data, os.environ | {"HOME": ""}, seconds=120) as terminal:
        with urllib.request.urlopen(terminal.address(), timeout=30) as page:
            assert page.status == 200
        farewell, code = terminal.interrupt()
    assert "***" not in farewell, farewell
    assert "Traceback" not in farewell, farewell
    assert code == ENDED_BY_INTERRUPT
    assert (data / "depesche.db").is_file()
