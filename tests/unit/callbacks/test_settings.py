"""What the operator may set of calls."""

from ipaddress import ip_network
from typing import Any

import pytest
from pydantic import ValidationError

from depesche.config import Callbacks, load


def test_without_a_word_from_the_operator_only_the_public_internet_is_called() -> None:
    settings = Callbacks()
    assert settings.allow == ()
    assert (settings.when, settings.seconds, settings.hours, settings.redirects) == ("job", 10, 24, 3)


def test_the_demo_may_call_this_machine_beside_what_the_operator_allows() -> None:
    settings = Callbacks.model_validate({"allow": ["10.1.0.0/16"], "seconds": 3}).on_this_machine()
    assert [*settings.allow] == [ip_network(text) for text in ("10.1.0.0/16", "127.0.0.0/8", "::1/128")]
    assert settings.seconds == 3


def test_the_environment_may_allow_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPESCHE_CALLBACKS__ALLOW", '["fd00::/8"]')
    assert load().callbacks.allow == (ip_network("fd00::/8"),)


@pytest.mark.parametrize(
    "given",
    [
        {"when": "never"},
        {"seconds": 0},
        {"seconds": 301},
        {"at_once": 0},
        {"hours": 0},
        {"hours": 8761},
        {"redirects": -1},
        {"redirects": 21},
        {"allow": ["everybody"]},
        {"allow": ["10.0.0.1/8"]},
        {"proxy": "http://proxy"},
    ],
)
def test_a_value_that_makes_no_sense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Callbacks.model_validate(given)
