"""A changed list of units or calendar takes effect: after `cchc refresh`, the warehouse is as if it had always known the new list.

The world is one of the independent oracle, with records of every source; each change is made in the files, told by `cchc init`, refreshed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from cchc.period import add_months
from cchc.pipeline.refresh import refresh
from cchc.reference import calendar
from cchc.reference.load import load_reference
from cchc.warehouse import engine
from tests.oracle.indicators import SECONDARY, SOURCES
from tests.oracle.world import random_world
from tests.reference.conftest import Office
from tests.support.table_rows import differing, table_rows
from tests.support.warehouse import NewWarehouse
from tests.support.world_site import NewSite, WorldSite, sites

Change = Callable[[Office, date], None]


def rename(office: Office, day: date) -> None:
    """Another name from a day on."""
    office.becomes("H19.16.21", str(day), str(day - timedelta(days=1)), name="Phường Vĩnh An")


def spell(office: Office, day: date) -> None:
    """Another spelling of the whole time."""
    office.change("H19.16.4", name="Phòng Tài chính, Kế hoạch")


def merge(office: Office, day: date) -> None:
    """A commune with records is merged into another one with records."""
    office.change("H19.16.22", valid_to=str(day - timedelta(days=1)))
    office.change("H19.16.21", predecessors="H19.16.22")


def divide(office: Office, day: date) -> None:
    """A commune is divided between one that was there and a new one."""
    office.change("H19.16.30", valid_to=str(day - timedelta(days=1)))
    office.change("H19.16.29", predecessors="H19.16.30")
    office.add("H19.16.34", valid_from=str(day), predecessors="H19.16.30")


def end(office: Office, day: date) -> None:
    """An office ends, and nobody takes its place."""
    office.change("H19.16.6", valid_to=str(day - timedelta(days=1)))


def begin(office: Office, day: date) -> None:
    """An office has come into being later than its first records say."""
    office.change("H19.16.12", valid_from=str(day))


def level(office: Office, day: date) -> None:
    """A commune is a ward from a day on, a level that there was not."""
    office.becomes("H19.16.21", str(day), str(day - timedelta(days=1)), level="ward", kind="ward")


def leave(office: Office, day: date) -> None:
    """A commune leaves the district's tree from a day on."""
    office.add("H19.20", name="Thành phố", level="district", kind="district", parent_code="")
    office.becomes("H19.16.22", str(day), str(day - timedelta(days=1)), parent_code="H19.20")


def correct(office: Office, day: date) -> None:
    """What was an office turns out to have been a public service unit of a commune all the time."""
    office.change("H19.16.4", level="commune", kind="public_service_unit")


def swap(office: Office, day: date) -> None:
    """A working day less, a Sunday more."""
    working = [day + timedelta(days=n) for n in range(14) if (day + timedelta(days=n)).weekday() in (1, 6)]
    lines = (office.settings.authority_dir / calendar.FILE).read_text(encoding="utf-8").splitlines()[1:]
    office.decide(*lines, *(f"{one},{str(one.weekday() == 6).lower()},made up" for one in working))


CHANGES: dict[str, Change] = {change.__name__: change for change in (rename, spell, merge, divide, end, begin, level, leave, correct, swap)}


class LoadedWorld:
    """A world in a warehouse, of which the months are computed that hold its records."""

    def __init__(self, site: WorldSite, folder: Path) -> None:
        self.site = site
        shutil.copytree(site.settings.authority_dir, folder)
        self.office = Office(replace(site.settings, authority_dir=folder))
        self.office.write(row for row in self.office.units if not row["unit_code"].startswith("H19.2025"))
        with engine(site.settings).begin() as connection:
            for table in ("core.unit_on_day", "core.unit_version", "core.unit"):
                connection.execute(text(f"delete from {table} where unit_code like 'H19.2025%'"))
        self.begin = min(file.day for file in site.world.drop_files if file.source == "feedback").replace(day=1)

    def ingest(self, t: datetime) -> None:
        """Every source as of T."""
        for source in (*SOURCES, *SECONDARY):
            self.site.server.clock = t
            self.site.call("ingest", source, "--to", t.isoformat(), good=(0, 3))

    def refresh(self) -> None:
        """A plain refresh of what waits; of the months before the world begins nothing is asked."""
        with engine(self.site.settings).begin() as connection:
            connection.execute(text("delete from ops.dirty_month where month_start < :m"), {"m": self.begin})
        refresh(self.office.settings)

    def is_complete(self, t: datetime) -> bool:
        """Whether a refresh of every month, whether it waits or not, finds every value as it is."""
        months, month = [], self.begin
        while month <= t.date():
            months.append(month)
            month = add_months(month, 1)
        return sum(done.changed for done in refresh(self.office.settings, months, force=True)) == 0

    def rows(self) -> dict[str, list[str]]:
        """Everything that core and mart have, but when it was computed."""
        return table_rows(self.site.settings, "computed_at", "_load_id", "is_listed")


def story(seed: int, changes: list[str], new_site: NewSite, tmp_path: Path, *, is_rebuilt: bool = True) -> None:
    """Changes one after the other in one warehouse, each refreshed; in the end another one that knew the last list from the start."""
    world = random_world(seed, 40)
    t = world.ts[-1]
    changed = LoadedWorld(new_site(world), tmp_path / "changed")
    changed.office.init()
    changed.ingest(t)
    changed.refresh()
    middle = changed.begin + (t.date() - changed.begin) * 2 / 3
    for number, name in enumerate(changes):
        before = changed.rows()["mart.indicator_value"]
        CHANGES[name](changed.office, middle + timedelta(days=3 * number))
        told = changed.office.init()
        assert told, f"{name}: nothing is told"
        changed.refresh()
        assert changed.is_complete(t), f"seed {seed}: {name} is not felt in some month that was not marked: {told}"
        if name not in ("rename", "spell", "swap"):
            assert changed.rows()["mart.indicator_value"] != before, f"{name} changes nothing: it proves nothing"
    if is_rebuilt:
        anew = LoadedWorld(new_site(world), tmp_path / "anew")
        shutil.copytree(changed.office.settings.authority_dir, anew.office.settings.authority_dir, dirs_exist_ok=True)
        load_reference(anew.office.settings)
        anew.ingest(t)
        anew.refresh()
        assert differing(changed.rows(), anew.rows()) == {}


@pytest.mark.parametrize(
    ("seed", "changes"),
    [
        (4, ["merge", "level"]),
        pytest.param(4, ["divide", "swap", "spell"], marks=pytest.mark.nightly),
        pytest.param(11, ["begin", "end", "rename", "correct", "leave"], marks=pytest.mark.nightly),
    ],
)
def test_every_change_is_felt(seed: int, changes: list[str], new_warehouse: NewWarehouse, tmp_path: Path) -> None:
    with sites(new_warehouse, tmp_path) as new_site:
        story(seed, changes, new_site, tmp_path)
