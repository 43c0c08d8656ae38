"""What is counted has a name, a meaning and few labels."""

import re

import pytest

from depesche import __version__, metrics
from depesche.metrics import ALL, Metric

SUFFIXES = {"counter": ("_total",), "histogram": ("_seconds",)}
OF_CUSTOMERS = {"account", "number", "address", "recipient", "reference", "url", "host", "job", "customer"}


def _page() -> str:
    return metrics.page().decode()


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_a_metric_is_named_as_prometheus_wants_and_says_what_it_means(metric: Metric) -> None:
    assert re.fullmatch(r"depesche_[a-z_]+", metric.name)
    assert metric.name.endswith(SUFFIXES.get(metric.kind, ""))
    assert metric.meaning.endswith(".")
    assert OF_CUSTOMERS.isdisjoint(metric.labels)


def test_no_name_is_used_twice() -> None:
    names = [name for metric in ALL for name in metric.series]
    assert len(names) == len(set(names))


def test_the_page_has_them_all_with_their_kinds_and_the_process_itself() -> None:
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", _page(), re.MULTILINE))
    assert {metric.name: metric.kind for metric in ALL}.items() <= kinds.items()
    others = kinds.keys() - {metric.name for metric in ALL}
    assert {name.partition("_")[0] for name in others} == {"process"}


def test_what_runs_is_told() -> None:
    assert re.search(rf'^depesche_build_info{{.*version="{re.escape(__version__)}".*}} 1.0$', _page(), re.MULTILINE)


def test_a_callback_that_fails_for_the_first_time_is_seen_to_rise() -> None:
    for outcome in ("ok", "failed", "given_up"):
        assert f'depesche_callbacks_total{{outcome="{outcome}"}}' in _page()
