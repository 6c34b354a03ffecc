"""The HTTP server of the demo, on the loopback address only, and the object that tests use.

One process, one thread for each connection, HTTP/1.1 with keep-alive, gzip if the client accepts it. The clock file is read for
every request and twice a second, so `python -m demo advance` in another process takes effect at once.
"""

from __future__ import annotations

import hmac
import logging
import threading
import zlib
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from demo.answers import Answer, Refusal
from demo.clock import iso_offset, parse_iso
from demo.district import District
from demo.documents_api import Documents
from demo.drops import drop_folders
from demo.faults import InjectedFaults
from demo.one_stop_api import OneStop, Tokens
from demo.state import StateFolder

log = logging.getLogger(__name__)
_GZIP_FROM = 600
_POLL_SECONDS = 0.5


class Application:
    """The application of the server: makes an answer from a method, a path and headers."""

    def __init__(self, state: StateFolder, district: District, faults: bool) -> None:
        self.state = state
        credentials = state.credentials()
        injected = InjectedFaults(faults, district.seed)
        self.tokens = Tokens(credentials.client_id, credentials.client_secret, injected)
        self.one_stop = OneStop(district, injected)
        self.documents = Documents(district, injected)
        self._api_key = credentials.api_key.encode()
        self._drop_folders = drop_folders(state, district)
        self._lock = threading.Lock()
        self._delivered_at = -1

    def now(self) -> int:
        """The clock. If it has moved, the files that have become due are delivered first."""
        with self._lock:
            at = self.state.clock.read()
            if at != self._delivered_at:
                written = [name for folder in self._drop_folders for name in folder.update(at)]
                self._delivered_at = at
                log.info("clock %s, %d files delivered", iso_offset(at), len(written))
            return at

    def moment(self) -> datetime:
        """The clock as a moment."""
        return datetime.fromisoformat(iso_offset(self.state.clock.read()))

    def get(self, target: str, headers: Any) -> Answer:
        """Any GET request."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        path = parts.path
        if path == "/health":
            return Answer({"clock": iso_offset(self.now()), "ready": True})
        if path.startswith("/one_stop/api/"):
            self.tokens.check(headers.get("Authorization", ""))
            return self.one_stop.get(path.removeprefix("/one_stop/api/"), query, self.now())
        if path.startswith("/documents/api/v1/"):
            if not hmac.compare_digest(headers.get("X-API-Key", "").encode(), self._api_key):
                raise Refusal(401, "X-API-Key is missing or wrong")
            return self.documents.get(path.removeprefix("/documents/api/v1/"), query, self.now())
        raise Refusal(404, "there is nothing here; the base addresses are /one_stop and /documents")

    def post(self, target: str, headers: Any, body: bytes) -> Answer:
        """Any POST request; only the token has one."""
        if urlsplit(target).path != "/one_stop/token":
            raise Refusal(404, "there is nothing to post here but /one_stop/token")
        return self.tokens.give(headers.get("Authorization", ""), dict(parse_qsl(body.decode("utf-8", "replace"))))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "demo"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    application: Application

    def _send(self, answer: Answer) -> None:
        body = answer.body
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if len(body) >= _GZIP_FROM and "gzip" in self.headers.get("Accept-Encoding", ""):
            packer = zlib.compressobj(1, zlib.DEFLATED, 31)
            body = packer.compress(body) + packer.flush()
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, post: bool) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else b""
            application = self.application
            answer = application.post(self.path, self.headers, body) if post else application.get(self.path, self.headers)
        except Refusal as refusal:
            answer = refusal.answer()
        except Exception:
            log.exception("a fault of the demo itself, at %s", urlsplit(self.path).path)
            answer = Answer({"error": "the demo has a fault; see its log"}, 500)
        try:
            self._send(answer)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_GET(self) -> None:
        """A GET request."""
        self._answer(post=False)

    def do_POST(self) -> None:
        """A POST request."""
        self._answer(post=True)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header of an answer, by the district's clock, because a source sends its own time."""
        return super().date_time_string(self.application.moment().timestamp() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:
        """Query strings and headers may hold secrets, so requests are logged only at debug level."""
        log.debug(format, *args)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that disconnect early are logged at debug level only."""
        log.debug("a connection ended badly")


class Demo:
    """A running demo."""

    def __init__(self, state: StateFolder, district: District, port: int, faults: bool) -> None:
        self.state = state
        self.district = district
        application = Application(state, district, faults)
        handler = type("Handler", (_Handler,), {"application": application})
        self._server = _Server(("127.0.0.1", port), handler)
        self.port: int = self._server.server_address[1]
        self._application = application
        self._stopping = threading.Event()
        application.now()
        state.write_server(self.port)
        self._threads = [
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="demo-http", daemon=True),
            threading.Thread(target=self._follow_clock, name="demo-clock", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _follow_clock(self) -> None:
        while not self._stopping.wait(_POLL_SECONDS):
            try:
                self._application.now()
            except OSError:
                log.exception("the clock or the drop folder cannot be read or written; trying again")

    @property
    def url(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.port}"

    def connections(self) -> dict[str, str]:
        """The Airflow connections of the sources."""
        return self.state.connections(self.port)

    def advance(self, to: str | int) -> None:
        """Move the clock, and deliver what has become due."""
        self.state.clock.write(parse_iso(to) if isinstance(to, str) else to)
        self._application.now()

    def stop(self) -> None:
        """Stop listening; the state folder stays."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(timeout=5)
        self.state.forget_server()


def start(
    state_dir: Path | str,
    *,
    clock: str | int | None = None,
    scale: float | None = None,
    seed: int | None = None,
    port: int = 0,
    faults: bool = False,
    district: District | None = None,
) -> Demo:
    """Start a demo in threads of this process. An existing state folder keeps its clock unless `clock` is later.

    `district`: an existing district to use instead of building one; it must have the seed and scale of the folder.
    """
    state = StateFolder(state_dir)
    if district is not None:
        seed, scale = district.seed, district.scale
    settings = state.open(seed=seed, scale=scale, clock=clock)
    return Demo(state, district or District(settings["seed"], settings["scale"]), port, faults)
