"""Workers that are killed again and again lose nothing and send nothing twice; ``make crash`` does it at length."""

import random
from pathlib import Path

from crash.places import Nodes, OneProcess
from crash.proof import Figures, prove
from installation import Installation

SEED = 20261125


def shown(figures: Figures) -> None:
    print(figures)


def test_nodes_on_postgresql(installation: Installation) -> None:
    chance = random.Random(SEED)
    nodes = Nodes(installation, chance, ("one", "two", "three"))
    figures = prove(nodes, deliveries=300, kills=5, chance=chance, tell=shown)
    assert figures.good, figures
    assert figures.sending, "nobody was killed at work"
    assert figures.resolved, "nothing was for the operator to decide"


def test_one_process_on_sqlite(tmp_path: Path) -> None:
    with OneProcess.running(tmp_path) as place:
        figures = prove(place, deliveries=240, kills=5, chance=random.Random(SEED), tell=shown)
    assert figures.good, figures
    assert figures.sending, "nobody was killed at work"
    assert figures.resolved, "nothing was for the operator to decide"
