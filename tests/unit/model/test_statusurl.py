"""STATURL: placeholders and what stands for them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from depesche.model.options import STATUS_URL_LENGTH
from depesche.model.result import Result
from depesche.model.statusurl import PLACEHOLDERS, Told, accept, fill, normal, values

BERLIN = ZoneInfo("Europe/Berlin")

TOLD = Told(
    job_id=123456,
    delivery_id=9,
    recipient="+4940123456789",
    reference="Kunde 17/ä",
    result=Result.OK,
    pages=2,
    cost=Decimal("0.07"),
    remote_id="Max Mustermann",
    ended_at=datetime(2017, 6, 1, 15, 53, 6, tzinfo=UTC),
    seconds=19,
    attempts=3,
    coding="MMR",
    bit_rate=14400,
)

EVERYTHING = "&".join(f"{name.lower()}=${name}" for name in PLACEHOLDERS)

WORDS = {
    name: f"<{name}>"
    for name in ("JID", "RCV", "STAT", "MSGS", "COST", "RID", "CID", "DATE", "TIME", "SEC", "RET", "COD", "SPD")
}


def said(**changes: Any) -> dict[str, str]:
    return values(replace(TOLD, **changes), BERLIN)


def test_there_is_a_value_for_each_placeholder_of_the_document() -> None:
    assert said() == {
        "JID": "123456",
        "RCV": "+4940123456789",
        "STAT": "OK",
        "MSGS": "2",
        "COST": "0.07",
        "RID": "Max Mustermann",
        "CID": "Kunde 17/ä",
        "DATE": "01.06.17",
        "TIME": "17:53:06",
        "SEC": "19",
        "RET": "2",
        "COD": "MMR",
        "SPD": "14400",
    }
    assert set(said()) == set(PLACEHOLDERS) == set(WORDS)


def test_the_address_of_the_documents_example_is_called_as_the_document_says() -> None:
    template = "www.ihredomain.de/status &JOBID=$JID &STAT=$STAT"
    assert fill(template, said()) == "http://www.ihredomain.de/status&JOBID=123456&STAT=OK"


def test_all_placeholders_are_filled_percent_encoded() -> None:
    url = fill(f"https://firma.de/s?{EVERYTHING}", said())
    assert url == (
        "https://firma.de/s?jid=123456&rcv=%2B4940123456789&stat=OK&msgs=2&cost=0.07&rid=Max%20Mustermann"
        "&cid=Kunde%2017%2F%C3%A4&date=01.06.17&time=17%3A53%3A06&sec=19&ret=2&cod=MMR&spd=14400"
    )
    read = dict(parse_qsl(urlsplit(url).query))
    assert read == {name.lower(): value for name, value in said().items()}


@pytest.mark.parametrize("result", Result)
def test_each_result_has_its_word(result: Result) -> None:
    words = ["OK", "BUSY", "NOANSWER", "VOICE", "NORING", "ISDNERR", "NOSERVICE", "BLACKLIST", "SENDFAIL", "CANCELED"]
    assert [one.value for one in Result] == words
    assert fill("a.de/$STAT", said(result=result)) == f"http://a.de/{result.value}"


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        ("0", "0.00"),
        ("0.07", "0.07"),
        ("0.0700", "0.07"),
        ("0.075", "0.075"),
        ("0.0001", "0.0001"),
        ("1.5", "1.50"),
        ("100", "100.00"),
        ("1E+3", "1000.00"),
        ("1234567.89", "1234567.89"),
    ],
)
def test_a_cost_has_two_places_or_as_many_as_it_needs(cost: str, text: str) -> None:
    assert said(cost=Decimal(cost))["COST"] == text


@pytest.mark.parametrize(
    ("ended", "date", "time"),
    [
        (datetime(2026, 1, 31, 23, 0, tzinfo=UTC), "01.02.26", "00:00:00"),
        (datetime(2026, 7, 31, 22, 0, tzinfo=UTC), "01.08.26", "00:00:00"),
        (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), "29.03.26", "01:59:59"),
        (datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC), "29.03.26", "03:00:00"),
        (datetime(2026, 12, 9, 8, 5, 3, 999999, tzinfo=UTC), "09.12.26", "09:05:03"),
    ],
)
def test_date_and_time_are_those_of_the_zone(ended: datetime, date: str, time: str) -> None:
    assert (said(ended_at=ended)["DATE"], said(ended_at=ended)["TIME"]) == (date, time)
    assert values(replace(TOLD, ended_at=ended), UTC)["TIME"] == f"{ended:%H:%M:%S}"


@pytest.mark.parametrize(("attempts", "repeats"), [(0, "0"), (1, "0"), (2, "1"), (11, "10")])
def test_repeats_are_the_attempts_after_the_first(attempts: int, repeats: str) -> None:
    assert said(attempts=attempts)["RET"] == repeats


# --- templates


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("www.firma.de/s", "http://www.firma.de/s"),
        ("https://www.firma.de/s", "https://www.firma.de/s"),
        ("HTTPS://www.firma.de/s", "HTTPS://www.firma.de/s"),
        ("firma.de:8080/s", "http://firma.de:8080/s"),
        (" w w w.firma.de / s ", "http://www.firma.de/s"),
        ("www.firma.de/s\t?a=\r\n1\x00", "http://www.firma.de/s?a=1"),
        ("www.firma.de/go?to=http://b.de", "http://www.firma.de/go?to=http://b.de"),
        ("www.firma.de", "http://www.firma.de"),
        ("www.firma.de/s#part$JID", "http://www.firma.de/s"),
        ("www.firma.de/ü", "http://www.firma.de/ü"),
    ],
)
def test_a_template_is_completed_and_nothing_is_invented(template: str, url: str) -> None:
    assert fill(template, WORDS) == url


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("a.de/$JID", "http://a.de/%3CJID%3E"),
        ("a.de?$JID", "http://a.de?%3CJID%3E"),
        ("a.de/$JIDX$CID", "http://a.de/%3CJID%3EX%3CCID%3E"),
        ("a.de/$COST$COD$CO", "http://a.de/%3CCOST%3E%3CCOD%3E$CO"),
        ("a.de/$SECRET", "http://a.de/%3CSEC%3ERET"),
        ("a.de/$jid$Jid$", "http://a.de/$jid$Jid$"),
        ("a.de/$$JID$$", "http://a.de/$%3CJID%3E$$"),
        ("a.de/$ JID", "http://a.de/%3CJID%3E"),
        ("a.de/100$&x=$5", "http://a.de/100$&x=$5"),
        ("$JID.a.de/$JID", "http://$JID.a.de/%3CJID%3E"),
        ("http://$CID:$RID@a.de:$JID/$JID", "http://$CID:$RID@a.de:$JID/%3CJID%3E"),
        ("$JID://a.de/", "http://$JID://a.de/"),
    ],
)
def test_placeholders_count_in_path_and_query_alone(template: str, url: str) -> None:
    assert fill(template, WORDS) == url


def test_a_value_is_not_looked_through_for_placeholders() -> None:
    assert fill("a.de/$CID", said(reference="$JID")) == "http://a.de/%24JID"


@pytest.mark.parametrize("template", ["a.de/x", "a.de/x &id=$JID", "https://a.de:1/?x=http://b.de", "[::1]:80/"])
def test_a_template_that_can_be_called_is_kept_without_blanks_and_with_its_scheme(template: str) -> None:
    assert accept(template) == normal(template) == normal(normal(template))
    assert " " not in accept(template)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("ftp://a.de/", "neither http nor https"),
        ("mailto:a@b.de", "a user name"),
        ("http://a:b@c.de/", "a user name"),
        ("$JID.a.de/", "names no host"),
        ("", "names no host"),
        (f"a.de/{'x' * STATUS_URL_LENGTH}", "longer than 2048"),
    ],
)
def test_a_template_that_cannot_be_called_says_why(template: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        accept(template)


def test_the_length_is_that_without_blanks_and_with_the_scheme() -> None:
    longest = "http://a.de/" + "x" * (STATUS_URL_LENGTH - 12)
    assert accept(longest.removeprefix("http://") + " " * 50) == longest
    with pytest.raises(ValueError, match="longer"):
        accept(longest + "x")


# --- whatever the values are

ANY = st.fixed_dictionaries({name: st.text() for name in PLACEHOLDERS})


@given(ANY)
@example(dict.fromkeys(PLACEHOLDERS, "/../?a=b&c#d@evil.de:80\\\r\n\x00%41 ;"))
@example(dict.fromkeys(PLACEHOLDERS, "\ud800"))
def test_values_change_neither_host_nor_path_nor_the_number_of_parameters(by_name: dict[str, str]) -> None:
    template = f"https://www.firma.de:8443/a/$CID/b?{EVERYTHING}"
    plain, full = urlsplit(template), urlsplit(fill(template, by_name))
    assert (full.scheme, full.netloc, full.fragment) == (plain.scheme, plain.netloc, "")
    assert full.path.count("/") == plain.path.count("/")
    for separator in "&=;#?/":
        assert full.query.count(separator) == plain.query.count(separator)
    assert fill(template, by_name).isascii()
    assert fill(template, by_name).isprintable()


@given(st.fixed_dictionaries(dict.fromkeys(PLACEHOLDERS, st.text(st.characters(codec="utf-8")))))
def test_values_come_out_at_the_other_end_as_they_were(by_name: dict[str, str]) -> None:
    url = urlsplit(fill(f"a.de/$CID?{EVERYTHING}", by_name))
    assert unquote(url.path) == f"/{by_name['CID']}"
    read = dict(parse_qsl(url.query, keep_blank_values=True))
    assert read == {name.lower(): value for name, value in by_name.items()}


@given(st.text(), ANY)
def test_any_template_is_filled_and_its_beginning_is_kept(template: str, by_name: dict[str, str]) -> None:
    filled = fill(template, by_name)
    begin = normal(template).partition("#")[0].partition("$")[0]
    assert filled.startswith(begin)


@given(st.text())
def test_a_template_that_is_accepted_leads_to_the_same_host_whatever_the_values(template: str) -> None:
    try:
        kept = accept(template)
    except ValueError:
        return
    hosts = {urlsplit(fill(kept, dict.fromkeys(PLACEHOLDERS, value))).netloc for value in ("", "@evil.de/", "..")}
    assert len(hosts) == 1


@given(st.decimals(min_value=0, max_value=10**9, places=4))
def test_a_cost_is_exact(cost: Decimal) -> None:
    assert Decimal(said(cost=cost)["COST"]) == cost


@given(st.integers(min_value=0, max_value=50 * 365 * 86400))
def test_date_and_time_have_their_form(second: int) -> None:
    moment = datetime(2017, 6, 1, tzinfo=UTC) + timedelta(seconds=second)
    both = said(ended_at=moment)
    read = datetime.strptime(f"{both['DATE']} {both['TIME']}", "%d.%m.%y %H:%M:%S").replace(tzinfo=BERLIN)
    assert abs(read - moment) <= timedelta(hours=1, seconds=1)
