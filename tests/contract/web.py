"""A customer's web server, which STATURL calls."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue


class Called:
    """Keeps the targets of the calls that came."""

    def __init__(self) -> None:
        self.targets: Queue[str] = Queue()
        targets = self.targets

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                targets.put(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"

    def next(self) -> str:
        """Waits for one. Raises: queue.Empty."""
        return self.targets.get(timeout=30)


@contextmanager
def serving() -> Iterator[Called]:
    called = Called()
    thread = threading.Thread(target=called.server.serve_forever, args=(0.05,))
    thread.start()
    yield called
    called.server.shutdown()
    thread.join()
    called.server.server_close()
