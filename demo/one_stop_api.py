"""The one-stop's interface: token, windows with a cursor, key lists."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import threading
import time
from bisect import bisect_right
from typing import Any

import orjson

from demo import clock
from demo.answers import Answer, Refusal, whole_number
from demo.district import District
from demo.faults import REPEATED, TOKEN_CALLS, InjectedFaults
from demo.history import Entry, window

ENTITIES = ("dossiers", "dossier_steps", "procedures", "assessments")
MAX_LIMIT = 5_000
DEFAULT_LIMIT = 1_000
TOKEN_SECONDS = 3_600


class Tokens:
    """Bearer tokens: issued for the client's id and secret, valid for one hour (or some calls, with fault injection)."""

    def __init__(self, client_id: str, client_secret: str, injected: InjectedFaults) -> None:
        self._expected = f"{client_id}:{client_secret}"
        self._faults = injected
        self._lock = threading.Lock()
        self._tokens: dict[str, list[float]] = {}

    def give(self, authorization: str, form: dict[str, str]) -> Answer:
        """POST /token."""
        scheme, _space, encoded = authorization.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True).decode("utf-8") if scheme.lower() == "basic" else ""
        except ValueError:
            given = ""
        if not hmac.compare_digest(given.encode(), self._expected.encode()):
            raise Refusal(401, "unknown client", {"WWW-Authenticate": "Basic"})
        if form.get("grant_type") != "client_credentials":
            raise Refusal(400, "grant_type must be client_credentials")
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = [time.monotonic() + TOKEN_SECONDS, float(TOKEN_CALLS if self._faults.active else 1 << 60)]
            while len(self._tokens) > 64:
                del self._tokens[next(iter(self._tokens))]
        return Answer({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    def check(self, authorization: str) -> None:
        """Refuse a call without a valid token."""
        scheme, _space, token = authorization.partition(" ")
        with self._lock:
            token_state = self._tokens.get(token) if scheme.lower() == "bearer" else None
            if token_state is not None:
                token_state[1] -= 1
                if token_state[0] < time.monotonic() or token_state[1] < 0:
                    del self._tokens[token]
                    token_state = None
        if token_state is None:
            raise Refusal(401, "no token, or it has expired", {"WWW-Authenticate": "Bearer"})


def _moment(query: dict[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        return clock.parse_iso(text)
    except ValueError as error:
        raise Refusal(400, f"{name}: {error}") from error


def _write_cursor(entry: Entry) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([entry[0], entry[1]])).decode("ascii")


def _read_cursor(text: str) -> tuple[int, Any]:
    try:
        changed_at, key = orjson.loads(base64.urlsafe_b64decode(text))
    except (ValueError, TypeError) as error:
        raise Refusal(400, "cursor is not one of ours") from error
    return int(changed_at), tuple(key) if isinstance(key, list) else key


class OneStop:
    """Answers `GET …/api/…`."""

    def __init__(self, district: District, injected: InjectedFaults) -> None:
        self._district = district
        self._faults = injected
        self._render = {entity: district.render(entity) for entity in ENTITIES}
        self._lists: tuple[int, list[Entry]] | None = None

    def get(self, path: str, query: dict[str, str], now: int) -> Answer:
        """One call below /api/."""
        self._faults.strike()
        if path == "dossiers/keys":
            return self._keys(query, now)
        if path not in ENTITIES:
            raise Refusal(404, f"no entity {path!r}; there are {', '.join(ENTITIES)}")
        return self._page(path, query, now)

    def _keys(self, query: dict[str, str], now: int) -> Answer:
        month = query.get("month", "")
        match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", month)
        if match is None:
            raise Refusal(400, f"month must be YYYY-MM, not {month!r}")
        return Answer({"data": self._district.keys(int(match[1]), int(match[2]), now)})

    def _full_list(self, now: int) -> list[Entry]:
        """The present procedures, by key. A full list has no window."""
        if self._lists is None or self._lists[0] != now:
            view = self._district.timelines["procedures"].view(now)
            self._lists = (now, sorted(((0, key, row, changed_at) for changed_at, key, row, _until in view), key=lambda entry: entry[1]))
        return self._lists[1]

    def _page(self, entity: str, query: dict[str, str], now: int) -> Answer:
        limit = whole_number(query, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
        if entity == "procedures":
            view = self._full_list(now)
            low, high = 0, len(view)
        else:
            first, end = _moment(query, "changed_from"), _moment(query, "changed_to")
            view = self._district.timelines[entity].view(now)
            low, high = window(view, first, end)
        start = low
        if query.get("cursor"):
            start = max(low, bisect_right(view, _read_cursor(query["cursor"]), low, high, key=lambda entry: (entry[0], entry[1])))
        stop = min(high, start + limit)
        again = 0
        if self._faults.active and start > low:
            again = min(REPEATED, start - low, limit // 2)
            stop = min(high, start + limit - again)
        render = self._render[entity]
        chosen = view[start - again : stop]
        if entity == "procedures":
            data = [row.record(changed_at) for _zero, _key, row, changed_at in chosen]
        else:
            data = [render(entry) for entry in chosen]
        following = _write_cursor(view[stop - 1]) if stop < high and stop > low else None
        return Answer({"total": high - low, "data": data, "next_cursor": following})
