"""A warehouse that is built from landing alone is the one in which loads were withdrawn and read again, row for row."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cchc.pipeline.rebuild import rebuild
from cchc.pipeline.withdraw import withdraw
from cchc.sources.connection import Connection
from tests.secondary.conftest import Desk
from tests.secondary.taking_back import DAYS, NewDesk, deliver, each_under_its_own_name, feedback_by_chance, profile_with, quarantined
from tests.support.table_rows import differing, table_rows
from tests.support.warehouse import NewWarehouse


def state(desk: Desk) -> dict[str, list[str]]:
    """Every row of core and mart, with the numbers of loads."""
    return table_rows(desk.settings, "computed_at")


@pytest.mark.parametrize("seed", [0, 2])
def test_withdrawn_loads_stay_withdrawn(new_desk: NewDesk, new_warehouse: NewWarehouse, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with new_desk("original") as desk:
        deliver(desk, feedback_by_chance(chance))
        for _ in range(2):
            rows = desk.rows("select load_id from ops.load where status = 'loaded' and retry_of is null order by 1")
            withdraw(desk.settings, [chance.choice(rows)["load_id"]], "wrong", "Nguyễn Thị Thử")
        desk.settle("2023-05")
        expected = state(desk)
        with new_warehouse(tmp_path / "rebuilt") as settings:
            done = rebuild(settings, desk.settings.landing_url)
            rebuilt = Desk(settings, desk.folder)
            rebuilt.settle("2023-05")
            assert any("were withdrawn" in note for note in done.notes)
            assert quarantined(rebuilt) == quarantined(desk)
            assert differing(expected, state(rebuilt)) == {}
            assert desk.ingest("feedback", DAYS[3]).loads == rebuilt.ingest("feedback", DAYS[3]).loads == []


def test_reloaded_loads_are_read_as_they_were_read_last(new_desk: NewDesk, new_warehouse: NewWarehouse, tmp_path: Path) -> None:
    deliveries = each_under_its_own_name(random.Random(41))
    with new_desk("original") as desk:
        wrong = profile_with(desk, tmp_path / "sources", due_at="")
        deliver(wrong, deliveries)
        mended = profile_with(desk, tmp_path / "sources")
        loads = [row["load_id"] for row in desk.rows("select load_id from ops.load where status = 'loaded'")]
        folder = Connection("feedback", str(desk.inbox("feedback")))
        withdraw(mended.settings, loads[1:], "another column", "Nguyễn Thị Thử", reload=True, connect=lambda: folder)
        withdraw(mended.settings, loads[:1], "wrong", "Nguyễn Thị Thử", connect=lambda: folder)
        desk.settle("2023-05")
        expected = state(desk)
        with new_warehouse(tmp_path / "rebuilt") as settings:
            rebuild(settings, desk.settings.landing_url)
            rebuilt = Desk(settings, desk.folder)
            rebuilt.settle("2023-05")
            assert differing(expected, state(rebuilt)) == {}
