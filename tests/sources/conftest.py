"""Shared pieces of the tests of sources."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cchc.period import ZONE
from cchc.sources import http
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window, read_parts
from cchc.sources.profile import Profile, load_profile
from tests.support.source_server import Source, serving
from tests.support.table_reports import profile_with

PROJECT = Path(__file__).resolve().parents[2]
T = datetime(2023, 7, 1, tzinfo=ZONE)
KEY = "a privacy key for tests"


def profile(name: str, folder: str = "include/sources") -> Profile:
    """A profile of the project."""
    return load_profile(PROJECT / folder, name)


def rows(landed: Landed) -> list[list[Any]]:
    """All landing lines of a load."""
    return [line for _, lines in read_parts(landed) for line in lines]


def records(landed: Landed) -> list[dict[str, Any]]:
    """All landed records of a load."""
    return [line[1] for line in rows(landed)]


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def url(source: Source) -> Iterator[str]:
    with serving(source) as base:
        yield base


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were asked for; none is taken."""
    taken: list[float] = []
    real = http.Client.__init__

    def init(
        self: http.Client, profile: Profile, connection: Connection, sleep: Callable[[float], None] = taken.append, **more: Any
    ) -> None:
        real(self, profile, connection, sleep, **more)

    monkeypatch.setattr(http.Client, "__init__", init)
    return taken


@pytest.fixture
def landing(tmp_path: Path) -> str:
    return (tmp_path / "landing").as_uri()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An empty drop folder."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def pull(url: str, landing: str, sleeps: list[float]) -> Callable[..., dict[str, Landed]]:
    """Extracts from the server; entity → load."""

    def run(
        name: str = "one_stop", entities: list[str] | None = None, *, start: datetime | None = None, extract_id: int = 1, **options: Any
    ) -> dict[str, Landed]:
        connection = options.pop("connection", None) or Connection(
            name, url, "client", "s3cret-value" if name == "one_stop" else "key-4711"
        )
        window = options.pop("window", None) or Window(start, T)
        loads = extract(profile(name), connection, window, landing, extract_id=extract_id, privacy_key=KEY, entities=entities, **options)
        return {load.entity: load for load in loads}

    return run


@pytest.fixture
def read(tmp_path: Path, landing: str) -> Callable[..., Landed]:
    """A function: read one file by the profile of the example, changed; its load."""

    def run(data: bytes, change: Callable[[dict[str, Any]], object] = lambda entity: None, name: str = "bao_cao_1.xlsx") -> Landed:
        inbox = tmp_path / "inbox"
        inbox.mkdir(exist_ok=True)
        (inbox / name).write_bytes(data)
        profile = profile_with(tmp_path, change)
        number = next(numbers)
        (load,) = extract(
            profile,
            Connection(profile.source, str(inbox)),
            Window(None, T),
            landing,
            extract_id=number,
            privacy_key=KEY,
            entities=["dossiers"],
        )
        (inbox / name).unlink()
        return load

    numbers = itertools.count(1)
    return run
