"""`cchc status` on a server: the warehouse and the Airflow that run elsewhere are asked, and what is not well is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cchc.embedded.elsewhere import API
from cchc.settings import Settings
from tests.support.cli import cchc
from tests.support.http import Handler, listening

WELL: dict[str, Any] = {
    "metadatabase": {"status": "healthy"},
    "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": "2024-01-02T00:00:00"},
    "triggerer": {"status": "healthy"},
    "dag_processor": {"status": "healthy"},
}


class Health(Handler):
    """The answer of Airflow's API server about its parts."""

    parts = WELL

    def do_GET(self) -> None:
        assert self.path == "/api/v2/monitor/health"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.parts).encode())


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with listening(Health) as base:
        monkeypatch.setenv(API, f"{base}/execution/")
        yield base


def test_all_is_well(warehouse: Settings, airflow: str) -> None:
    said = cchc("status")
    assert said.code == 0, said.err
    assert [line.split() for line in said.out.splitlines()] == [
        [name, "healthy"] for name in ("warehouse", "api-server", "dag-processor", "metadatabase", "scheduler", "triggerer")
    ]


def test_a_part_that_is_not_well_is_told(warehouse: Settings, airflow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Health, "parts", WELL | {"scheduler": {"status": "unhealthy"}, "triggerer": {"status": None}})
    said = cchc("status")
    assert said.code == 1
    assert "scheduler       unhealthy" in said.out
    assert "triggerer       no sign of life" in said.out


def test_what_cannot_be_reached_is_told(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(API, "http://127.0.0.1:9/execution/")
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", "postgresql://nobody:very-secret@127.0.0.1:9/warehouse")
    said = cchc("status")
    assert said.code == 1
    assert "api-server      http://127.0.0.1:9/api/v2/monitor/health does not answer (ConnectionError)" in said.out
    assert "no connection to the warehouse" in said.out
    assert "very-secret" not in said.out + said.err
