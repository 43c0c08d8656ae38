"""What stays legible when grey becomes black and white."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from depesche.render.raster import Bits, Grey, decided
from documents import black

WIDTH, HEIGHT = 1728, 400


def black_and_white(grey: Grey) -> Bits:
    return decided(grey).bits


def ground(grey: int) -> Grey:
    return np.full((HEIGHT, WIDTH), grey, np.uint8)


def text_on(grey: int, ink: int, size: float = 28) -> Grey:
    """Smooth letters of a size in picture elements; 28 is 10 points."""
    image = Image.fromarray(ground(grey))
    for row in range(4):
        text = "Die Rechnung über 1.234,56 EUR ist bis zum Monatsende fällig."
        ImageDraw.Draw(image).text((40, 40 + row * 80), text, fill=ink, font_size=size)
    return np.asarray(image)


def letters(size: float = 28) -> NDArray[np.bool_]:
    """What of `text_on` belongs to the letters: more than half covered."""
    return text_on(255, 0, size) < 128


def light_letters() -> NDArray[np.bool_]:
    """The same of white letters: five eighths covered, for ink runs into white."""
    return text_on(255, 0) < 95


def share(page: NDArray[np.bool_], where: NDArray[np.bool_]) -> float:
    return float(page[where].mean())


@pytest.mark.parametrize("ink", [0, 51, 102, 128, 153, 204])
@pytest.mark.parametrize("size", [17, 28])
def test_letters_of_any_grey_become_solid_on_white_paper(ink: int, size: float) -> None:
    page = black(black_and_white(text_on(255, ink, size)))
    assert share(page, letters(size)) > 0.98
    assert share(page, ~letters(size)) < 0.005


@pytest.mark.parametrize("tint", [230, 217, 191, 153, 128])
def test_black_letters_on_a_tinted_box_stand_on_clear_ground(tint: int) -> None:
    page = black(black_and_white(text_on(tint, 0)))
    assert share(page, letters()) > 0.98
    image = Image.fromarray(letters())
    near = np.asarray(image.resize((WIDTH // 4, HEIGHT // 4)).resize((WIDTH, HEIGHT))) & ~letters()
    assert share(page, near) < 0.05


def test_white_letters_on_grey_stand_on_dark_ground() -> None:
    page = black(black_and_white(text_on(128, 255)))
    assert share(page, light_letters()) < 0.05


@pytest.mark.parametrize(("paper", "ink"), [(215, 255), (255, 215)])
def test_a_hairline_of_just_the_contrast_that_counts_is_clear(paper: int, ink: int) -> None:
    page = ground(paper)
    page[200, 100:1600] = ink
    drawn = black(black_and_white(page))
    assert (drawn[200, 100:1600] == (ink < paper)).all()
    assert (drawn[[199, 201], 100:1600] == (paper < ink)).all()


def test_between_the_lines_of_a_tinted_box_are_no_dots() -> None:
    drawn = black(black_and_white(text_on(191, 0)))
    columns = np.flatnonzero(letters().any(axis=0))
    text = slice(columns[0], columns[-1])
    assert share(drawn[76:116, text], ~letters()[76:116, text]) < 0.1
    assert 0.1 < drawn[:, -100:].mean() < 0.4  # the rest of the box is still one


def test_marks_do_not_reach_into_the_box_beside_theirs() -> None:
    page = ground(255)
    page[104:200, :] = text_on(80, 255)[40:136, :]
    page[200:360, :] = text_on(255, 0)[40:200, :]
    drawn = black(black_and_white(page))
    assert drawn[104:200][~letters()[40:136]].mean() > 0.98
    assert drawn[104:200][light_letters()[40:136]].mean() < 0.05


def test_grainy_grey_paper_is_clear_around_letters() -> None:
    grain = np.random.default_rng(1).normal(0, 4, (HEIGHT, WIDTH))
    page = np.clip(text_on(200, 100) + grain, 0, 255).astype(np.uint8)
    drawn = black(black_and_white(page))
    image = Image.fromarray(letters())
    near = np.asarray(image.resize((WIDTH // 4, HEIGHT // 4)).resize((WIDTH, HEIGHT))) & ~letters()
    assert share(drawn, letters()) > 0.95
    assert share(drawn, near) < 0.1


def test_white_letters_on_black_stay_white() -> None:
    page = black(black_and_white(text_on(0, 255)))
    assert share(page, light_letters()) < 0.02
    assert share(page, ~letters()) > 0.99


@pytest.mark.parametrize("tint", [255, 242, 230])
def test_a_tint_of_ten_percent_is_paper(tint: int) -> None:
    assert not black(black_and_white(ground(tint))).any()


@pytest.mark.parametrize(("tint", "low", "high"), [(217, 0.05, 0.25), (191, 0.15, 0.35), (128, 0.4, 0.6)])
def test_a_darker_box_stays_a_box_and_does_not_turn_black(tint: int, low: float, high: float) -> None:
    assert low < black(black_and_white(ground(tint))).mean() < high


@pytest.mark.parametrize("ink", [0, 40, 90])
def test_dark_areas_are_solid(ink: int) -> None:
    assert black(black_and_white(ground(ink))).all()


def test_a_grey_box_gets_no_frame() -> None:
    page = ground(255)
    page[101:303, 203:1501] = 160
    drawn = black(black_and_white(page))
    for edge in (drawn[101, 203:1501], drawn[302, 203:1501], drawn[101:303, 203], drawn[101:303, 1500]):
        assert 0.1 < edge.mean() < 0.7


def test_a_hairline_survives() -> None:
    page = ground(255)
    page[200, 100:1600] = 150
    page[100:300, 50] = 150
    drawn = black(black_and_white(page))
    assert drawn[200, 100:1600].all()
    assert drawn[100:300, 50].all()


def test_a_gradient_grows_darker_without_jumps() -> None:
    page = np.tile(np.linspace(96, 224, WIDTH).astype(np.uint8), (HEIGHT, 1))
    shares = black(black_and_white(page)).reshape(HEIGHT, 9, -1).mean((0, 2))
    assert (np.diff(shares) < 0).all()
    assert np.abs(np.diff(shares)).max() < 0.15


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 2613])
def test_any_number_of_rows_is_drawn_to_its_last(rows: int) -> None:
    bits = black_and_white(np.full((rows, WIDTH), 173, np.uint8))
    assert np.array_equal(bits, black_and_white(np.full((rows + 40, WIDTH), 173, np.uint8))[:rows])
