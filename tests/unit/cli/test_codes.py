"""``depesche codes`` against the interface as it was decided: the numbers below were copied from that text by hand."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from depesche.cli.main import app
from depesche.fronts.soap.operations import OPERATIONS

SEND_JOB = [
    (1, [2]),
    (2, [-2]),
    (3, [-1]),
    (4, [1]),
    (5, [3]),
    (6, [4]),
    (7, [-8]),
    (8, [54, 6]),
    (9, [15]),
    (10, [8]),
    (11, [-65]),
    (12, [11]),
    (13, [75]),
    (14, [-3, -6]),
    (15, [-77]),
    (16, [1]),
    (17, [47, 45, 46]),
    (18, [9, -5]),
    (19, [-8]),
    (20, [-7]),
    (21, [-14]),
    (22, [58]),
    (23, [-1309]),
    (24, [7, 2, 61]),
    (25, [10]),
    (26, [-66, -4]),
]
"""Its table: the place in the order of judging, and the codes that are judged there."""

OTHERS = {
    "JobStatus": [0, 1, 2, 3, 4, 5, 6],
    "CancelJob": [0, 1, -1, -2, -3],
    "RequestReceived": [0, 1, 2, 3, 4, 5],
    "DeleteReceived": [0, 1, 2, 3, 4, 5],
}


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["codes", *arguments], catch_exceptions=False)
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def told() -> dict[str, list[dict[str, Any]]]:
    code, output = run("--json")
    assert code == 0
    found: dict[str, list[dict[str, Any]]] = json.loads(output)
    return found


def test_an_order_is_judged_in_the_order_of_the_interface(told: dict[str, list[dict[str, Any]]]) -> None:
    accepted, *refused = told["SendJob"]
    assert (accepted["code"], accepted["rule"]) == (0, None)
    places: dict[int, list[int]] = {}
    for situation in refused:
        codes = places.setdefault(situation["row"], [])
        codes += [] if situation["code"] in codes else [situation["code"]]
    assert list(places.items()) == SEND_JOB


def test_the_other_operations_have_the_codes_of_the_interface(told: dict[str, list[dict[str, Any]]]) -> None:
    assert list(told) == ["SendJob", *OTHERS]
    assert {name: [one["code"] for one in told[name]] for name in OTHERS} == OTHERS


def test_the_operations_are_those_that_a_server_answers(told: dict[str, list[dict[str, Any]]]) -> None:
    assert list(told) == [operation.name for operation in OPERATIONS]


def test_every_situation_is_told_in_two_languages(told: dict[str, list[dict[str, Any]]]) -> None:
    for situation in [one for found in told.values() for one in found]:
        english, german = situation["english"], situation["german"]
        assert min(len(english), len(german)) > 10
        assert english != german
        assert not english.endswith(".")
        assert not german.endswith(".")


def test_one_operation_is_shown_in_one_language() -> None:
    code, german = run("jobstatus", "--german")
    assert (code, german.splitlines()[0]) == (0, "JobStatus")
    assert "das Konto ist gesperrt" in german
    assert "the account is locked" not in german
    assert "SendJob" not in german
    english = run("JobStatus")[1]
    assert "the account is locked" in english
    assert "das Konto" not in english


def test_an_operation_that_there_is_not_is_told() -> None:
    code, output = run("Fax")
    assert code == 2
    assert "Fax is none of SendJob, JobStatus, CancelJob, RequestReceived, DeleteReceived" in output
