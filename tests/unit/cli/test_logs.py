"""Records for machines."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from depesche.cli import logs


def test_a_time_is_written_as_all_times_are() -> None:
    render = logs._shown()[-1]
    line = render(None, "info", {"event": "attempt ended", "retry_at": datetime(2026, 3, 2, 9, 0, tzinfo=UTC)})
    assert json.loads(str(line)) == {"event": "attempt ended", "retry_at": "2026-03-02T09:00:00+00:00"}


def test_what_json_has_no_form_for_is_shown_as_it_is() -> None:
    assert json.loads(str(logs._shown()[-1](None, "info", {"path": Path("a")}))) == {"path": "PosixPath('a')"}


def test_a_row_that_a_database_quotes_is_left_out() -> None:
    line: Any = {"event": "loop failed", "why": QUOTED, "exc_info": LookupError(QUOTED)}
    for process in logs._shown():
        line = process(None, "error", line)
    written = json.loads(line)
    assert "+4917" not in line
    assert written["why"].startswith("duplicate key")
    assert "SQL: INSERT" in written["exception"]


QUOTED = """duplicate key value violates unique constraint "uq_delivery_on_the_line"
DETAIL:  Key (address)=(+491713920000) already exists.
CONTEXT:  COPY delivery, line 1: "+491713920003"
[SQL: INSERT ...]"""
