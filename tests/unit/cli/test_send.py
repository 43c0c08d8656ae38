"""What `send` makes of its command line, before anybody is asked."""

import re
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from depesche.cli import reach
from depesche.cli.common import Exit, Failed
from depesche.cli.gateway import Order, Receipt, Row, Stage
from depesche.cli.main import app
from depesche.cli.reach import Target
from depesche.model.jobtype import JobType

TO = "+493023125000"


class Taker:
    """Takes an order, and goes through stages with it."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.receipt = Receipt(0, 7, 1, 1)
        self.stages = [Stage("sending"), Stage("finished", final=True)]
        self.recipients = [Row(TO, "OK")]

    async def submit(self, order: Order, sent: Callable[[str], None]) -> Receipt:
        sent("100 %")
        self.orders.append(order)
        return self.receipt

    async def stage(self, job_id: int) -> Stage:
        assert job_id == 7
        return self.stages.pop(0) if len(self.stages) > 1 else self.stages[0]

    async def rows(self, job_id: int) -> list[Row]:
        assert job_id == 7
        return self.recipients


@pytest.fixture
def taker(monkeypatch: pytest.MonkeyPatch) -> Taker:
    made = Taker()

    def reached(target: Target) -> nullcontext[Taker]:
        return nullcontext(made)

    for name in ("server", "folder"):
        monkeypatch.setattr(reach, name, reached)
    for name in ("SERVER", "CONFIG", "DATA", "ACCOUNT"):
        monkeypatch.delenv(f"DEPESCHE_{name}", raising=False)
    return made


@pytest.fixture
def letter(tmp_path: Path) -> str:
    path = tmp_path / "brief.pdf"
    path.write_bytes(b"%PDF-1.7")
    return str(path)


def send(*arguments: str, stdin: str | bytes = "") -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    done = CliRunner().invoke(app, ["send", *arguments], input=stdin, catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def test_a_file_is_sent_as_a_fax(taker: Taker, letter: str) -> None:
    code, shown, _ = send(letter, "--to", TO)
    assert code == Exit.DONE
    assert TO in shown
    assert taker.orders == [Order(JobType.FAX, TO, None, "", (Path(letter),), None, "")]


def test_recipients_and_files_keep_their_order(taker: Taker, letter: str) -> None:
    send(letter, letter, letter, "--to", f"{TO}[a,b]", "--to", "+4930124")
    assert taker.orders[0].recipients == f"{TO}[a,b],+4930124"
    assert len(taker.orders[0].files) == 3


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("fax", JobType.FAX),
        ("mail", JobType.MAIL),
        ("letter", JobType.LETTER),
        ("letter-colour", JobType.LETTER_COLOUR),
        ("qsign", JobType.QSIGN),
    ],
)
def test_the_type_is_a_word(taker: Taker, letter: str, word: str, kind: JobType) -> None:
    send(letter, "--to", "eva@sandbox.invalid", "--type", word)
    assert taker.orders[0].type is kind


def test_a_letter_needs_no_recipient(taker: Taker, letter: str) -> None:
    assert send(letter, "--type", "letter")[0] == Exit.DONE


def test_text_may_come_from_standard_input(taker: Taker) -> None:
    send("--type", "sms", "--to", TO, "--text", "-", stdin="\ufeffGrüße\nzwei")
    assert taker.orders[0].text == "Grüße\nzwei"


def test_named_switches_become_options(taker: Taker, letter: str) -> None:
    named = ("--station-id", "Praxis Weiß", "--header", "Kopf", "--retries", "0", "--option", "FLASHSMS")
    send(letter, "--to", TO, *named)
    assert taker.orders[0].options == "FLASHSMS;STATIONID=Praxis Weiß;FAXHEADER=Kopf;FAXRETRY=0"


def test_an_unknown_switch_is_sent_and_told(taker: Taker, letter: str) -> None:
    _, _, told = send(letter, "--to", TO, "--option", "FAXRETY=3")
    assert taker.orders[0].options == "FAXRETY=3"
    assert "FAXRETY" in told


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-08-01T22:00:00+02:00", datetime(2030, 8, 1, 20, 0, tzinfo=UTC)),
        ("2030-08-01 22:00Z", datetime(2030, 8, 1, 22, 0, tzinfo=UTC)),
        ("2030-08-01 22:00", datetime(2030, 8, 1, 22, 0).astimezone()),
    ],
)
def test_a_time_is_of_this_machine_unless_it_says_otherwise(
    taker: Taker, letter: str, text: str, moment: datetime
) -> None:
    code, shown, _ = send(letter, "--to", TO, "--at", text)
    assert (code, shown.strip()) == (Exit.DONE, "7")
    assert taker.orders[0].send_at == moment


def test_a_scheduled_order_is_waited_for_only_if_asked(taker: Taker, letter: str) -> None:
    _, shown, _ = send(letter, "--to", TO, "--at", "2030-08-01", "--wait")
    assert "OK" in shown


def test_without_waiting_the_job_id_is_all_there_is(taker: Taker, letter: str) -> None:
    code, shown, told = send(letter, "--to", TO, "--no-wait")
    assert (code, shown) == (Exit.DONE, "7\n")
    assert "accepted: 1 recipient, 1 page" in told


def test_stages_are_told_aside_and_the_result_is_the_output(taker: Taker, letter: str) -> None:
    _, shown, told = send(letter, "--to", TO)
    assert told.splitlines() == ["handing over the order", "job 7 accepted: 1 recipient, 1 page", "sending", "finished"]
    assert "sending" not in shown


@pytest.mark.parametrize("result", ["busy", "Blacklist", "Canceled", "unknown"])
def test_one_recipient_that_is_not_ok_is_enough_to_fail(taker: Taker, letter: str, result: str) -> None:
    taker.recipients.append(Row("+4930124", result))
    assert send(letter, "--to", TO)[0] == Exit.FAILED


def test_a_refused_order_has_its_own_exit_code(taker: Taker, letter: str) -> None:
    taker.receipt = Receipt(-77, 5, 1, 1)
    code, shown, told = send(letter, "--to", TO)
    assert (code, shown) == (Exit.REFUSED, "")
    assert "-77 DOUBLE" in told
    assert "(job 5)" in told


def test_who_has_to_decide_is_told_how(taker: Taker, letter: str) -> None:
    taker.stages = [Stage("nobody knows how it ended", undecided=True)]
    taker.recipients = [Row(TO, "unknown")]
    code, _, told = send(letter, "--to", TO, "--data", "there")
    assert code == Exit.FAILED
    assert "job show 7 --data there`" in told
    assert "job resolve --help`" in told


def test_a_wait_may_have_an_end(taker: Taker, letter: str) -> None:
    taker.stages = [Stage("sending")]
    code, _, told = send(letter, "--to", TO, "--timeout", "0.01")
    assert code == Exit.FAILED
    assert "job 7 is not final after 0.01 seconds" in told


@pytest.mark.parametrize(
    ("where", "again"),
    [
        ((), ""),
        (("--account", "20001"), " --account 20001"),
        (("--server", "http://fax.example:8080"), " --server http://fax.example:8080"),
        (("--data", "my data", "--account", "20001"), " --data 'my data'"),
    ],
)
def test_what_can_be_done_later_is_told_as_commands_that_go_where_the_order_went(
    taker: Taker, letter: str, where: tuple[str, ...], again: str
) -> None:
    taker.stages = [Stage("sending")]
    _, _, told = send(letter, "--to", TO, "--timeout", "0.01", *where)
    printed = re.findall("`([^`]+)`", told)
    assert [line.partition(" job ")[2] for line in printed] == [f"show 7{again}", f"cancel 7{again}"]


def test_a_gateway_that_does_not_answer_ends_it(taker: Taker, letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(order: Order, sent: Callable[[str], None]) -> Receipt:
        raise Failed("nothing answers", Exit.NO_ANSWER)

    monkeypatch.setattr(taker, "submit", nobody)
    code, _, told = send(letter, "--to", TO)
    assert code == Exit.NO_ANSWER
    assert told.endswith("error: nothing answers\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--text", "x"), "to whom"),
        (("--to", TO), "what is to be sent"),
        (("--to", TO, "--text", " \n"), "what is to be sent"),
        (("--to", TO, "--type", "sms"), "an SMS is a --text"),
        (("LETTER", "--to", TO, "--type", "sms", "--text", "x"), "without files"),
        (("--type", "letter", "--text", "x"), "Give a file"),
        (("--type", "qsign", "--to", "a@b.de", "--text", "x"), "Give a file"),
        (("LETTER", "LETTER", "LETTER", "LETTER", "--to", TO), "at most 3 files"),
        (("LETTER", "--to", TO, "--recipients", "LETTER"), "not both"),
        (("LETTER", "--to", TO, "--at", "morgen"), "that is no time"),
        (("LETTER", "--to", TO, "--at", "0001-01-01"), "that is no time"),
        (("LETTER", "--to", TO, "--station-id", "a;b"), "semicolon"),
        (("LETTER", "--to", TO, "--server", "x", "--data", "y"), "not both"),
        (("--to", TO, "--text", "-", "--password-stdin"), "standard input"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_told(
    taker: Taker, letter: str, arguments: tuple[str, ...], words: str
) -> None:
    code, _, told = send(*(letter if word == "LETTER" else word for word in arguments))
    assert (code, taker.orders) == (Exit.USAGE, [])
    assert words in told


def test_text_that_is_not_utf_8_is_told(taker: Taker) -> None:
    code, _, told = send("--to", TO, "--text", "-", stdin="Grüße".encode("latin-1"))
    assert (code, taker.orders) == (Exit.USAGE, [])
    assert "not UTF-8" in told


@pytest.mark.parametrize("arguments", [("nowhere.pdf", "--to", TO), ("--retries", "11"), ("--type", "telex")])
def test_what_no_order_can_have_is_told(taker: Taker, arguments: tuple[str, ...]) -> None:
    assert send(*arguments)[0] == Exit.USAGE
