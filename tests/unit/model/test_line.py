"""Lines: what may be set up, how numbers are written and read, what a route is."""

from dataclasses import replace
from decimal import Decimal

import pytest

from depesche.model.line import T38, BadLine, Dialled, Law, Line, Route, Transport, split

LINE = Line("telekom", "tel.t-online.de", user="+493023125100")


@pytest.mark.parametrize(
    ("dialled", "abroad", "at_home"),
    [
        (Dialled.PLUS, "+41443023125", "+493023125000"),
        (Dialled.DIGITS, "41443023125", "493023125000"),
        (Dialled.ZEROS, "0041443023125", "00493023125000"),
        (Dialled.NATIONAL, "0041443023125", "03023125000"),
    ],
)
def test_numbers_are_written_as_the_line_wants_them(dialled: Dialled, abroad: str, at_home: str) -> None:
    line = replace(LINE, dialled=dialled)
    assert line.written("+41443023125") == abroad
    assert line.written("+493023125000") == at_home
    for number in ("+41443023125", "+493023125000"):
        assert line.read(line.written(number)) == number


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("+49 (30) 23125-000", "+493023125000"),
        ("030/23125 000", "+493023125000"),
        ("00493023125000", "+493023125000"),
        ("493023125000", "+493023125000"),
        ("fax", "fax"),
        ("", ""),
        ("\N{FULLWIDTH DIGIT ONE}23", "\N{FULLWIDTH DIGIT ONE}23"),
    ],
)
def test_numbers_are_read_however_they_are_written(written: str, meant: str) -> None:
    assert LINE.read(written) == meant


def test_its_numbers_may_be_a_range() -> None:
    line = replace(LINE, numbers=("+493023125100", "+4930231252*"))
    assert [line.has(number) for number in ("+493023125100", "+4930231251001", "+49302312520", "+493023124")] == [
        True, False, True, False,
    ]  # fmt: skip


def test_a_price_is_that_of_the_longest_prefix() -> None:
    line = replace(LINE, routes=tuple(map(Route.parse, ("+49=0.010", "+4930=0.008", "+1"))))
    prices = {"+4930": Decimal("0.008"), "+4940": Decimal("0.010"), "+1202": Decimal(0), "+44": None}
    assert {number: line.price(number) for number in prices} == prices
    assert LINE.price("+44") == 0
    assert [str(route) for route in line.routes] == ["+49=0.010", "+4930=0.008", "+1"]


@pytest.mark.parametrize("text", ["49", "+49=", "+49=1,5", "+49=-1", "=1", "+49=1.0000000", "+4a"])
def test_what_is_no_route_is_refused(text: str) -> None:
    if text == "+49=":
        assert Route.parse(text) == Route("+49")
    else:
        with pytest.raises(BadLine, match="no route"):
            Route.parse(text)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"name": "Telekom"}, "a name is"),
        ({"name": "-"}, "a name is"),
        ({"host": "a b"}, "no host"),
        ({"host": ""}, "no host"),
        ({"host": "x" * 300}, "no host"),
        ({"port": 70000}, "no port"),
        ({"user": ""}, "--user"),
        ({"channels": 0}, "channels"),
        ({"laws": ()}, "pcma"),
        ({"ring_seconds": 4}, "rings"),
        ({"country": "0"}, "calling code"),
        ({"proxy": "a b:5060"}, "no host"),
        ({"numbers": ("030",)}, "no number"),
        ({"numbers": ("*",)}, "no number"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(values: dict[str, object], why: str) -> None:
    with pytest.raises(BadLine, match=why):
        replace(LINE, **values).checked()  # type: ignore[arg-type]


def test_it_survives_the_database() -> None:
    line = Line(
        "gateway", "[2001:db8::1]", 5061, Transport.TLS, register=False, numbers=("+4930*",), laws=(Law.PCMU,),
        t38=T38.PREFER, routes=(Route("+49", "0.01"),),
    )  # fmt: skip
    assert line.checked() == Line.of_json("gateway", line.as_json())
    assert Line.of_json("old", {"host": "a.example", "user": "x", "gone": 1}) == Line("old", "a.example", user="x")


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("sip.example.net", ("sip.example.net", 0)),
        ("sip.example.net:5070", ("sip.example.net", 5070)),
        ("[::1]:5070", ("::1", 5070)),
        ("[::1]", ("::1", 0)),
        ("::1", ("::1", 0)),
    ],
)
def test_a_place_is_a_host_and_perhaps_a_port(place: str, parts: tuple[str, int]) -> None:
    assert split(place) == parts


def test_callers_are_taken_or_not() -> None:
    open_, chosen = Line("a", "h"), Line("a", "h", allowed=("+4930*", "+498955"), denied=("+493055*",))
    assert all(open_.takes(caller) for caller in ("+4930231", "sip", ""))
    taken = {caller: chosen.takes(caller) for caller in ("+4930231", "+4930551", "+498955", "+4989551", "")}
    assert taken == {"+4930231": True, "+4930551": False, "+498955": True, "+4989551": False, "": False}
    assert Line("a", "h", allowed=("withheld",)).takes("")
    assert not Line("a", "h", denied=("withheld",)).takes("")


@pytest.mark.parametrize("nodes", range(1, 8))
def test_its_channels_are_shared_out_and_one_node_registers(nodes: int) -> None:
    for name, channels in (("telekom", 1), ("gateway", 2), ("carrier", 30)):
        line = Line(name, "h", user="u", channels=channels)
        shares = [line.share(place, nodes) for place in range(nodes)]
        assert sum(share.channels for share in shares) == channels
        assert max(share.channels for share in shares) - min(share.channels for share in shares) <= 1
        [registers] = [share for share in shares if share.register]
        assert registers.channels == max(share.channels for share in shares)
        assert not any(replace(line, register=False).share(place, nodes).register for place in range(nodes))
