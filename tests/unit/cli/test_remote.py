"""What a server's answers become, and which codes end a command."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from depesche.cli import remote
from depesche.cli.common import Exit, Failed
from depesche.cli.envelope import Call, read
from depesche.cli.exchange import Address
from depesche.cli.gateway import Fax, Order, Receipt, Row
from depesche.cli.remote import Server
from depesche.fronts.soap.codec.decoder import Decoder
from depesche.fronts.soap.codec.encoder import Answer, Style, encode_answer
from depesche.fronts.soap.codec.fault import SoapVersion
from depesche.fronts.soap.codec.slots import Call as Decoded
from depesche.fronts.soap.codec.slots import FileData, Limits
from depesche.fronts.soap.operations import Operation
from depesche.model.job import Fate
from depesche.model.jobtype import JobType
from depesche.model.result import Result
from depesche.model.states import State
from depesche.model.statusfile import write

pytestmark = pytest.mark.anyio

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FATES = (
    Fate(0, "+4930123", 'a,"b', State.SENT, Result.OK, 0, 3, "Praxis Weiß", 31, AT, 1, None),
    Fate(1, "+4930124", "", State.FAILED, Result.BUSY, 0, 0, "", 0, AT, 4, None),
)
ROWS = [
    Row("+4930123", "OK", 3, "Praxis Weiß", 31, AT, 'a,"b'),
    Row("+4930124", "busy", 0, "", 0, AT, ""),
]


class Line:
    """The way to a server and back: the server's own decoder and encoder, without a network between them."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.calls: list[Decoded] = []
        self.files: list[bytes] = []

    async def exchange(self, address: Address, operation: Operation, call: Call, sent: Callable[[str], None]) -> object:
        decoder = Decoder(Limits(1 << 20, 1 << 20, 1 << 20))
        events = [event for piece in call for event in decoder.feed(piece)] + decoder.close()
        assert decoder.call is not None
        self.calls.append(decoder.call)
        self.files += [event.data for event in events if isinstance(event, FileData)]
        sent("100 %")
        answer = self._answers.pop(0)
        return read(encode_answer(operation, answer, Style.RPC, SoapVersion.SOAP_1_1, "urn:x"))


Answering = Callable[..., tuple[Server, Line]]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    def build(*answers: Answer) -> tuple[Server, Line]:
        line = Line(*answers)
        monkeypatch.setattr(remote, "exchange", line.exchange)
        return Server(Address.parse("http://fax.example"), "10001", "geheim"), line

    return build


async def test_an_order_goes_out_whole(answering: Answering, tmp_path: Path) -> None:
    letter, recipients = tmp_path / "brief.pdf", tmp_path / "liste.csv"
    letter.write_bytes(b"%PDF-1.7")
    recipients.write_bytes(b"+4930123\r\n")
    server, line = answering(Answer(0, (7, 2, 3)))
    told: list[str] = []
    order = Order(JobType.FAX, "", recipients, "Grüße", (letter, letter), AT, "STATIONID=Muster;FLASHSMS")
    assert await server.submit(order, told.append) == Receipt(0, 7, 2, 3)
    (call,) = line.calls
    assert (call.texts["Account"], call.texts["Password"], call.numbers["JobType"]) == ("10001", "geheim", 0)
    assert (call.texts["SendText"], call.texts["Options"]) == ("Grüße", "STATIONID=Muster;FLASHSMS")
    assert (call.texts["SendFilename1"], call.texts["SendFilename2"]) == ("brief.pdf", "brief.pdf")
    assert call.moments["SendDateTime"] == AT
    assert line.files == [b"+4930123\r\n", b"%PDF-1.7", b"%PDF-1.7"]
    assert told == ["100 %"]


async def test_a_refusal_is_a_receipt_with_its_code(answering: Answering) -> None:
    server, _ = answering(Answer(-77, (7, 1, 1)))
    order = Order(JobType.SMS, "+491713920000", None, "Hallo", (), None, "")
    assert await server.submit(order, lambda _words: None) == Receipt(-77, 7, 1, 1)


@pytest.mark.parametrize(("code", "final"), [(6, False), (0, True)])
async def test_a_job_is_in_work_or_finished(answering: Answering, code: int, final: bool) -> None:
    server, _ = answering(Answer(code, ("", None, "", b"")))
    assert (await server.stage(7)).final is final


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
async def test_the_status_file_becomes_rows(answering: Answering, encoding: str) -> None:
    server, _ = answering(Answer(0, ("multi", AT, "", write(FATES, JobType.FAX, encoding))))
    assert await server.rows(7) == ROWS


@pytest.mark.parametrize("file", [b"", b"\x00\x01", b'"A","B"\r\n', b'"RECIPIENT"\r\n"1"\r\n'])
async def test_a_status_file_that_is_none_is_told(answering: Answering, file: bytes) -> None:
    server, _ = answering(Answer(0, ("OK", AT, "", file)))
    with pytest.raises(Failed, match="StatusFile is not understood") as told:
        await server.rows(7)
    assert told.value.code is Exit.NO_ANSWER


async def test_a_short_or_strange_row_is_read_as_far_as_it_goes(answering: Answering) -> None:
    head = write((), JobType.FAX, "utf-8")
    server, _ = answering(Answer(0, ("OK", AT, "", head + b'"+49","FAX","OK","","viele","gestern"\r\n')))
    assert await server.rows(7) == [Row("+49", "OK")]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "no account of this number"),
        (2, "password is wrong"),
        (3, "trial is over"),
        (4, "locked"),
        (5, "job 7: there is no such job"),
        (99, "99"),
    ],
)
async def test_a_job_that_may_not_be_asked_for_is_told(answering: Answering, code: int, words: str) -> None:
    server, _ = answering(Answer(code, ("", None, "", b"")))
    with pytest.raises(Failed, match=words):
        await server.stage(7)


async def test_the_inbox_shows_the_oldest(answering: Answering) -> None:
    server, _ = answering(
        Answer(0, (5, "+4930", AT, "+4940", "Weiß", 2, b"II*\0")), Answer(5, (0, "", None, "", "", 0, b""))
    )
    assert await server.faxes(10) == [Fax(5, "+4930", AT, "+4940", "Weiß", 2)]
    assert await server.faxes(10) == []


async def test_only_the_oldest_can_be_fetched(answering: Answering) -> None:
    oldest = Answer(0, (5, "+4930", AT, "", "", 1, b"II*\0"))
    server, _ = answering(oldest, oldest, oldest)
    for wanted in (None, 5):
        found = await server.fetch(wanted)
        assert found is not None
        assert found[1] == b"II*\0"
    with pytest.raises(Failed, match="oldest fax, 5"):
        await server.fetch(6)


@pytest.mark.parametrize(("code", "deleted"), [(0, True), (5, False)])
async def test_a_fax_is_deleted_or_is_not_there(answering: Answering, code: int, deleted: bool) -> None:
    server, line = answering(Answer(code))
    assert await server.delete(2**40) is deleted
    assert line.calls[0].numbers["FaxId"] == 2**40


async def test_an_inbox_that_may_not_be_opened_is_told(answering: Answering) -> None:
    server, _ = answering(Answer(2, (0, "", None, "", "", 0, b"")), Answer(4))
    with pytest.raises(Failed, match="password is wrong"):
        await server.fetch(None)
    with pytest.raises(Failed, match="locked"):
        await server.delete(5)


async def test_a_job_is_cancelled(answering: Answering) -> None:
    server, line = answering(Answer(0))
    await server.cancel(7)
    assert line.calls[0].numbers["JobId"] == 7


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "done already"),
        (-1, "password is wrong"),
        (-2, "no such job of this account"),
        (-3, "locked"),
        (9, "code 9"),
    ],
)
async def test_a_job_that_is_not_cancelled_is_told_with_its_reason(answering: Answering, code: int, words: str) -> None:
    server, _ = answering(Answer(code))
    with pytest.raises(Failed, match=f"job 7 is not cancelled: .*{words}"):
        await server.cancel(7)
