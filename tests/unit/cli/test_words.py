"""A refusal is told in the words of the tables, and in no others."""

import pytest

from depesche.cli import words
from depesche.model.codes import SendJobCode
from depesche.model.contract import OPERATIONS
from depesche.model.rules import Rule


@pytest.mark.parametrize("code", [code for code in SendJobCode if code])
def test_a_refused_order_is_told_with_code_name_and_every_rule(code: SendJobCode) -> None:
    told = words.order_refusal(code, 0)
    assert f"code {int(code)} {code.name}, " in told
    assert all(rule.english in told for rule in Rule if rule.code is code)


def test_the_rules_of_one_code_are_told_one_after_the_other() -> None:
    assert words.refusal(61) == (
        "code 61 ALLOWANCE_USED, what is left of the package does not cover the job; "
        "or the account's limit of this day does not cover the job"
    )


def test_the_job_that_a_double_repeats_is_named() -> None:
    assert words.order_refusal(SendJobCode.DOUBLE, 17).endswith("(job 17)")


def test_every_code_of_every_operation_has_its_sentence() -> None:
    for operation, found in OPERATIONS.items():
        for situation in found:
            assert situation.english in words.meaning(operation, situation.code)


def test_a_code_of_another_house_is_told_as_it_is() -> None:
    assert words.order_refusal(1234, 0) == "the order was refused: code 1234"
    for operation in OPERATIONS:
        assert words.meaning(operation, 1234) == "the server answers with code 1234"
