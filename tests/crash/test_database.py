"""A PostgreSQL server that dies and comes back, and connections that are cut, under a node at work."""

import signal
import time

from crash.faults import Customer, accepted, all_is_well, until
from installation import Installation

CUT = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"
RESTARTS = 3
CUTS = 15


def test_a_server_that_dies_and_comes_back(installation: Installation) -> None:
    node = installation.node("node")
    with Customer(node.base_url) as customer:
        for number in range(1, RESTARTS + 1):
            until(lambda wanted=number * 5: customer.answered("0", wanted))  # type: ignore[misc]
            installation.server.stop(signal.SIGQUIT)
            try:
                until(lambda wanted=number: customer.answered("-4", wanted))  # type: ignore[misc]
            finally:
                installation.server.start()
        until(lambda: customer.answered("0", (RESTARTS + 1) * 5))
    assert set(customer.codes) == {"0", "-4"}
    accepted(node.base_url)
    all_is_well(installation, customer.accepted)


def test_connections_that_are_cut_again_and_again(installation: Installation) -> None:
    node = installation.node("node")
    cut = 0
    with Customer(node.base_url) as customer:
        until(lambda: customer.answered("0", 5))
        for _ in range(CUTS):
            time.sleep(0.2)
            cut += int(installation.server.psql(CUT.format(installation.database)))
        until(lambda: customer.answered("0", 20))
    assert cut >= CUTS
    assert set(customer.codes) <= {"0", "-4"}
    accepted(node.base_url)
    all_is_well(installation, customer.accepted)
