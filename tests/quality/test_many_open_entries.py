"""However many entries are open in quarantine, a load looks through them once, and not for each of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cchc.period import parse_moment
from cchc.pipeline import ingest as pipeline
from cchc.settings import Settings
from cchc.sources.connection import Connection
from cchc.sources.profile import load_profile
from cchc.staging.tables import good_view, table_of
from cchc.warehouse import composed, engine
from tests.support.deliveries import dossier, dossier_file
from tests.support.desk import Desk

ROWS, BAD = 400, 8
OLDER = """
    insert into ops.quarantine (load_id, source_code, entity, file, line, key, rule, action, reason, record, first_seen_at)
    select l.load_id, 'one_stop', 'dossiers', 'old', n, 'K' || n, 'K6', 'quarantine', 'test', '{}', now()
    from (select min(load_id) as load_id from ops.load) as l cross join generate_series(1, 30000) as n
"""

# loads are many in the long run, and few of them are validated and not loaded yet
LOADS = """
    insert into ops.load (extract_id, source_code, entity, file_name, window_to, status, started_at)
    select l.extract_id, l.source_code, l.entity, 'old' || n, l.window_to, 'loaded', now()
    from (select * from ops.load where entity = 'dossiers' and status = 'loaded' limit 1) as l cross join generate_series(1, 3000) as n
"""


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


@pytest.fixture
def validated(warehouse: Settings, tmp_path: Path) -> tuple[Settings, int]:
    """A warehouse with 30,000 open entries of loads before, and an extract of whose rows some break a rule, up to its load."""
    desk = Desk(warehouse, tmp_path / "drop")
    dossier_file(desk.inbox("one_stop"), "20230610", [dossier("H19.16.21-230610-0001")])
    desk.ingest("one_stop", "2023-06-11T00:00:00+07:00")
    desk.execute(OLDER)
    desk.execute(LOADS)
    records = [dossier(f"H19.16.21-230612-{number:04}", MaDonVi="H19.16.21" if number % 50 else "X") for number in range(ROWS)]
    dossier_file(desk.inbox("one_stop"), "20230612", records)
    connection = Connection("one_stop", str(desk.inbox("one_stop")))
    extract_id = pipeline.open_extract(warehouse, "one_stop", None, parse_moment("2023-06-13T00:00:00+07:00"))
    pipeline.extract_step(warehouse, extract_id, connection)
    pipeline.stage_step(warehouse, extract_id)
    pipeline.validate_step(warehouse, extract_id)
    desk.execute("analyze ops.quarantine; analyze ops.load")
    return warehouse, extract_id


def _plan(connection: Any, relation: str) -> list[dict[str, Any]]:
    (found,) = connection.execute(text(f"explain (analyze, format json) select * from {relation}")).scalar_one()
    return list(_nodes(found["Plan"]))


def test_a_load_looks_through_quarantine_once(validated: tuple[Settings, int]) -> None:
    settings, extract_id = validated
    entity = load_profile(settings.sources_dir, "one_stop").entities["dossiers"]
    with engine(settings).connect() as connection:
        staged = table_of(entity, extract_id).identifier.as_string(None)
        connection.execute(text(composed.staged_view("staged_dossier", "one_stop", staged)))
        for relation, rows in (("staged_dossier", ROWS), (good_view(entity, extract_id), ROWS - BAD)):
            nodes = _plan(connection, relation)
            assert nodes[0]["Actual Rows"] == rows
            read = [node for node in nodes if node.get("Relation Name") == "quarantine" or "quarantine" in node.get("Index Name", "")]
            assert read
            assert max(node["Actual Loops"] for node in read) == 1, relation
        expected = _plan(connection, "staged_dossier")[0]["Plan Rows"]
        assert expected > ROWS / 2, "where PostgreSQL expects a single row, it may look through quarantine for each of them"
        connection.rollback()
