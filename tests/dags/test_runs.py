"""The DAGs really run: green with the sources up, red with the reason in the task's error otherwise, nothing half-loaded."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cchc.settings import Settings
from cchc.sources.profile import list_profiles
from tests.dags.collector import Sink, collector
from tests.dags.conftest import Box, broken
from tests.support.deliveries import payment_day
from tests.support.district import CLOCK
from tests.support.warehouse import rows_of

__all__ = ["collector"]


def test_green_from_the_connection_to_the_indicators(box: Box, installed: dict[str, str], warehouse: Settings, collector: Sink) -> None:
    checked = box.run("check_connections", None, None, **installed)
    assert checked["state"] == "success", checked
    assert [text.partition(":")[0] for text in sorted(checked["mapped"])] == list_profiles(warehouse.sources_dir)

    done = box.run("ingest_documents", {"to": CLOCK}, **installed, OPENLINEAGE_URL=collector.url)
    assert done["state"] == "success", done
    assert collector.events == [], "the events of OpenLineage are off, unless they are switched on"
    assert set(done["tasks"].values()) == {"success"}
    assert {load["status"] for load in rows_of(warehouse, "select status from ops.load")} == {"loaded"}
    months = done["results"]["load"]
    assert {"2023-01", "2023-12"} <= set(months)
    assert {f"{row['month_start']:%Y-%m}" for row in rows_of(warehouse, "select month_start from ops.dirty_month")} == set(months)

    refreshed = box.run("refresh_indicators", {"periods": ["2023-12"]}, **installed)
    assert refreshed["state"] == "success", refreshed
    assert "2023-12 (" in " ".join(refreshed["results"]["refresh"])
    assert "documents" in " ".join(refreshed["results"]["refresh"])
    values = rows_of(warehouse, "select * from mart.indicator_value where period_kind = 'month' and period_start = '2023-12-01'")
    assert any(value["value"] is not None for value in values)

    again = box.run("ingest_documents", {"to": CLOCK, "full": True}, **installed)
    assert again["state"] == "success", again
    assert again["results"]["load"] == [month for month in months if month != "2023-12"], "what waits, waits still; nothing was added"
    changed = "select sum(inserted + updated) as n from ops.load where extract_id = (select max(extract_id) from ops.extract)"
    assert [int(row["n"]) for row in rows_of(warehouse, changed)] == [0]


def test_backfill_asks_for_each_month_once(box: Box, installed: dict[str, str]) -> None:
    asked = {"source": "payments", "first_month": "2023-11", "last_month": "2024-02"}
    done = box.run("backfill", asked, skip="ingest_month", **installed)
    assert done["state"] == "success", done
    windows = done["results"]["windows"]
    assert {window["trigger_dag_id"] for window in windows} == {"ingest_payments"}
    assert [(window["conf"]["from"][:10], window["conf"]["to"][:10]) for window in windows] == [
        ("2023-11-01", "2023-12-01"),
        ("2023-12-01", "2024-01-01"),
        ("2024-01-01", "2024-02-01"),
        ("2024-02-01", "2024-03-01"),
    ]
    assert len([task for task in done["tasks"] if task.startswith("ingest_month")]) == 4


@pytest.mark.parametrize(
    ("source", "parts", "reason"),
    [
        ("one_stop", {"password": "wrong"}, "the credentials are wrong"),
        ("documents", {"password": "wrong"}, "the credentials are wrong"),
        ("one_stop", {"host": "http://127.0.0.1:9/one_stop"}, "Host 127.0.0.1:9"),
    ],
)
def test_red_with_the_reason(
    box: Box, installed: dict[str, str], warehouse: Settings, source: str, parts: dict[str, str], reason: str
) -> None:
    variables = broken(installed, source, **parts)
    done = box.run(f"ingest_{source}", {"to": CLOCK}, **variables)
    assert done["state"] == "failed"
    assert done["tasks"]["extract"] == "failed"
    assert done["errors"]["extract"].startswith(f"SourceUnavailable: {source}")
    assert reason in done["errors"]["extract"]
    assert {done["tasks"][task] for task in ("stage", "validate", "load", "confirm")} == {"upstream_failed"}
    assert rows_of(warehouse, "select status from ops.extract") == [{"status": "failed"}]
    assert rows_of(warehouse, "select 1 from ops.source_clock") == []


def test_a_connection_that_does_not_answer_is_red_alone(box: Box, installed: dict[str, str]) -> None:
    done = box.run("check_connections", None, None, **broken(installed, "documents", host="http://127.0.0.1:9/documents"))
    assert done["state"] == "failed"
    assert sorted(done["tasks"].values()) == ["failed", *["success"] * (len(list_profiles(Settings.load().sources_dir)) - 1)]
    assert "documents" in done["errors"]["check"]
    assert "127.0.0.1:9" in done["errors"]["check"]


def test_a_blocked_file_is_red_and_the_others_are_loaded(box: Box, installed: dict[str, str], warehouse: Settings, tmp_path: Path) -> None:
    payment_day(tmp_path / "drop", "20230105")
    payment_day(tmp_path / "drop", "20230106", claimed=60_000)
    done = box.run("ingest_payments", {"to": CLOCK}, **broken(installed, "payments", host=str(tmp_path / "drop")))
    assert done["state"] == "failed"
    assert {task: state for task, state in done["tasks"].items() if state != "success"} == {"confirm": "failed"}
    assert done["errors"]["confirm"].startswith("LoadBlocked: payments giaodich_20230106.csv")
    assert "60" in done["errors"]["confirm"]
    assert [row["file_date"].isoformat() for row in rows_of(warehouse, "select file_date from core.payment")] == ["2023-01-05"]


def test_an_unreadable_extract_publishes_nothing(box: Box, installed: dict[str, str], warehouse: Settings, tmp_path: Path) -> None:
    """Over files as over HTTP: what is cut off is not an empty list."""
    drop = tmp_path / "drop"
    payment_day(drop, "20230105")
    whole = (drop / "giaodich_20230105.csv").read_bytes()
    (drop / "giaodich_20230105.csv").unlink()
    (drop / "giaodich_20230105.csv.gz").write_bytes(gzip.compress(whole)[:-20])
    manifest = json.loads((drop / "giaodich_20230105.json").read_text())
    (drop / "giaodich_20230105.json").write_text(json.dumps(manifest | {"file": "giaodich_20230105.csv.gz"}), encoding="utf-8")
    done = box.run("ingest_payments", {"to": CLOCK}, **broken(installed, "payments", host=str(drop)))
    assert rows_of(warehouse, "select 1 from core.payment") == []
    waiting = rows_of(warehouse, "select file_name, status, message from ops.load")
    assert [row["file_name"] for row in waiting] == ["giaodich_20230105.csv.gz"]
    assert waiting[0]["status"] == "blocked"
    assert "sha256" in waiting[0]["message"]
    assert done["state"] == "failed"
    assert done["errors"]["confirm"].startswith("LoadBlocked: payments giaodich_20230105.csv.gz")
