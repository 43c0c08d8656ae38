"""The table of completion codes against the library's own."""

import pytest

from depesche.channels.fax.t30.completion import COMPLETIONS, Completion, Fault, completion
from depesche.channels.fax.t30.spandsp import Spandsp


@pytest.mark.parametrize("row", COMPLETIONS, ids=lambda row: row.name)
def test_code_and_phrase_are_the_librarys(spandsp: Spandsp, row: Completion) -> None:
    assert spandsp.text(spandsp.lib.t30_completion_code_to_str(row.code)) == row.phrase


def test_the_table_ends_where_the_librarys_ends(spandsp: Spandsp) -> None:
    assert spandsp.text(spandsp.lib.t30_completion_code_to_str(len(COMPLETIONS))) == "???"


def test_codes_count_from_zero() -> None:
    assert [row.code for row in COMPLETIONS] == list(range(len(COMPLETIONS)))


@pytest.mark.parametrize("code", [-1, len(COMPLETIONS)])
def test_an_unknown_code_counts_as_a_failed_negotiation(code: int) -> None:
    assert completion(code) == Completion(code, "UNKNOWN", Fault.NEGOTIATION, f"Completion code {code}")
