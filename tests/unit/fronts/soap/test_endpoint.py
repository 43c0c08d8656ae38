"""The route: what GET shows, which requests are refused, and how answers leave."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.routing import Match, NoMatchFound, Router
from structlog.contextvars import get_contextvars

from depesche.fronts.soap import endpoint
from depesche.fronts.soap.codec.encoder import Answer
from depesche.fronts.soap.endpoint import SoapRoute, routes
from depesche.usecases.house import House

Ask = Callable[..., Any]
Envelope = Callable[..., str]

MESSAGE = {"type": "http.request", "body": b"<a" * 50_000, "more_body": True}


@pytest.mark.parametrize("path", ["/xmlws.exe", "/xmlws.exe?intf=IntfXMLWS", "/XMLWS.EXE/Soap/IntfXMLWS/", "/soapdoc"])
def test_get_shows_the_page(ask: Ask, path: str) -> None:
    answered = ask(method="GET", path=path, host="fax.example")
    assert answered.status == 200
    assert answered.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answered.headers["content-security-policy"]
    assert b'href="http://fax.example/xmlws.exe/wsdl/IntfXMLWS"' in answered.body


@pytest.mark.parametrize(
    ("path", "post"),
    [
        ("/xmlws.exe?/wsdl/IntfXMLWS", "/xmlws.exe/soap/IntfXMLWS"),
        ("/xmlws.exe/wsdl/intfxmlws/", "/xmlws.exe/soap/IntfXMLWS"),
        ("/soapdoc/IntfXMLWS?WSDL", "/soapdoc/IntfXMLWS"),
    ],
)
def test_get_gives_the_wsdl_with_the_address_that_was_asked(ask: Ask, path: str, post: str) -> None:
    answered = ask(method="GET", path=path, host="fax.example:81")
    assert answered.headers["content-type"] == "text/xml; charset=utf-8"
    assert f'location="http://fax.example:81{post}"'.encode() in answered.body


def test_the_address_behind_a_trusted_proxy_is_the_outer_one(ask: Ask, house: House) -> None:
    web = house.settings.web.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"),)})
    behind = replace(house, settings=house.settings.model_copy(update={"web": web}))
    forwarded = {"host": "inner", "x_forwarded_proto": "https", "x_forwarded_host": "fax.example"}
    wsdl = ask(method="GET", path="/xmlws.exe?wsdl", at=behind, **forwarded).body
    assert b'location="https://fax.example/xmlws.exe/soap/IntfXMLWS"' in wsdl
    assert b"https://fax.example" not in ask(method="GET", path="/xmlws.exe?wsdl", **forwarded).body


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(ask: Ask, method: str) -> None:
    answered = ask(method=method)
    assert answered.status == 405
    assert answered.headers["allow"] == "GET, HEAD, POST"


def test_only_http_at_its_addresses_is_matched(house: House) -> None:
    (route,) = routes(house)
    scope = {"type": "http", "path": "/XmlWs.exe", "query_string": b""}
    assert route.matches(scope)[0] is Match.FULL
    assert route.matches({**scope, "path": "/portal"})[0] is Match.NONE
    assert route.matches({**scope, "type": "websocket"})[0] is Match.NONE
    assert route.matches({**scope, "path": "/sub/xmlws.exe", "root_path": "/sub"})[0] is Match.FULL


def test_other_fronts_can_still_look_up_their_urls(house: House) -> None:
    with pytest.raises(NoMatchFound):
        Router(routes(house)).url_path_for("portal")
    with pytest.raises(NoMatchFound):
        SoapRoute(house).url_path_for("portal")


def test_compressed_requests_are_refused_unread(ask: Ask) -> None:
    answered = ask(iter([MESSAGE, {"type": "http.disconnect"}]), content_encoding="gzip")
    assert answered.status == 415
    assert b"Content-Encoding" in answered.body
    assert answered.taken_before == 0
    assert answered.headers["connection"] == "close"


def test_an_answer_says_how_long_it_is_and_keeps_the_connection(ask: Ask, envelope: Envelope) -> None:
    answered = ask(envelope("", "RequestReceived"))
    assert int(answered.headers["content-length"]) == len(answered.body)
    assert "connection" not in answered.headers
    assert answered.complete


def test_a_client_that_is_still_sending_gets_its_fault_first(ask: Ask) -> None:
    taken = []

    def sending() -> Iterator[dict[str, object]]:
        yield {"type": "http.request", "body": b"<!DOCTYPE a>" + b" " * 100_000, "more_body": True}
        for number in range(50):
            taken.append(number)
            yield MESSAGE
        yield {**MESSAGE, "more_body": False}

    answered = ask(sending())
    assert answered.fault == "a document type declaration is not allowed in SOAP"
    assert answered.taken_before == 1
    assert len(taken) == 50
    assert answered.complete
    assert answered.headers["connection"] == "close"


def test_the_rest_of_a_refused_request_is_not_waited_for_without_end(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "LINGER_SECONDS", 0.01)
    answered = ask(iter([{"type": "http.request", "body": b"<!DOCTYPE a>" + b" " * 100_000, "more_body": True}]))
    assert answered.status == 500
    assert answered.complete


def test_a_cancelled_request_leaves_no_task_behind(house: House) -> None:
    async def cancelled() -> int:
        async def receive() -> dict[str, object]:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(_message: object) -> None:
            raise AssertionError

        scope = {"type": "http", "method": "POST", "path": "/xmlws.exe", "query_string": b"", "headers": []}
        task = asyncio.ensure_future(SoapRoute(house).handle({**scope, "scheme": "http"}, receive, send))
        await asyncio.wait([task], timeout=0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        return len(asyncio.all_tasks())

    assert asyncio.run(cancelled()) == 1


def test_each_request_has_an_id_in_its_answer_and_on_its_lines(
    ask: Ask, envelope: Envelope, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr("depesche.fronts.soap.exchange.perform", _noting(seen))
    web = house.settings.web.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"),)})
    behind = replace(house, settings=house.settings.model_copy(update={"web": web}))
    own = ask(envelope("", "CancelJob"), x_request_id="a-stranger-says-so").headers["x-request-id"]
    given = ask(envelope("", "CancelJob"), at=behind, x_request_id="a-proxy-says-so").headers["x-request-id"]
    assert (len(own), given) == (16, "a-proxy-says-so")
    assert [line["request"] for line in seen] == [own, given]
    assert "request" not in get_contextvars()


def _noting(seen: list[dict[str, Any]]) -> Callable[..., Any]:
    async def perform(_house: House, _request: object) -> Answer:
        seen.append(get_contextvars())
        return Answer(-2)

    return perform


def test_a_request_that_is_refused_at_once_has_an_id_as_well(ask: Ask) -> None:
    assert len(ask(content_encoding="gzip").headers["x-request-id"]) == 16
    assert len(ask(b"?").headers["x-request-id"]) == 16
