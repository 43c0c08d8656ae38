"""Files made to do harm: each gets its code in time, and nobody else notices."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract import hostile
from contract.conftest import sender
from contract.hostile import Hostile
from depesche.config import Render
from documents import pdf, words
from listening import listening
from offices import odt
from processes import Watch, descendants, named, warm
from serving import Serving

SECONDS = 4
"""That converters get for an order."""

BOUND = 20
"""Seconds within which every order is answered, however busy the machine is."""

MORE = 96 << 20
"""Octets that the server may grow by: it is busy with good orders meanwhile."""

KINDS: dict[str, Callable[[], Iterator[Hostile]]] = {
    kind.__name__: kind for kind in (hostile.bombs, hostile.loops, hostile.liars, hostile.fonts, hostile.truncated)
}


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """As small a memory as may be set for converters, and little time."""
    data = tmp_path_factory.mktemp("hostile") / "data"
    serving = Serving(data, DEPESCHE_RENDER__SECONDS=str(SECONDS), DEPESCHE_RENDER__MEMORY=str(352 << 20)).start()
    yield serving
    assert serving.stop() == 0


class Others:
    """A customer with good documents, who orders without a pause and never hears a wrong answer."""

    def __init__(self, send: Callable[..., dict[str, str]]) -> None:
        self._send = send
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._order)
        self.answers: list[tuple[dict[str, str], float]] = []

    def __enter__(self) -> "Others":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _order(self) -> None:
        number = 0
        while not number or not self._done.wait(0.2):
            number += 1
            begun = time.monotonic()
            document = pdf(words(f"Brief {number}, {begun}"))
            answer = self._send(Account="10002", **_fax("brief.pdf", document))
            self.answers.append((answer, time.monotonic() - begun))


def _fax(name: str, data: bytes) -> dict[str, Any]:
    return {"JobType": 0, "Recipient": "+493023125000", "SendText": "", "SendFilename1": name, "SendFile1": data}


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) << 10


@pytest.mark.parametrize("kind", KINDS)
def test_each_has_its_code_in_time_and_nobody_else_notices(besieged: Serving, kind: str) -> None:
    assert sender(besieged)(**_fax("warm.pdf", pdf(words(f"warm {kind}"))))["return"] == "0"
    _besiege(besieged, KINDS[kind](), BOUND)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Serving]:
    """As `besieged`, with time enough for another LibreOffice to start in it."""
    memory = str(352 << 20)
    serving = Serving(tmp_path / "data", DEPESCHE_RENDER__SECONDS="15", DEPESCHE_RENDER__MEMORY=memory).start()
    yield serving
    assert serving.stop() == 0


def test_office_documents_have_their_codes_too_and_nothing_is_fetched_or_written(
    office: Serving, tmp_path: Path
) -> None:
    (tmp_path / "kanarie.txt").write_text("Kanarienvogel")
    (tmp_path / "kanarie.odt").write_bytes(odt("Kanarienvogel"))
    send = sender(office)
    while send(**_fax("warm.odt", odt(f"warm {time.monotonic()}")))["return"] != "0":
        pass
    with listening() as (port, asked):
        _besiege(office, hostile.office(tmp_path, port), 2 * BOUND)
    assert asked == []
    assert not (tmp_path / "geschrieben").exists()
    assert send(**_fax("danach.odt", odt("danach")))["return"] == "0"
    assert sum(named(pid) == "soffice.bin" for pid in descendants(office.pid)) <= Render().workers


def _besiege(serving: Serving, files: Iterable[Hostile], bound: float) -> None:
    send = sender(serving)
    family, before = descendants(serving.pid), _resident(serving.pid)
    wrong = []
    with Others(send) as others:
        for file in files:
            begun = time.monotonic()
            answer = send(**_fax(file.name, file.data))
            code, pages, took = int(answer["return"]), int(answer["PageCount"]), time.monotonic() - begun
            if code not in file.codes or (code == 0 and pages != file.pages) or took > bound:
                wrong.append((file.name, code, pages, round(took, 1)))
    assert not wrong, "\n".join(map(str, wrong))
    assert others.answers
    assert {(answer["return"], answer["PageCount"]) for answer, _ in others.answers} == {("0", "1")}
    assert max(took for _, took in others.answers) < bound
    assert _resident(serving.pid) - before < MORE
    new = descendants(serving.pid) - family
    assert Watch(pid for pid in new if not warm(pid)).all_end(), "a converter is left"
