"""Records for machines."""

import json
from datetime import UTC, datetime
from pathlib import Path

from depesche.cli import logs


def test_a_time_is_written_as_all_times_are() -> None:
    render = logs._shown()[-1]
    line = render(None, "info", {"event": "attempt ended", "retry_at": datetime(2026, 3, 2, 9, 0, tzinfo=UTC)})
    assert json.loads(str(line)) == {"event": "attempt ended", "retry_at": "2026-03-02T09:00:00+00:00"}


def test_what_json_has_no_form_for_is_shown_as_it_is() -> None:
    assert json.loads(str(logs._shown()[-1](None, "info", {"path": Path("a")}))) == {"path": "PosixPath('a')"}
