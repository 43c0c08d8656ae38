"""curl, which works out digests by itself, is believed where it knows the password."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from depesche.channels.fax.sip.digest import Answer, Challenge, Credentials, verify

WHO = Credentials("Jürgen", "s3cret: größer")


class Door(BaseHTTPRequestHandler):
    """Asks as its server says, and lets in who answers."""

    challenge: Challenge
    told: list[Answer]

    def do_GET(self) -> None:
        given = self.headers.get("Authorization", "").encode("latin-1").decode()
        if verify(given, self.challenge, WHO, "GET"):
            self.told.append(Answer.parse(given))
            self.send_response(200)
        else:
            self.send_response(401)
            self.send_header("WWW-Authenticate", str(self.challenge))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the library's
        """Nothing for the screen."""


@pytest.fixture
def door() -> Iterator[ThreadingHTTPServer]:
    Door.told = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def curl(server: ThreadingHTTPServer, password: str) -> str:
    """Status of the last response."""
    address = f"http://127.0.0.1:{server.server_port}/a?b=c,d"
    command = ["curl", "--silent", "--noproxy", "*", "--digest", "--user", f"{WHO.user}:{password}"]
    command += ["--output", "-", "--write-out", "%{http_code}", address]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


QOPS: tuple[tuple[str, ...], ...] = ((), ("auth",), ("auth", "auth-int"))
ASKED = [(algorithm, qop) for algorithm in ("", "MD5", "SHA-256") for qop in QOPS]
ASKED += [(algorithm, qop) for algorithm in ("MD5-sess", "SHA-256-sess") for qop in QOPS[1:]]
"""Its SHA-512-256 is SHA-256 before 8.7; and sessions without qop have no cnonce there."""


@pytest.mark.parametrize(("algorithm", "qop"), ASKED)
@pytest.mark.parametrize("userhash", [False, True])
def test_curl_is_believed_if_it_knows_the_password(
    door: ThreadingHTTPServer, algorithm: str, qop: tuple[str, ...], userhash: bool
) -> None:
    Door.challenge = Challenge("a realm, of = signs", "n/1+=", algorithm, qop, "o", utf8=True, userhash=userhash)
    assert curl(door, "wrong") == "401"
    assert curl(door, WHO.password) == "200"
    [told] = Door.told
    assert (told.uri, told.qop, told.userhash) == ("/a?b=c,d", "auth" if qop else "", userhash)
