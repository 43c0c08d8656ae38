"""The board and the rules ask for what there is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from depesche.metrics import ALL, Metric

SERIES = {name: metric for metric in ALL for name in metric.series}
OF_PROMETHEUS = {"instance", "job", "le"}

NAME = re.compile(r"\b(depesche_\w+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"(\w+) *(?:=~|!=|!~|=)")
GROUPS = re.compile(r"\b(?:by|on) \(([^)]*)\)")


def board(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "deploy/grafana/depesche.json").read_text())
    return found


def of_board(root: Path) -> Iterator[str]:
    """Every expression on it, those of its variables among them."""
    for panel in board(root)["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (one["definition"] for one in board(root)["templating"]["list"] if "definition" in one)


def of_rules(root: Path) -> Iterator[str]:
    """The expression of each rule."""
    text = (root / "deploy/prometheus/depesche.rules.yml").read_text()
    alerts = re.split(r"^ +- alert: ", text, flags=re.MULTILINE)[1:]
    for alert in alerts:
        yield alert.partition("expr:")[2].partition("labels:")[0].partition("for:")[0]


def wrong(expression: str) -> list[str]:
    """Names and labels in it that do not exist."""
    asked = NAME.findall(expression)
    known = OF_PROMETHEUS | {label for name, _ in asked if name in SERIES for label in SERIES[name].labels}
    grouped = {word.strip() for group in GROUPS.findall(expression) for word in group.split(",")}
    labels = {label for _, matchers in asked for label in LABEL.findall(matchers.replace("$", ""))}
    return [name for name, _ in asked if name not in SERIES] + sorted((grouped | labels) - known)


@pytest.mark.parametrize("where", [of_board, of_rules])
def test_every_name_and_label_exists(root: Path, where: Any) -> None:
    expressions = list(where(root))
    assert len(expressions) > 10
    assert [(one, wrong(one)) for one in expressions if wrong(one)] == []


def test_what_does_not_exist_would_be_found() -> None:
    assert wrong('sum by (chanel) (depesche_attempts_total{result="OK", way="x"})') == ["chanel", "way"]
    assert wrong("rate(depesche_soap_seconds[5m])") == ["depesche_soap_seconds"]


def test_the_board_shows_every_metric(root: Path) -> None:
    shown: set[Metric] = {SERIES[name] for one in of_board(root) for name, _ in NAME.findall(one)}
    assert {metric.name for metric in shown} == {metric.name for metric in ALL}


def test_what_is_asked_of_the_whole_installation_is_not_summed_over_its_nodes(root: Path) -> None:
    """Each node tells the same of the queue: the sum would be as many times too much as there are nodes."""
    for one in (*of_board(root), *of_rules(root)):
        for name in ("depesche_deliveries", "depesche_oldest_seconds"):
            assert not re.search(rf"sum(?: by \([^)]*\))? \(?{name}", one), one


def test_panels_have_their_own_numbers_and_places(root: Path) -> None:
    panels = board(root)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [(place["y"], place["x"]) for place in (panel["gridPos"] for panel in panels)]
    assert len(set(taken)) == len(taken)


def test_every_rule_says_how_urgent_it_is_and_what_is_wrong(root: Path) -> None:
    text = (root / "deploy/prometheus/depesche.rules.yml").read_text()
    for word in (r"labels: \{severity: (?:page|ticket)\}", "summary: "):
        assert len(re.findall(word, text)) == text.count("- alert: ")
