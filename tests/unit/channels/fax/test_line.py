"""What lines do to audio."""

from dataclasses import dataclass

import numpy as np
import pytest

from depesche.channels.fax.line import CutLine, Line, NoisyLine
from lines import MuteLine


@dataclass
class At:
    """A moment of a call."""

    seconds: float = 0.0
    pages: int = 0
    bit_rate: int = 14400


def tone() -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return (8000 * np.sin(np.arange(8000))).astype(np.int16)


def test_a_clean_line_changes_nothing_and_stands() -> None:
    line, samples = Line(), tone()
    line.forward(samples, At())
    line.back(samples, At())
    assert np.array_equal(samples, tone())
    assert line.holds(At(seconds=1e6, pages=100))


@pytest.mark.parametrize(("bit_rate", "decibels"), [(9600, NoisyLine.LOUD), (7200, NoisyLine.FAINT)])
def test_noise_is_as_loud_as_the_rate_demands(bit_rate: int, decibels: float) -> None:
    samples = tone()
    NoisyLine(7200, seed=1).forward(samples, At(bit_rate=bit_rate))
    noise = samples.astype(float) - tone()
    ratio = 10 * np.log10(np.mean(tone().astype(float) ** 2) / np.mean(noise**2))
    assert ratio == pytest.approx(decibels, abs=0.3)


def test_the_same_seed_is_the_same_noise_and_another_is_not() -> None:
    first, again, other = tone(), tone(), tone()
    for samples, seed in ((first, 1), (again, 1), (other, 2)):
        NoisyLine(7200, seed).forward(samples, At())
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_noise_does_not_wrap_around() -> None:
    samples = np.full(8000, 32767, np.int16)
    NoisyLine(7200, seed=1).forward(samples, At())
    assert samples.min() > 0


def test_noise_leaves_silence_and_the_way_back_alone() -> None:
    line, silence, back = NoisyLine(7200, seed=1), np.zeros(800, np.int16), tone()
    line.forward(silence, At())
    line.back(back, At())
    assert not silence.any()
    assert np.array_equal(back, tone())


def test_a_cut_counts_from_the_page_on() -> None:
    line = CutLine(page=1, seconds=2)
    moments = [At(10, 0), At(20, 1), At(21.9, 1), At(22, 1), At(30, 2)]
    assert [line.holds(moment) for moment in moments] == [True, True, True, False, False]


def test_a_cut_of_page_0_counts_from_the_answer() -> None:
    assert [CutLine(page=0, seconds=5).holds(At(0)), CutLine(page=0, seconds=0).holds(At(0))] == [True, False]


@pytest.mark.parametrize(("forward", "back"), [(True, False), (False, True)])
def test_each_way_is_muted_by_itself_and_not_before_its_time(forward: bool, back: bool) -> None:
    line = MuteLine(5, forward=forward, back=back)
    for seconds, silent in ((4.9, False), (5.0, True)):
        there, here = tone(), tone()
        line.forward(there, At(seconds))
        line.back(here, At(seconds))
        assert (not there.any(), not here.any()) == (forward and silent, back and silent)
