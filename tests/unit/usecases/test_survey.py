"""What lies in the database and on the disk comes into the metrics, and not too often."""

import asyncio
import shutil
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from builders import MOBILE
from customers import Customer, OpenHouse, Order
from depesche import metrics
from depesche.store import queue
from depesche.usecases import survey as module
from depesche.usecases.survey import Survey
from watching import counted

pytestmark = pytest.mark.anyio


def deliveries(state: str = "waiting") -> float:
    return counted("depesche_deliveries", channel="sms", state=state)


def oldest(state: str = "waiting") -> float:
    return counted("depesche_oldest_seconds", channel="sms", state=state)


async def test_what_waits_is_counted_and_how_late_it_is(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(Order())
    await customer.send(Order(text="Später", send_at=opened.clock() + timedelta(hours=1)))
    opened.clock.forward(seconds=90)
    await Survey(opened.house).refresh()
    assert (deliveries(), oldest()) == (2, 90)
    assert (deliveries("ready"), oldest("ready")) == (0, 0)


async def test_what_is_due_later_is_not_late(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(Order(send_at=opened.clock() + timedelta(hours=1)))
    await Survey(opened.house).refresh()
    assert (deliveries(), oldest()) == (1, 0)


async def test_a_channel_that_is_empty_again_has_none(opened: OpenHouse, customer: Customer) -> None:
    metrics.DELIVERIES.labels("sms", "held").set(7)
    await Survey(opened.house).refresh()
    assert deliveries("held") == 0
    assert '"sms",state="held"' in metrics.page().decode()


async def test_what_was_just_found_is_good_for_a_while(
    opened: OpenHouse, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = Survey(opened.house)
    await survey.refresh()
    await customer.send(Order())
    await survey.refresh()
    assert deliveries() == 0
    survey._good_until = 0
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
    await survey.refresh()
    assert deliveries() == 1


async def test_what_takes_long_to_find_is_good_for_longer(opened: OpenHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    threading.Timer(0.1, gate.set).start()

    def slow(connection: sa.Connection) -> list[object]:
        del connection
        gate.wait(5)
        return []

    monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(queue, "depths", slow)
    survey = Survey(opened.house)
    await survey.refresh()
    assert survey._good_until - asyncio.get_running_loop().time() > 1


async def test_a_database_that_does_not_tell_leaves_no_old_numbers_behind(
    opened: OpenHouse, customer: Customer
) -> None:
    await customer.send(Order())
    survey = Survey(opened.house)
    await survey.refresh()
    assert deliveries() == 1
    survey._good_until = 0
    opened.house.database.close()
    with capture_logs() as logs:
        await survey.refresh()
    assert "depesche_deliveries{" not in metrics.page().decode()
    assert "depesche_oldest_seconds{" not in metrics.page().decode()
    assert [line["event"] for line in logs] == ["deliveries cannot be counted"]


async def test_the_disk_of_the_data_folder_is_weighed(opened: OpenHouse) -> None:
    await Survey(opened.house).refresh()
    disk = shutil.disk_usage(opened.house.settings.data)
    assert counted("depesche_disk_size_bytes") == disk.total
    assert 0 < counted("depesche_disk_free_bytes") < disk.total


async def test_no_address_gets_into_the_metrics(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(Order(recipient=MOBILE))
    await Survey(opened.house).refresh()
    assert MOBILE not in metrics.page().decode()
    assert "10001" not in metrics.page().decode()
