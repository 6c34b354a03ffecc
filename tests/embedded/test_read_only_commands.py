"""A question changes nothing: `cchc status` and `cchc doctor` leave a fresh folder, a stopped and a running one as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from cchc.warehouse import embedded as postgres
from tests.support.cli import cchc

QUESTIONS = [("status",), ("doctor",)]


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder with its size and time of change, but what the running server itself writes."""
    server = folder / "postgres" / "data"
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if server not in path.parents and path != server
    }


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CCHC_WAREHOUSE_URL", "CCHC_LANDING_URL", "CCHC_SOURCES_DIR", "CCHC_PRIVACY_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CCHC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_folder_that_is_not_there_is_not_made(home: Path, question: tuple[str, ...]) -> None:
    cchc(*question)
    assert not home.exists()
    home.mkdir()
    cchc(*question)
    assert list(home.iterdir()) == []


def test_nothing_is_written_while_the_server_runs_and_when_it_is_stopped(home: Path) -> None:
    postgres.start(home, durable=False)
    try:
        for _ in ("running", "stopped"):
            before = listing(home)
            assert "postgres/server.json" in before
            for question in QUESTIONS:
                cchc(*question)
                assert listing(home) == before, question
            postgres.stop(home)
    finally:
        postgres.stop(home)
