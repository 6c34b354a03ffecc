"""The answer of an endpoint before it is sent over HTTP: a status, headers and a body (JSON or bytes)."""

from __future__ import annotations

from typing import Any

import orjson


class Answer:
    """One answer."""

    __slots__ = ("status", "body", "headers")

    def __init__(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.body = orjson.dumps(body)
        self.headers = headers or {}


class Refusal(Exception):
    """A request that is answered with an error: 400, 401, 404, 429, 503."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}

    def answer(self) -> Answer:
        """The error as an answer."""
        return Answer({"error": self.message}, self.status, self.headers)


def whole_number(query: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number from the query string. Refuses the request with 400 if it is outside its limits."""
    text = query.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise Refusal(400, f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)
