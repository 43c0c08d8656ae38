"""A job is watched until nothing more happens, and people see how far it is."""

import asyncio
import io
from collections.abc import Awaitable, Callable

import pytest
from rich.console import Console

from depesche.cli import follow as subject
from depesche.cli.follow import Stages, follow
from depesche.cli.gateway import Stage

pytestmark = pytest.mark.anyio

DONE = Stage("finished", final=True)


Ask = Callable[[], Awaitable[Stage]]


def job(*stages: Stage) -> Ask:
    """A job that goes through these stages."""
    left = list(stages)

    async def ask() -> Stage:
        return left.pop(0)

    return ask


def console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    shown = io.StringIO()
    return Console(file=shown, force_terminal=terminal, color_system=None, width=100), shown


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time passes at once; these are the pauses that were made."""
    made: list[float] = []

    async def pause(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", pause)
    return made


async def test_it_ends_when_the_job_is_final(pauses: list[float]) -> None:
    shown, _ = console(terminal=False)
    with Stages(shown) as stages:
        assert await follow(job(Stage("sending"), DONE), stages) is DONE
    assert len(pauses) == 1


async def test_it_ends_when_somebody_has_to_decide(pauses: list[float]) -> None:
    stuck = Stage("nobody knows how it ended", undecided=True)
    shown, _ = console(terminal=False)
    with Stages(shown) as stages:
        assert await follow(job(stuck), stages) is stuck
    assert pauses == []


async def test_it_asks_soon_at_first_and_rarely_later(pauses: list[float]) -> None:
    shown, _ = console(terminal=False)
    with Stages(shown) as stages:
        await follow(job(*[Stage("sending")] * 50, DONE), stages)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (subject.FIRST_PAUSE, subject.LONGEST_PAUSE)


async def test_each_stage_is_a_line_where_there_is_no_terminal(pauses: list[float]) -> None:
    stages_of_job = [Stage("sending", detail="0 of 2"), Stage("sending", detail="1 of 2"), Stage("in the queue"), DONE]
    output, shown = console(terminal=False)
    with Stages(output) as stages:
        stages.begin("handing over")
        await follow(job(*stages_of_job), stages)
    assert shown.getvalue().splitlines() == ["handing over", "sending", "in the queue", "finished"]


async def test_stages_that_are_over_stay_on_the_terminal(pauses: list[float]) -> None:
    output, shown = console(terminal=True)
    with Stages(output) as stages:
        stages.begin("handing over")
        stages.tell("40 %")
        await follow(job(Stage("sending", detail="0 of 2 done"), DONE), stages)
    text = shown.getvalue()
    assert [line for line in ("handing over", "sending", "finished") if f"✓ {line}\n" in text] == [
        "handing over",
        "sending",
        "finished",
    ]


async def test_a_stage_that_is_broken_off_is_not_marked_as_done() -> None:
    output, shown = console(terminal=True)
    with Stages(output) as stages:
        stages.begin("sending")
    assert "✓" not in shown.getvalue()


async def test_a_server_cannot_command_the_terminal() -> None:
    output, shown = console(terminal=False)
    with Stages(output) as stages:
        stages.begin("sending \x1b]0;owned\x07 [red]x[/]")
    assert "\x1b" not in shown.getvalue()
    assert "[red]x[/]" in shown.getvalue()
