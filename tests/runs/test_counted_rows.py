"""PostgreSQL counts the rows of a table after a load that changed many of them, and not after one that changed few."""

from __future__ import annotations

from pathlib import Path

from cchc.settings import Settings
from tests.support.deliveries import dossier, dossier_file
from tests.support.desk import Desk

COUNTED = """
    select c.relname as name, c.reltuples as rows, s.analyze_count as times
    from pg_class as c inner join pg_stat_user_tables as s on c.oid = s.relid
    where s.schemaname || '.' || s.relname in ('core.dossier_version', 'mart.dossier')
"""


def _counted(desk: Desk) -> dict[str, tuple[float, int]]:
    """The rows that PostgreSQL takes each table to have, and how often it was counted."""
    return {row["name"]: (row["rows"], row["times"]) for row in desk.rows(COUNTED)}


def test_a_table_is_counted_where_a_share_of_its_rows_changed(warehouse: Settings, tmp_path: Path) -> None:
    desk = Desk(warehouse, tmp_path / "drop")

    def load(day: int, count: int) -> None:
        records = [dossier(f"H19.16.21-2306{day}-{number:04}", NgaySuaCuoi=f"202306{day}090000") for number in range(count)]
        dossier_file(desk.inbox("one_stop"), f"202306{day}", records)
        desk.ingest("one_stop", f"2023-06-{day + 1}T00:00:00+07:00")

    load(10, 60)
    first = _counted(desk)
    assert {rows for rows, _ in first.values()} == {60}
    load(11, 3)
    assert _counted(desk) == first, "three of sixty are no reason to count"
    load(12, 6)
    again = {name: (69, times + 1) for name, (_, times) in first.items()}
    assert _counted(desk) == again, "what changed adds up over the loads"
