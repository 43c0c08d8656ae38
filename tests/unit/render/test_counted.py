"""Making pages is timed, and what did not become pages is counted by its kind."""

import pytest

from depesche.render.detect import Format
from depesche.render.errors import Damaged, RenderError, Unsupported
from documents import encrypted_pdf, pdf, words
from studio import Studio
from watching import counted

GOOD = pdf(words("Guten Tag"))


def timed(task: str) -> float:
    return counted("depesche_render_seconds_count", task=task)


def failed(kind: type[RenderError]) -> float:
    return counted("depesche_render_failures_total", kind=kind.__name__)


def test_each_task_is_timed(studio: Studio) -> None:
    before = [timed(task) for task in ("fax", "letter", "count")]
    renderer, source = studio.renderer(), studio.source(GOOD)
    studio.run(renderer.fax(None, [source], studio.out))
    studio.run(renderer.letter([source], studio.out))
    studio.run(renderer.count(source))
    studio.run(renderer.count_known([source, source]))
    after = [timed(task) for task in ("fax", "letter", "count")]
    assert [now - was for now, was in zip(after, before, strict=True)] == [1, 1, 2]
    assert counted("depesche_render_seconds_sum", task="fax") > 0


@pytest.mark.parametrize(
    ("data", "format_", "kind"), [(encrypted_pdf(), Format.PDF, Damaged), (b"?", Format.OTHER, Unsupported)]
)
def test_what_does_not_become_pages_is_counted_by_its_kind_and_timed_as_well(
    studio: Studio, data: bytes, format_: Format, kind: type[RenderError]
) -> None:
    before = failed(kind), timed("count")
    with pytest.raises(kind):
        studio.run(studio.renderer().count(studio.source(data, format_)))
    assert (failed(kind), timed("count")) == (before[0] + 1, before[1] + 1)
