"""A source on the loopback address that follows the contracts, and misbehaves if a test asks for it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from tests.support.http import Handler, listening


class Source:
    """What the server serves. `faults`: path → list of functions (handler) → True when they answered; each is used once."""

    def __init__(self) -> None:
        self.records: dict[str, list[Any]] = {}
        self.page = 2
        self.total: int | None = None
        self.tokens = 0
        self.token = ""
        self.secret = ("client", "s3cret-value")
        self.api_key = "key-4711"
        self.keys: dict[str, list[Any]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.faults: dict[str, list[Callable[[Any], bool]]] = {}
        self.use_gzip = False
        self.answer: Callable[[str, dict[str, str]], Any] | None = None


class _Handler(Handler):
    protocol_version = "HTTP/1.1"
    source: Source

    def reply(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> bool:
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        self.send_response(status)
        if self.source.use_gzip:
            data = gzip.compress(data)
            self.send_header("Content-Encoding", "gzip")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        return True

    def cut(self, body: bytes = b'{"total": 1, "data": [') -> bool:
        """Promises more than it sends."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + 1000))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True
        return True

    def do_POST(self) -> None:
        from base64 import b64encode

        source = self.source
        body = self.rfile.read(int(self.headers["Content-Length"]))
        wanted = "Basic " + b64encode(":".join(source.secret).encode()).decode()
        source.requests.append(("/token", {}))
        if self.headers["Authorization"] != wanted or body != b"grant_type=client_credentials":
            self.reply({"error": "invalid_client"}, 401)
            return
        source.tokens += 1
        source.token = f"token-{source.tokens}"
        self.reply({"access_token": source.token, "token_type": "Bearer", "expires_in": 60})

    def do_GET(self) -> None:
        source = self.source
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        source.requests.append((parts.path, query))
        faults = source.faults.get(parts.path)
        if faults and faults.pop(0)(self):
            return
        if parts.path.startswith("/api/v1/"):
            if self.headers["X-API-Key"] != source.api_key:
                self.reply({"error": "key"}, 403)
                return
        elif self.headers["Authorization"] != f"Bearer {source.token}":
            self.reply({"error": "token"}, 401)
            return
        if source.answer is not None:
            self.reply(source.answer(parts.path, query))
            return
        if parts.path == "/api/dossiers/keys":
            self.reply({"data": source.keys.get(query["month"], [])})
            return
        records = source.records.get(parts.path.rpartition("/")[2], [])
        total = len(records) if source.total is None else source.total
        if parts.path.startswith("/api/v1/"):
            size, number = int(query["size"]), int(query["page"])
            pages = max(1, -(-len(records) // size))
            self.reply(
                {
                    "content": records[number * size : (number + 1) * size],
                    "totalElements": total,
                    "totalPages": pages,
                    "number": number,
                    "last": number >= pages - 1,
                }
            )
            return
        start = int(query.get("cursor", "0"))
        end = start + source.page
        self.reply({"total": total, "data": records[start:end], "next_cursor": str(end) if end < len(records) else None})


@contextmanager
def serving(source: Source) -> Iterator[str]:
    """The base URL of a running server."""
    with listening(type("SourceHandler", (_Handler,), {"source": source})) as url:
        yield url
