"""A municipality's permit intake from the Netherlands, loaded by its profile alone, through the CLI as an operator would."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cchc.settings import PROJECT, Settings
from tests.cli.support import cchc, counted, rows_of

EXPORT = "shared/data/real/dutch_permits_receipt.csv.gz"
PROFILE = PROJECT / "tests" / "profiles" / "dutch_permits.yaml"
# a case that ends on the day of its deadline is not late, whatever the hour: the day is that of Amsterdam, summer time or not
NOT_LATE = """
    select count(*) as n from mart.dossier as d
    where d.source_code = 'dutch_permits' and d.finished_at is not null and d.timeliness in ('early', 'on_time')
"""
BY_HAND = """
    select count(*) as n from core.dossier where source_code = 'dutch_permits' and processed_at is not null
        and cast(processed_at at time zone 'Europe/Amsterdam' as date) <= cast(due_at at time zone 'Europe/Amsterdam' as date)
"""


def the_export() -> Path:
    """The real file, beside the repository (or beside the folder of its worktrees); else the tests are skipped, and say so."""
    for folder in PROJECT.parents[:2]:
        if (folder / EXPORT).exists():
            return folder / EXPORT
    pytest.skip(f"the real file is not here: ../{EXPORT} from the repository's root")


def test_the_example_is_the_profile_that_is_tested() -> None:
    assert (PROJECT / "docs" / "examples" / PROFILE.name).read_text(encoding="utf-8") == PROFILE.read_text(encoding="utf-8")
    assert not (PROJECT / "include" / "sources" / PROFILE.name).exists(), "there it would be a DAG of the district"


def test_one_profile_and_no_code(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    export = the_export()
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "dutch_permits_receipt.csv").write_bytes(gzip.decompress(export.read_bytes()))
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(PROFILE.parent))
    monkeypatch.setenv("AIRFLOW_CONN_SRC_DUTCH_PERMITS", json.dumps({"conn_type": "fs", "host": str(drop)}))
    assert cchc("init").code == 0
    assert "files by entity: dossier" in cchc("doctor", "dutch_permits").out

    said = cchc("ingest", "dutch_permits")
    assert said.code == 0, said.err
    counts = {
        "dossiers": "select count(*) as n from core.dossier where source_code = 'dutch_permits'",
        "steps": "select count(*) as n from core.dossier_step where source_code = 'dutch_permits'",
        "finished": "select count(*) as n from mart.dossier where source_code = 'dutch_permits' and finished_at is not null and is_counted",
        "not late": NOT_LATE,
        "by hand": BY_HAND,
        "open": "select count(*) as n from mart.dossier where source_code = 'dutch_permits' and finished_at is null and is_counted",
    }
    assert {name: rows_of(warehouse, statement)[0]["n"] for name, statement in counts.items()} == {
        "dossiers": 1434,
        "steps": 8577,
        "finished": 1329,
        "not late": 1020,
        "by hand": 1020,
        "open": 105,
    }
    assert rows_of(warehouse, "select 1 from ops.quarantine where action = 'quarantine' and resolved_at is null") == []

    before = counted(warehouse)
    again = cchc("ingest", "dutch_permits")
    assert again.code == 0, again.err
    assert counted(warehouse) == before
    # the same export under another name is read again: the file has no time of change, so versions are added, but no fact changes
    facts = (
        "select md5(string_agg(concat_ws(',', dossier_code, received_at, finished_at, outcome, due_at, timeliness, channel, is_counted), '|' "
        "order by dossier_code)) as facts from mart.dossier"
    )
    known = rows_of(warehouse, facts)
    (drop / "dutch_permits_receipt.csv").rename(drop / "dutch_permits_again.csv")
    third = cchc("ingest", "dutch_permits")
    assert third.code == 0, third.err
    assert "dutch_permits_again.csv" in third.out
    assert rows_of(warehouse, facts) == known
    assert rows_of(warehouse, counts["steps"]) == [{"n": 8577}]
