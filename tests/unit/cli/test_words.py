"""Every code has a meaning that people understand."""

import pytest

from depesche.cli import words
from depesche.model.codes import CancelJobCode, InboxCode, JobStatusCode, SendJobCode


@pytest.mark.parametrize("code", [code for code in SendJobCode if code])
def test_a_refused_order_is_told_with_code_name_and_meaning(code: SendJobCode) -> None:
    told = words.order_refusal(code, 0)
    assert f"code {int(code)} {code.name}, " in told
    assert len(told.partition(code.name)[2]) > 10


def test_the_job_that_a_double_repeats_is_named() -> None:
    assert words.order_refusal(SendJobCode.DOUBLE, 17).endswith("(job 17)")


@pytest.mark.parametrize("code", [JobStatusCode.UNKNOWN_ACCOUNT, *list(JobStatusCode)[2:6]])
def test_every_refusal_of_job_status_has_its_sentence(code: JobStatusCode) -> None:
    assert "code" not in words.status_refusal(code, 7)


@pytest.mark.parametrize("code", [code for code in CancelJobCode if code])
def test_every_refusal_of_cancel_job_has_its_sentence(code: CancelJobCode) -> None:
    assert "code" not in words.cancel_refusal(code)


@pytest.mark.parametrize("code", [code for code in InboxCode if code not in (InboxCode.OK, InboxCode.NO_FAX)])
def test_every_refusal_of_the_inbox_has_its_sentence(code: InboxCode) -> None:
    assert "code" not in words.inbox_refusal(code)


def test_a_code_of_another_house_is_told_as_it_is() -> None:
    assert words.order_refusal(1234, 0) == "the order was refused: code 1234"
    for told in (words.status_refusal(1234, 7), words.cancel_refusal(1234), words.inbox_refusal(1234)):
        assert told == "the server answers with code 1234"
