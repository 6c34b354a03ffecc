"""A webhook on this machine, which stores the received notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest


@dataclass
class Webhook:
    """`texts`: what was told so far; `connection`: the variable by which Airflow knows it."""

    port: int
    texts: list[str] = field(default_factory=list)

    @staticmethod
    def connection_to(host: str) -> dict[str, str]:
        """The connection `cchc_notify` with this host."""
        return {"AIRFLOW_CONN_CCHC_NOTIFY": json.dumps({"conn_type": "http", "host": host})}

    @property
    def connection(self) -> dict[str, str]:
        """The connection `cchc_notify` with this webhook."""
        return self.connection_to(f"http://127.0.0.1:{self.port}/hook")


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A webhook that says yes to everything."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.texts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not to standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    found = Webhook(server.server_address[1])
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()
