"""A refresh recomputes exactly the months that loads have touched; these are sufficient and few."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from cchc.settings import Settings
from cchc.warehouse import engine
from tests.support.cli import cchc
from tests.support.district import served
from tests.support.warehouse import rows_of

MONTHS = ["2023-10", "2023-11", "2023-12", "2024-01"]


def changed(said: str) -> dict[str, int]:
    """Values changed, by month, as `cchc refresh` prints them."""
    found: dict[str, int] = {}
    for month, count in re.findall(r"^(\d{4}-\d\d)  one_stop +\d+ +(\d+)$", said, re.M):
        found[month] = found.get(month, 0) + int(count)
    return found


def test_touched_months_suffice(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = "2023-12-28T00:00:00+07:00"
    with served(tmp_path / "demo", clock=first) as demo:
        monkeypatch.setenv("AIRFLOW_CONN_SRC_ONE_STOP", demo.connections()["AIRFLOW_CONN_SRC_ONE_STOP"])
        assert cchc("ingest", "one_stop", "--to", first).code == 0
        with engine(warehouse).begin() as connection:  # a refresh takes seconds: these months are enough to see it
            connection.execute(text("delete from ops.dirty_month where month_start < '2023-10-01'"))
        assert list(changed(cchc("refresh").out)) == MONTHS[:-1]
        for day in ("2023-12-29", "2024-01-12"):
            moment = f"{day}T00:00:00+07:00"
            demo.advance(moment)
            assert cchc("ingest", "one_stop", "--to", moment).code == 0
            waiting = {f"{row['month_start']:%Y-%m}" for row in rows_of(warehouse, "select month_start from ops.dirty_month")}
            assert "2023-12" in waiting
            if day == "2023-12-29":
                assert len(waiting) < 12, "one day's changes do not touch the whole history"
            with engine(warehouse).begin() as connection:
                connection.execute(text("delete from ops.dirty_month where month_start < '2023-10-01'"))
            assert set(changed(cchc("refresh").out)) == waiting & set(MONTHS)
        assert changed(cchc("refresh", *MONTHS).out) == dict.fromkeys(MONTHS, 0), "what was not touched is as it would be anew"
        assert cchc("ingest", "one_stop", "--to", moment, "--full").code == 0
        assert rows_of(warehouse, "select month_start, reason from ops.dirty_month") == [], "everything again, and nothing touched"
