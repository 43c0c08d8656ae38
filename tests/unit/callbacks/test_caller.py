"""One call, to real servers that do what servers do."""

import asyncio
import socket
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

import depesche
from depesche.callbacks.caller import Called, Caller
from peers import web
from peers.certificates import Certificate
from peers.web import Answer, Web

pytestmark = pytest.mark.anyio

Build = Callable[..., Caller]


def seconds() -> float:
    return asyncio.get_running_loop().time()


# --- what is sent


async def test_a_call_is_one_get_of_exactly_the_address(caller: Build) -> None:
    async with Web() as server:
        assert await caller().call(server.url("/status&JOBID=7?x=%2F&stat=$5#part")) == Called(200)
    (request,) = server.requests
    assert request.target == "/status&JOBID=7?x=%2F&stat=$5"
    assert request.headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": f"Depesche/{depesche.__version__}",
        "accept": "*/*",
    }


async def test_an_address_without_a_path_asks_for_the_root(caller: Build) -> None:
    async with Web() as server:
        assert (await caller().call(server.url("?id=7"))).ok
        assert (await caller().call(server.url(""))).ok
    assert server.targets == ["/?id=7", "/"]


async def test_cookies_are_not_kept(caller: Build) -> None:
    async with Web(web.status(200, "Set-Cookie: session=1")) as server:
        calls = caller()
        assert (await calls.call(server.url())).ok
        assert (await calls.call(server.url())).ok
    assert "cookie" not in server.requests[1].headers


async def test_proxies_of_the_environment_are_not_asked(caller: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Web() as proxy, Web() as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        assert (await caller().call(server.url())).ok
    assert len(server.requests) == 1
    assert proxy.connections == 0


async def test_one_connection_serves_the_calls_that_follow_each_other(caller: Build) -> None:
    async with Web() as server:
        calls = caller()
        for _ in range(5):
            assert (await calls.call(server.url())).ok
    assert [request.connection for request in server.requests] == [1] * 5


async def test_a_connection_is_not_kept_for_long(caller: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("depesche.callbacks.caller.KEEP_SECONDS", 0.01)
    async with Web() as server:
        calls = caller()
        assert (await calls.call(server.url())).ok
        await asyncio.sleep(0.03)
        assert (await calls.call(server.url())).ok
    assert [request.connection for request in server.requests] == [1, 2]


async def test_there_are_no_more_connections_than_calls_at_once(caller: Build) -> None:
    async with Web(web.status(200, after=0.01)) as server:
        calls = caller(at_once=3)
        answers = await asyncio.gather(*(calls.call(server.url(f"/{number}")) for number in range(12)))
    assert all(called.ok for called in answers)
    assert server.most_at_once == 3


# --- how it ends


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_any_status_of_two_hundred_is_a_success(caller: Build, code: int) -> None:
    body = b"" if code == 204 else b"danke"
    async with Web(web.status(code, body=body)) as server:
        assert await caller().call(server.url()) == Called(code)


@pytest.mark.parametrize("code", [300, 304, 400, 401, 404, 410, 429, 500, 503])
async def test_any_other_status_is_a_failure(caller: Build, code: int) -> None:
    async with Web(web.status(code, body=b"")) as server:
        assert await caller().call(server.url()) == Called(code, f"answered {code}")


async def test_after_a_failure_the_next_call_may_go_well(caller: Build) -> None:
    async with Web(web.status(500), web.status(200)) as server:
        calls = caller()
        assert [(await calls.call(server.url())).ok for _ in range(2)] == [False, True]


@pytest.mark.parametrize("answer", [web.hang, web.drip, web.status(200, after=5)])
async def test_who_does_not_answer_in_time_is_not_waited_for(caller: Build, answer: Answer) -> None:
    async with Web(answer) as server:
        begun = seconds()
        called = await caller(seconds=0.1).call(server.url())
        assert seconds() - begun < 2
    assert called == Called(failure="no answer within 0.1 seconds")


async def test_the_time_is_that_of_all_redirects_together(caller: Build) -> None:
    async with Web(web.status(302, "Location: /again", after=0.06)) as server:
        called = await caller(seconds=0.15, redirects=20).call(server.url())
    assert called == Called(failure="no answer within 0.15 seconds")
    assert len(server.requests) <= 4


async def test_who_accepts_and_says_nothing_at_tls_is_not_waited_for(caller: Build) -> None:
    async with Web(web.hang) as server:
        called = await caller(seconds=0.1).call(f"https://127.0.0.1:{server.port}/")
    assert called == Called(failure="no answer within 0.1 seconds")


async def test_a_body_without_end_is_a_success_that_costs_nothing(
    caller: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("depesche.callbacks.caller.BODY_SECONDS", 3600)  # it is not the time that ends it
    async with Web(web.endless) as server:
        calls = caller()
        assert (await calls.call(server.url())).ok
        tracemalloc.start()
        assert await calls.call(server.url()) == Called(200)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2 << 20
    assert server.connections == 2  # what was not read to its end serves nobody else


async def test_a_body_that_drips_is_a_success_after_a_moment(caller: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("depesche.callbacks.caller.BODY_SECONDS", 0.05)
    async with Web(web.dripping_body) as server:
        begun = seconds()
        assert await caller(seconds=0.2).call(server.url()) == Called(200)
        assert seconds() - begun < 2


@pytest.mark.parametrize(
    "octets",
    [
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/1.1 2OO OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Field\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000,
        b"HTTP/1.1 200",
        b"\x00\x01\x02\x03",
    ],
)
async def test_what_is_no_http_is_a_failure(caller: Build, octets: bytes) -> None:
    async with Web(web.raw(octets)) as server:
        assert await caller().call(server.url()) == Called(failure="the answer is no HTTP")


async def test_a_connection_that_ends_without_an_answer_is_a_failure(caller: Build) -> None:
    async with Web(web.slam) as server:
        assert not (await caller().call(server.url())).ok


async def test_where_nobody_listens_the_connection_is_refused(caller: Build) -> None:
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        called = await caller().call(f"http://127.0.0.1:{bound.getsockname()[1]}/")
    assert called == Called(failure="connection refused")


async def test_a_host_that_does_not_exist_is_a_failure(caller: Build) -> None:
    called = await caller().call("http://nobody.invalid/")
    assert called.failure.startswith("the host is not found: ")


@pytest.mark.parametrize("label", ["x" * 64, f"{'x' * 63}.{'y' * 63}.{'z' * 63}.{'w' * 61}"])
async def test_a_host_that_cannot_exist_is_a_failure(caller: Build, label: str) -> None:
    assert (await caller().call(f"http://{label}/")).failure.startswith("the host is not found: ")


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/", "http://", "http://user:secret@127.0.0.1/", "http://a b/"])
async def test_what_is_no_address_is_a_failure_that_keeps_secrets(caller: Build, url: str) -> None:
    called = await caller().call(url)
    assert called.failure.startswith("no address to call: ")
    assert "secret" not in called.failure


async def test_no_failure_tells_path_or_query(caller: Build, certificate: Certificate) -> None:
    answers = [web.status(500), web.redirect("http://x:y@127.0.0.1/secret"), web.raw(b"secret"), web.slam, web.hang]
    said: list[Any] = []
    with capture_logs() as logs:
        for answer in answers:
            async with Web(answer) as server:
                said.append(await caller(seconds=0.1).call(server.url("/secret?token=secret")))
        async with Web(tls=certificate.server) as server:
            said.append(await caller().call(server.url("/secret?token=secret")))
    assert not any(called.ok for called in said)
    assert "secret" not in repr(said)
    assert logs == []


async def test_a_caller_that_was_cancelled_leaves_room_for_others(caller: Build) -> None:
    async with Web(web.hang, web.status(200)) as server:
        calls = caller(at_once=1)
        hanging = asyncio.create_task(calls.call(server.url()))
        while not server.requests:
            await asyncio.sleep(0.001)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert (await calls.call(server.url())).ok


# --- redirects


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["/new?a=1", "new?a=1", "http://127.0.0.1:{port}/new?a=1", "//127.0.0.1:{port}/new?a=1"]
)
async def test_redirects_are_followed(caller: Build, code: int, location: str) -> None:
    async with Web() as server:
        server.answers = [web.redirect(location.format(port=server.port), code), web.status(204, body=b"")]
        assert await caller().call(server.url("/old")) == Called(204)
    assert server.targets == ["/old", "/new?a=1"]


async def test_a_redirect_without_a_place_is_a_failure(caller: Build) -> None:
    async with Web(web.status(302)) as server:
        assert await caller().call(server.url()) == Called(302, "answered 302")


@pytest.mark.parametrize(("redirects", "requests"), [(3, 4), (1, 2), (0, 1)])
async def test_a_circle_of_redirects_ends(caller: Build, redirects: int, requests: int) -> None:
    async with Web(web.redirect("/")) as server:
        assert await caller(redirects=redirects).call(server.url()) == Called(302, "redirected too often")
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://2130706433:{port}/", "//0x7f.1:{port}"]
)
async def test_a_redirect_to_where_nobody_may_call_is_not_followed(caller: Build, location: str) -> None:
    async with Web() as inner, Web(web.redirect(location.format(port=inner.port)), host="127.0.0.2") as outer:
        called = await caller(allow=["127.0.0.2/32"]).call(outer.url())
    assert called.failure.startswith("not allowed: ")
    assert inner.connections == 0


@pytest.mark.parametrize(
    "location", ["ftp://127.0.0.1/", "file:///etc/passwd", "http://u:p@127.0.0.1/", "http://[::1/"]
)
async def test_a_redirect_to_what_cannot_be_called_is_a_failure(caller: Build, location: str) -> None:
    async with Web(web.redirect(location)) as server:
        called = await caller().call(server.url())
    assert (called.status, called.failure[:12]) == (302, "redirected: ")


# --- TLS


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(caller: Build, certificate: Certificate) -> None:
    async with Web(tls=certificate.server) as server:
        called = await caller().call(server.url())
    assert called == Called(failure="TLS: self-signed certificate")
    assert server.requests == []


async def test_a_certificate_that_the_system_trusts_is_believed(
    caller: Build, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    async with Web(tls=certificate.server) as server:
        calls = caller()
        assert await calls.call(server.url()) == Called(200)
        assert await calls.call(server.url(host="localhost")) == Called(200)


async def test_a_certificate_must_be_that_of_the_host(
    caller: Build, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    async with Web(host="127.0.0.2", tls=certificate.server) as server:
        called = await caller().call(server.url())
    assert called.failure.startswith("TLS: IP address mismatch")


async def test_https_never_leads_to_http(
    caller: Build, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    async with Web() as plain, Web(web.redirect(plain.url()), tls=certificate.server) as server:
        assert await caller().call(server.url()) == Called(302, "redirected: it leads from https to http")
    assert plain.connections == 0


async def test_http_may_lead_to_https(caller: Build, certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    async with Web(tls=certificate.server) as server, Web(web.redirect(server.url("/new"))) as plain:
        assert await caller().call(plain.url()) == Called(200)
    assert server.targets == ["/new"]


async def test_a_server_that_speaks_no_tls_is_a_failure(caller: Build) -> None:
    async with Web(web.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        server_that_answers_anything = f"https://127.0.0.1:{server.port}/"
        assert not (await caller(seconds=0.2).call(server_that_answers_anything)).ok
