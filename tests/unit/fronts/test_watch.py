"""A real server, seen by those who watch over it."""

import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from peers import ports
from processes import descendants
from serving import Serving
from soapcall import call
from watching import Watched, get

SECONDS = 30
LOGIN = {"Account": "10001", "Password": "demo"}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with Watched.running(tmp_path_factory.mktemp("watched") / "data", DEPESCHE_WEB__CONNECTIONS="2") as running:
        yield running


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_order_is_counted_on_all_its_way(watched: Watched) -> None:
    series = (
        'depesche_soap_seconds_count{code="0",operation="SendJob"}',
        'depesche_jobs_accepted_total{channel="fax"}',
        'depesche_recipients_accepted_total{channel="fax"}',
        'depesche_render_seconds_count{task="fax"}',
        'depesche_attempts_total{channel="fax",result="OK"}',
    )
    before = [watched.value(one) for one in series]
    sent = call(
        watched.serving.base_url, "SendJob", **LOGIN, JobType=0, Recipient="+493023125200", SendText="Guten Tag"
    )
    assert sent["return"] == "0"
    until(lambda: watched.value(series[-1]) == before[-1] + 1)
    assert [watched.value(one) for one in series] == [number + 1 for number in before]
    assert watched.value('depesche_database_seconds_count{kind="write"}') > 0
    assert watched.value('depesche_line_places{channel="fax"}') == 8
    until(lambda: watched.value('depesche_deliveries{channel="fax",state="ready"}') == 0)


def test_a_refusal_is_counted_by_its_code(watched: Watched) -> None:
    series = 'depesche_soap_seconds_count{code="-2",operation="SendJob"}'
    before = watched.value(series)
    call(watched.serving.base_url, "SendJob", Account="99999", Password="x", JobType=1)
    assert watched.value(series) == before + 1


def test_what_is_scheduled_is_seen_to_wait(watched: Watched) -> None:
    later = {"JobType": 1, "Recipient": "+491713920000", "SendText": "Später", "SendDateTime": "2099-01-01T00:00:00Z"}
    assert call(watched.serving.base_url, "SendJob", **LOGIN, **later)["return"] == "0"
    until(lambda: watched.value('depesche_deliveries{channel="sms",state="waiting"}') == 1)
    assert watched.value('depesche_oldest_seconds{channel="sms",state="waiting"}') == 0


def test_metrics_are_for_the_operations_port_alone_and_health_is_on_both(watched: Watched) -> None:
    assert get(watched.public, "/metrics")[0] == 404
    for netloc in (watched.public, watched.operations):
        assert get(netloc, "/healthz") == (200, "ok\n")
    well = dict.fromkeys(("database", "migrations", "blobs", "renderer"), "ok")
    until(lambda: watched.ready() == (200, well))
    assert watched.ready(watched.public) == (200, well)


def test_nothing_of_the_interface_is_on_the_operations_port(watched: Watched) -> None:
    for path in ("/", "/xmlws.exe", "/xmlws.exe?wsdl"):
        assert get(watched.operations, path)[0] == 404


def test_health_is_answered_though_every_connection_is_taken(watched: Watched) -> None:
    host, port = watched.public.split(":")
    half = b"POST /xmlws.exe HTTP/1.1\r\nHost: h\r\nContent-Type: text/xml\r\nContent-Length: 9\r\n\r\n<"
    busy = [socket.create_connection((host, int(port)), timeout=SECONDS) for _ in range(2)]
    for connection in busy:
        connection.sendall(half)
    until(lambda: get(watched.public, "/nothing")[0] == 503)
    assert get(watched.public, "/healthz")[0] == 200
    assert watched.ready(watched.public)[0] == 200
    assert get(watched.public, "/healthz?")[0] == 503
    for connection in busy:
        connection.close()
    until(lambda: get(watched.public, "/nothing")[0] == 404)


def test_a_node_is_not_ready_while_its_renderer_is_down_and_ready_again_with_the_next(watched: Watched) -> None:
    until(lambda: watched.ready()[0] == 200)

    def seen_cold() -> bool:
        for pid in descendants(watched.serving.pid):  # none of them lives until it is warm
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        code, parts = watched.ready()
        return code == 503 and parts["renderer"] != "ok"

    until(seen_cold)
    assert get(watched.operations, "/healthz")[0] == 200
    until(lambda: watched.ready()[0] == 200)


def test_a_node_is_not_ready_while_its_database_is_away(tmp_path: Path) -> None:
    with Watched.running(tmp_path / "data") as watched:
        until(lambda: watched.ready()[0] == 200)
        database = watched.serving.data / "depesche.db"
        database.rename(tmp_path / "away.db")
        until(lambda: watched.ready()[1]["database"] == "not reached")
        assert watched.ready(watched.public)[0] == 503
        assert get(watched.public, "/healthz")[0] == 200
        (tmp_path / "away.db").rename(database)
        until(lambda: watched.ready()[0] == 200)


def test_it_is_off_unless_the_settings_say_otherwise(tmp_path: Path) -> None:
    serving = Serving(tmp_path / "data").start()
    public = serving.base_url.removeprefix("http://")
    try:
        assert get(public, "/metrics")[0] == 404
        assert get(public, "/healthz")[0] == 200
    finally:
        assert serving.stop() == 0


def test_a_port_that_is_taken_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    port = ports.one()
    told = re.escape(f"[operations] 127.0.0.1 port {port}: Address already in use")
    with socket.create_server(("127.0.0.1", port)), pytest.raises(AssertionError, match=told):
        Serving(tmp_path / "data", DEPESCHE_OPERATIONS__PORT=str(port)).start()
    assert not (tmp_path / "data").exists()
