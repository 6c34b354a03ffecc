"""A source over HTTP whose answers are the fuzzed bytes, and what must hold whatever it answers."""

from __future__ import annotations

import atexit
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from cchc.errors import CchcError
from cchc.sources import http
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Window
from tests.fuzz.delivery import Defect, T, judge, scratch, within_budget
from tests.fuzz.profiles import SOURCE, profile_of
from tests.fuzz.readers import once
from tests.support.http import Handler, listening

BETWEEN = b"\n--page--\n"
MOST_PAGES = 40


class _Script:
    """The answers that are to be given, one a request; after the last one it is given again, as a source does that never ends."""

    def __init__(self) -> None:
        self.pages: list[bytes] = []
        self.given: list[bytes] = []

    def next(self) -> tuple[dict[str, str], bytes]:
        """The headers and the body of the next answer. Lines `#Name: value` before a body are headers."""
        page = self.pages[min(len(self.given), len(self.pages) - 1)]
        self.given.append(page)
        headers = {}
        while page.startswith(b"#") and b"\n" in page:
            line, _, page = page[1:].partition(b"\n")
            name, _, value = line.decode("latin-1").partition(":")
            if name.isascii() and name.replace("-", "").isalnum() and value.isprintable():
                headers[name] = value.strip()
        return {name: value for name, value in headers.items() if name.lower() not in ("content-length", "transfer-encoding")}, page


SCRIPT = _Script()


class _Answers(Handler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        headers, body = SCRIPT.next()
        if len(SCRIPT.given) > MOST_PAGES:  # the reader was to have ended by itself long ago
            self.send(b"", 500)
            return
        self.send(body, 200, headers)


@cache
def _address() -> str:
    """The address of the server, which serves until this process ends."""
    open_until_exit = ExitStack()
    atexit.register(open_until_exit.close)
    return open_until_exit.enter_context(listening(_Answers))


@contextmanager
def _without_pauses() -> Iterator[None]:
    with patch.object(http, "FIRST_PAUSE_SECONDS", 0.0), patch.object(http, "MAX_PAUSE_SECONDS", 0.0):
        yield


def answered(content: Mapping[str, Any], data: bytes) -> None:
    """Pull from a service that gives these answers, by the profile with this content. Raises Defect."""
    folder = scratch()
    SCRIPT.pages, SCRIPT.given = data.split(BETWEEN), []
    try:
        profile = profile_of(content)
        with within_budget(), _without_pauses():
            connection = Connection(SOURCE, _address())
            try:
                loads = extract(
                    profile, connection, Window(None, T), (folder / "landing").as_uri(), extract_id=1, privacy_key="a key for tests"
                )
            except CchcError as error:
                if SOURCE not in str(error):
                    raise Defect(f"a message without the source: {error}") from error
                return
            for load in loads:
                judge(profile, load, [])
                if load.status == "landed":
                    _require_all(load.manifest["distinct_keys"], content["http"]["paginator"]["kind"])
        if len(SCRIPT.given) > MOST_PAGES:
            raise Defect(f"more than {MOST_PAGES} pages were asked for, and it is told as whole")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_all(landed: int, pages: str) -> None:
    """Raise Defect if fewer keys landed than the answers had, where each answer is one that any reader of JSON reads.

    `pages`: the kind of paginator.
    """
    keys: set[str] = set()
    for page in SCRIPT.given:
        while page.startswith(b"#") and b"\n" in page:
            page = page.partition(b"\n")[2]
        try:
            body = json.loads(page, object_pairs_hook=once)
            records, total = body["data"], body.get("total", 0)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        if not isinstance(records, list) or not isinstance(total, int) or (pages == "cursor" and "next_cursor" not in body):
            return  # an answer of a wrong form is asked for again, and what was in it may not come
        plain = [record for record in records if isinstance(record, dict)]
        keys |= {key for record in plain if isinstance(key := record.get("ma"), str) and key and key.isalnum() and len(key) < 400}
    if landed < len(keys):
        raise Defect(f"the answers had {len(keys)} keys, and {landed} were read")
