"""A World over HTTP on 127.0.0.1, exactly as docs/reference/contracts/one_stop.md and docs/reference/contracts/documents.md say, at a settable clock.

with ContractServer(world, folder) as server:
    server.clock = world.ts[0]
    os.environ.update(server.connections())
"""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .indicators import KEYS
from .secondary import DropFile
from .words import ZONE, midnight
from .world import Change, World

BY_FILES = ("payments", "feedback", "survey", "declared")  # the sources that deliver files
ONE_STOP = ("dossiers", "dossier_steps", "procedures", "assessments")
DOCUMENTS = ("documents", "work_files", "signatures", "leaders")


@dataclass
class Faults:
    """What the sources are known to do. Each is off by default."""

    busy_every: int = 0  # every n-th data request is answered 429 or 503 with Retry-After
    retry_after: str = "0"
    token_requests: int = 0  # a token expires after so many data requests
    gzip: bool = False
    duplicates: bool = False  # a page begins with the last keyed record of the page before
    last_page_forever: bool = False  # documents: a page past the end repeats the last one
    page_cap: int = 0  # the source gives fewer records a page than it was asked for


class ContractServer:
    """Serves one world; `clock` decides how much of it has happened; `log` holds every data request.

    `files_of`: the sources whose files are written at each step of the clock. A test that asks the others for nothing leaves them out: a world
    has hundreds of files, which take longer than a small ingest.
    """

    login, password, api_key = "client-thu", "mat-khau-thu", "khoa-thu"

    def __init__(self, world: World, folder: Path, faults: Faults | None = None, files_of: Collection[str] = BY_FILES) -> None:
        self.world, self.folder, self.faults, self.files_of = world, Path(folder), faults or Faults(), files_of
        self.log: list[tuple[str, dict[str, str]]] = []
        self.served = 0
        self._tokens: dict[str, int] = {}
        self._lock = threading.Lock()
        self._clock = datetime(1999, 1, 1, tzinfo=ZONE)
        (self.folder / "payments").mkdir(parents=True, exist_ok=True)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    # ------------------------------------------------------------ life
    def __enter__(self) -> ContractServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def base(self) -> str:
        """http://127.0.0.1:port."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def clock(self) -> datetime:
        """How late it is in the district: what happened before it is there."""
        return self._clock

    @clock.setter
    def clock(self, value: datetime) -> None:
        self._clock = value
        if "payments" in self.files_of:
            self.write_payments()
        self.write_drop_files()

    def connections(self) -> dict[str, str]:
        """The connections as environment variables (README.md); drop folders of a world that has such files."""
        folders = {source: str(self.folder / source) for source in {file.source for file in self._drop_files()}}
        return {
            f"AIRFLOW_CONN_SRC_{source.upper()}": json.dumps({"conn_type": "fs", "host": folder}) for source, folder in folders.items()
        } | {
            "AIRFLOW_CONN_SRC_ONE_STOP": json.dumps(
                {"conn_type": "http", "host": f"{self.base}/one_stop", "login": self.login, "password": self.password}
            ),
            "AIRFLOW_CONN_SRC_DOCUMENTS": json.dumps({"conn_type": "http", "host": f"{self.base}/documents", "password": self.api_key}),
            "AIRFLOW_CONN_SRC_PAYMENTS": json.dumps({"conn_type": "fs", "host": str(self.folder / "payments")}),
        }

    def _drop_files(self) -> list[DropFile]:
        return [file for file in self.world.drop_files if file.source in self.files_of]

    def write_drop_files(self) -> None:
        """The drop folders of feedback, survey and declared figures as they are at the clock; a file sent again replaces the other."""
        standing: dict[Path, bytes | None] = {}
        for file in sorted(self._drop_files(), key=lambda file: file.arrives):
            path = self.folder / file.source / file.name
            if file.arrives <= self.clock:
                standing[path] = file.data(self.clock)
            else:
                standing.setdefault(path, None)
        for path, body in standing.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if body is None:
                path.unlink(missing_ok=True)
            elif not path.exists() or path.read_bytes() != body:
                part = path.with_name(f".{path.name}.part")
                part.write_bytes(body)
                part.rename(path)

    def write_payments(self) -> None:
        """The drop folder as it is at the clock: a file or a manifest that has not arrived is not there."""
        folder = self.folder / "payments"
        standing = {path.name for path in folder.iterdir()}
        for file in self.world.payment_files:
            for name, arrives, body in (
                (file.name, file.arrives, file.data),
                (f"{file.stem}.json", (file.manifest_arrives or file.arrives) if file.manifest else None, file.manifest_data),
            ):
                path = folder / name
                if arrives is None or arrives > self.clock:
                    if name in standing:
                        path.unlink()
                        standing.discard(name)
                elif name not in standing:
                    standing.add(name)
                    part = path.with_name(f".{path.name}.part")
                    part.write_bytes(body())
                    part.rename(path)

    # ------------------------------------------------------------ answers
    def records(self, entity: str, since: datetime | None, until: datetime | None) -> list[Any]:
        """The records of a window, in the order of (change, key)."""
        if entity in ("procedures", "leaders"):
            return self.world.full_list(entity, self.clock)

        def order(change: Change) -> tuple[datetime, str]:
            return change.changed, str(change.wire.get(KEYS[entity][0]) if isinstance(change.wire, dict) else "")

        found = [
            change
            for change in self.world.current(entity, self.clock)
            if (since is None or change.changed >= since) and (until is None or change.changed < until)
        ]
        return [change.wire for change in sorted(found, key=order)]

    def _page(self, rows: list[Any], entity: str, first: int, size: int) -> list[Any]:
        page = rows[first : first + size]
        if self.faults.duplicates and first and page:
            before = rows[first - 1]
            if isinstance(before, dict) and all(before.get(name) for name in KEYS[entity]):
                page = [before, *page]
        return page

    def one_stop(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        """`/api/…` of the one-stop software."""
        if path == "/api/dossiers/keys":
            return (200, {"data": self.world.keys(query["month"], self.clock)}) if "month" in query else (400, {"error": "month"})
        entity = path.removeprefix("/api/")
        if entity not in ONE_STOP:
            return 404, {"error": "no such entity"}
        limit = int(query.get("limit") or 500)
        if not 1 <= limit <= 5000:
            return 400, {"error": "limit"}
        if self.faults.page_cap:
            limit = min(limit, self.faults.page_cap)
        bounds = []
        for name in ("changed_from", "changed_to"):
            raw = query.get(name)
            stamp = datetime.fromisoformat(raw.replace(" ", "+")) if raw else None
            if stamp is not None and stamp.tzinfo is None:
                return 400, {"error": f"{name} has no offset"}
            bounds.append(stamp)
        first = 0
        if query.get("cursor"):
            try:
                first = int(base64.urlsafe_b64decode(query["cursor"].encode()).decode().removeprefix("from:"))
            except ValueError:
                return 400, {"error": "cursor"}
        rows = self.records(entity, bounds[0], bounds[1])
        more = first + limit < len(rows)
        cursor = base64.urlsafe_b64encode(f"from:{first + limit}".encode()).decode() if more else None
        return 200, {"total": len(rows), "data": self._page(rows, entity, first, limit), "next_cursor": cursor}

    def documents(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        """`/api/v1/…` of the document management system."""
        entity = path.removeprefix("/api/v1/")
        if entity not in DOCUMENTS:
            return 404, {"error": "no such entity"}
        size, number = int(query.get("size") or 500), int(query.get("page") or 0)
        if not 1 <= size <= 1000 or number < 0:
            return 400, {"error": "size"}
        if entity == "leaders":
            rows = self.records(entity, None, None)
        else:
            if "tuNgay" not in query or "denNgay" not in query:
                return 400, {"error": "tuNgay, denNgay"}
            first, last = (date.fromisoformat(query[name]) for name in ("tuNgay", "denNgay"))
            until = midnight(date.fromordinal(last.toordinal() + 1)) if last < date.max else None
            rows = self.records(entity, midnight(first), until)
        pages = -(-len(rows) // size)
        shown = number
        if self.faults.last_page_forever and pages and number >= pages:
            shown = pages - 1
        content = self._page(rows, entity, shown * size, size)
        return 200, {"content": content, "totalElements": len(rows), "totalPages": pages, "number": shown, "last": number >= pages - 1}

    def token(self, authorization: str, body: str) -> tuple[int, Any]:
        """`POST /token`."""
        wanted = "Basic " + base64.b64encode(f"{self.login}:{self.password}".encode()).decode()
        if authorization != wanted:
            return 401, {"error": "invalid_client"}
        if parse_qs(body).get("grant_type") != ["client_credentials"]:
            return 400, {"error": "unsupported_grant_type"}
        name = secrets.token_hex(8)
        self._tokens[name] = self.faults.token_requests or 10**9
        return 200, {"access_token": name, "token_type": "Bearer", "expires_in": 3600}

    def is_known(self, authorization: str) -> bool:
        """A bearer token that has not expired; each use wears it."""
        name = authorization.removeprefix("Bearer ")
        if self._tokens.get(name, 0) <= 0:
            return False
        self._tokens[name] -= 1
        return True

    def answer(self, method: str, target: str, headers: Any, body: str) -> tuple[int, Any, dict[str, str]]:
        """(status, JSON, headers) for one request."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        source, _, rest = parts.path.lstrip("/").partition("/")
        rest = f"/{rest}"
        with self._lock:
            if source == "one_stop" and rest == "/token":
                return *(self.token(headers.get("Authorization", ""), body) if method == "POST" else (405, {})), {}
            if method != "GET" or source not in ("one_stop", "documents"):
                return 404, {"error": "no such path"}, {}
            self.served += 1
            if self.faults.busy_every and self.served % self.faults.busy_every == 0:
                return 429 if self.served % 2 else 503, {"error": "busy"}, {"Retry-After": self.faults.retry_after}
            if source == "one_stop" and not self.is_known(headers.get("Authorization", "")):
                return 401, {"error": "token"}, {}
            if source == "documents" and headers.get("X-API-Key") != self.api_key:
                return 401, {"error": "key"}, {}
            self.log.append((f"{source}{rest}", query))
            return *(self.one_stop(rest, query) if source == "one_stop" else self.documents(rest, query)), {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else every answer waits 40 ms for the reader's acknowledgement of its header

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode() if length else ""
                status, value, more = server.answer(self.command, self.path, self.headers, body)
                raw = json.dumps(value, ensure_ascii=False).encode()
                self.send_response(status)
                if server.faults.gzip and "gzip" in self.headers.get("Accept-Encoding", ""):
                    raw = gzip.compress(raw)
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(raw)))
                for name, given in more.items():
                    self.send_header(name, given)
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = _serve

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        return Handler


def windows(log: list[tuple[str, dict[str, str]]]) -> dict[str, datetime | None]:
    """From a log: where each entity's window began (None: full). One run's requests only."""
    out: dict[str, datetime | None] = {}
    for path, query in log:
        entity = path.rsplit("/", 1)[1]
        if entity == "keys":
            continue
        raw = query.get("changed_from") or query.get("tuNgay")
        since = None
        if raw:
            since = midnight(date.fromisoformat(raw)) if "tuNgay" in query else datetime.fromisoformat(raw.replace(" ", "+"))
        if entity not in out:
            out[entity] = since
        elif out[entity] is not None:
            out[entity] = None if since is None else min(out[entity], since)  # type: ignore[type-var]
    return out


__all__ = ["ContractServer", "Faults", "windows"]
