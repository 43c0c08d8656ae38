"""The server is killed in the middle of its work: what it answered is there, and comes to an end."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path

import pytest

from serving import Serving
from soapcall import call

CLIENTS = 8
ORDERS = 200
ORDER_SECONDS = 120
FINAL_SECONDS = 90

LOGIN = {"Account": "10001", "Password": "demo"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path / "data", DEPESCHE_DISPATCH__FAX_CALLS="2").start()
    yield serving
    assert serving.stop() == 0


class Orders:
    """What clients were told, and the count that says when to pull the plug."""

    def __init__(self) -> None:
        self.accepted: set[int] = set()
        self.answers = 0
        self.losses: list[str] = []
        """Connections that broke: what the kill does to each client."""

        self.refusals: list[str] = []
        """Answers that are no acceptance: there must be none."""

        self._lock = threading.Lock()
        self._next = 0

    def take(self) -> int | None:
        with self._lock:
            self._next += 1
            return self._next if self._next <= ORDERS else None

    def answered(self, job_id: int) -> None:
        with self._lock:
            self.accepted.add(job_id)
            self.answers += 1


def _client(base_url: str, orders: Orders) -> None:
    """Order until the server is gone or says no: every fourth a fax, the others SMS."""
    while (number := orders.take()) is not None:
        try:
            answer = _order(base_url, number)
            assert answer["return"] == "0", answer
        except (OSError, HTTPException) as error:
            return orders.losses.append(f"order {number}: {error!r}")
        except AssertionError as error:
            return orders.refusals.append(f"order {number}: {error}")
        orders.answered(int(answer["JobId"]))
    return None


def _order(base_url: str, number: int) -> dict[str, str]:
    is_fax = number % 4 == 0
    return call(
        base_url,
        "SendJob",
        **LOGIN,
        JobType=0 if is_fax else 1,
        Recipient=f"{'+493023125000' if is_fax else '+491713920000'}[order-{number}]",
        SendText=f"Auftrag {number}",
    )


def _clients(base_url: str, orders: Orders) -> list[threading.Thread]:
    """They are at work already."""
    clients = [threading.Thread(target=_client, args=(base_url, orders)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    return clients


def _wait(orders: Orders, many: int, clients: Sequence[threading.Thread]) -> None:
    """Until so many orders are answered; fails with what the clients saw when that cannot be any more."""
    deadline = time.monotonic() + ORDER_SECONDS
    while orders.answers < many and any(client.is_alive() for client in clients) and time.monotonic() < deadline:
        time.sleep(0.001)
    assert orders.answers >= many, f"{orders.answers} of {many} were answered; {orders.losses + orders.refusals}"


@pytest.mark.parametrize("kill_after", [20, 90, 160])
def test_every_order_that_was_answered_survives_a_kill_and_becomes_final(server: Serving, kill_after: int) -> None:
    orders = Orders()
    clients = _clients(server.base_url, orders)
    _wait(orders, kill_after, clients)
    server.kill()
    for client in clients:
        client.join(ORDER_SECONDS)
    assert not any(client.is_alive() for client in clients), "a client does not notice that the server is gone"
    assert orders.refusals == []
    assert len(orders.accepted) == orders.answers >= kill_after

    server.start()
    results = _results(server.base_url, orders.accepted)
    assert set(results) == orders.accepted
    assert set(results.values()) == {"OK"}
    _nothing_went_out_twice(server.data)


def test_where_nobody_answers_the_wait_ends_and_tells_what_clients_saw() -> None:
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        orders = Orders()
        clients = _clients(f"http://127.0.0.1:{bound.getsockname()[1]}", orders)
        with pytest.raises(AssertionError, match=r"0 of 1 were answered.*ConnectionRefusedError"):
            _wait(orders, 1, clients)


def _results(base_url: str, jobs: set[int]) -> dict[int, str]:
    """The result of each job, when all are final."""
    results: dict[int, str] = {}
    deadline = time.monotonic() + FINAL_SECONDS
    while len(results) < len(jobs) and time.monotonic() < deadline:
        for job in sorted(jobs - results.keys()):
            answer = call(base_url, "JobStatus", **LOGIN, JobId=job)
            assert answer["return"] in ("0", "6"), f"job {job} was answered and is not there"
            if answer["return"] == "0":
                results[job] = answer["SendResult"]
        time.sleep(0.2)
    return results


def _nothing_went_out_twice(data: Path) -> None:
    """Each delivery of an SMS left one file in the outbox, whatever attempt it was."""
    deliveries = [path.name.partition("-")[0] for path in (data / "outbox" / "sms").glob("*.json")]
    assert deliveries
    assert len(deliveries) == len(set(deliveries))
