"""The fuzzer itself: it finds what lies behind many steps, and says what it was."""

import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.engine import PATIENCE, Target, fuzz
from fuzz.targets import TARGETS

HERE = (str(Path(__file__).parent),)
SECONDS = 30


def four_doors(data: bytes) -> None:
    """Nobody guesses four things at once; each step is rewarded."""
    if data[:1] != b"f":
        return
    if data[1:2] != b"a":
        return
    if data[2:3] != b"\xfc":
        return
    if len(data) > 6:
        raise ValueError("inside")


def test_it_goes_through_doors_one_by_one_and_shortens_what_it_found() -> None:
    report = fuzz(Target("doors", four_doors, (b"whatever",)), SECONDS, 1, HERE)
    assert report.finding is not None
    assert "ValueError: inside" in report.finding.what
    assert (report.finding.data[:3], len(report.finding.data)) == (b"fa\xfc", 7)
    assert str(report).startswith(f"doors: {report.runs} inputs")


def test_blind_it_does_not_find_the_way() -> None:
    report = fuzz(Target("doors", four_doors, (b"whatever",)), 1, 1, ())
    assert (report.finding, report.steps) == (None, 0)


def test_what_is_given_along_is_tried_first_and_words_are_used() -> None:
    def run(data: bytes) -> None:
        assert b"<!DOCTYPE" not in data

    assert fuzz(Target("seed", run, (b"a<!DOCTYPE",)), 0, 1, HERE).runs == 1
    assert fuzz(Target("kept", run, ()), 0, 1, HERE, [b"<!DOCTYPE"]).runs == 1
    assert fuzz(Target("word", run, (), (b"<!DOCTYPE",)), SECONDS, 1, HERE).finding is not None


def test_what_takes_too_long_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.engine.PATIENCE", PATIENCE / 1e9)
    report = fuzz(Target("slow", sorted, (b"x",)), 0, 1, HERE)
    assert report.finding is not None
    assert "seconds" in report.finding.what


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_seeds_of_a_target_are_good(target: Target) -> None:
    for seed in target.seeds:
        target.run(seed)


def test_the_long_run_goes_over_the_targets_that_were_named_and_keeps_what_was_worth_it(tmp_path: Path) -> None:
    targets, tests = ("gsm", "csv"), Path(__file__).parents[1]
    command = [sys.executable, "-m", "fuzz", *targets, "--seconds", "1", "--jobs", "2", "--seed", "7"]
    command += ["--kept", str(tmp_path)]
    for _ in range(2):
        ran = subprocess.run(command, cwd=tests, capture_output=True, text=True, check=True)
        assert ran.stdout.splitlines()[0] == "2 targets, 1 seconds each, seed 7"
        assert [line.split(":")[0] for line in ran.stdout.splitlines()[1:]] == list(targets)
        assert list((tmp_path / "gsm").glob("*.kept"))


def test_one_input_is_run_alone(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"whatever")
    command = [sys.executable, "-m", "fuzz", "recipients", "--input", str(path)]
    subprocess.run(command, cwd=Path(__file__).parents[1], check=True)
