"""The rules of SendJob, held against the contract's table: spec/interface.md, "SendJob: codes"."""

import pytest

from depesche.model.codes import SendJobCode
from depesche.model.rules import OF_RECIPIENT, Rule

TABLE: dict[int, set[int]] = {
    1: {2},
    2: {-2},
    3: {-1},
    4: {1},
    5: {3},
    6: {4},
    7: {-8},
    8: {54, 6},
    9: {15},
    10: {8},
    11: {-65},
    12: {11},
    13: {75},
    14: {-3, -6},
    15: {-77},
    16: {1},
    17: {47, 45, 46},
    18: {9, -5},
    19: {-8},
    20: {-7},
    21: {-14},
    22: {58},
    23: {-1309},
    24: {7, 2, 61},
    25: {10},
    26: {-66, -4},
}
"""The codes of each row; copied by hand."""


def test_they_are_the_contracts_rows_in_its_order() -> None:
    rows = [rule.row for rule in Rule]
    assert rows == sorted(rows)
    assert {row: {int(rule.code) for rule in Rule if rule.row == row} for row in rows} == TABLE


def test_every_code_has_a_situation_and_acceptance_has_none() -> None:
    assert {rule.code for rule in Rule} == set(SendJobCode) - {SendJobCode.ACCEPTED}


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name)
def test_a_situation_is_a_sentence_of_its_own_without_its_full_stop(rule: Rule) -> None:
    for text in (rule.english, rule.german):
        assert text == text.strip()
        assert not text.endswith(".")
    assert [(other.english, other.german) for other in Rule].count((rule.english, rule.german)) == 1


def test_what_may_be_wrong_with_one_recipient_are_rows_17_to_19() -> None:
    assert set(OF_RECIPIENT.values()) == {rule for rule in Rule if rule.row in (17, 18, 19)}
    assert all(rule.code is code for code, rule in OF_RECIPIENT.items())
