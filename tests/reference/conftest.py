"""A warehouse that knows all its sources up to the end of 2023, and copies of the reference data that a test may edit."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cchc.reference import calendar
from cchc.reference.dirty_months import dirty_months
from cchc.reference.load import load_reference
from cchc.reference.unit_list import COLUMNS
from cchc.settings import Settings
from cchc.warehouse import engine
from tests.sql.runner import insert
from tests.support.files import csv_rows
from tests.support.warehouse import HasWarehouse, NewWarehouse

SOURCES = ("declared", "documents", "feedback", "one_stop", "payments", "survey")
UNITS = "units.csv"


@dataclass
class Office(HasWarehouse):
    """An installation whose reference data somebody edits."""

    settings: Settings

    @property
    def units(self) -> list[dict[str, str]]:
        """The lines of units.csv."""
        return csv_rows(self.settings.authority_dir / UNITS)

    def write(self, rows: Iterable[dict[str, str]]) -> None:
        """Another units.csv."""
        with (self.settings.authority_dir / UNITS).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows({column: row.get(column, "") for column in COLUMNS} for row in rows)

    def change(self, code: str, **cells: str) -> None:
        """Other cells in the (last) line of a unit."""
        rows = self.units
        last = max(number for number, row in enumerate(rows) if row["unit_code"] == code)
        rows[last] |= cells
        self.write(rows)

    def add(self, code: str, **cells: str) -> None:
        """A new line: a commune of the district, unless the cells say otherwise."""
        row = {
            "unit_code": code,
            "name": "Xã Mới",
            "level": "commune",
            "kind": "commune",
            "parent_code": "H19.16",
            "valid_from": "2000-01-01",
        }
        self.write([*self.units, row | cells])

    def becomes(self, code: str, day: str, day_before: str, **cells: str) -> None:
        """A second state of a unit from a day on."""
        last = [row for row in self.units if row["unit_code"] == code][-1]
        self.change(code, valid_to=day_before)
        self.write([*self.units, last | {"valid_from": day, "predecessors": ""} | cells])

    def remove(self, code: str) -> None:
        """Take a unit out of the file."""
        self.write(row for row in self.units if row["unit_code"] != code)

    def decide(self, *lines: str) -> None:
        """Another working_day_overrides.csv."""
        path = self.settings.authority_dir / calendar.FILE
        path.write_text("\n".join(["date,is_working,legal_basis", *lines]) + "\n", encoding="utf-8")

    def init(self) -> list[str]:
        """`cchc init`: what it tells."""
        return load_reference(self.settings)

    def put(self, table: str, *rows: dict[str, Any]) -> None:
        """Rows of a table, completed as in tests/sql."""
        with engine(self.settings).begin() as connection:
            insert(connection, table, list(rows))

    def waiting(self) -> dict[str, list[str]]:
        """Months that wait for a refresh, by source."""
        with engine(self.settings).connect() as connection:
            return dirty_months(connection)

    def settle(self) -> None:
        """Nothing waits any more."""
        self.execute("delete from ops.dirty_month")


@pytest.fixture
def new_office(new_warehouse: NewWarehouse, tmp_path: Path) -> Callable[[str], Any]:
    """A function: an office as a context, with T of every source at the end of 2023, and without the units of 2025.

    Those name all communes of 2023 as what they took over: no commune could end at another day without them.
    """
    from contextlib import contextmanager

    @contextmanager
    def make(name: str) -> Any:
        with new_warehouse(tmp_path / name) as settings:
            shutil.copytree(settings.authority_dir, tmp_path / name / "reference")
            made = Office(replace(settings, authority_dir=tmp_path / name / "reference"))
            made.put("ops.extract", *({"source_code": source, "window_to": "2024-01-01 00:00:00"} for source in SOURCES))
            made.write(row for row in made.units if not row["unit_code"].startswith("H19.2025"))
            with engine(settings).begin() as connection:
                for table in ("core.unit_on_day", "core.unit_version", "core.unit"):
                    connection.execute(text(f"delete from {table} where unit_code like 'H19.2025%'"))
            made.init()
            made.settle()
            yield made

    return make


@pytest.fixture
def office(new_office: Callable[[str], Any]) -> Any:
    """One office."""
    with new_office("office") as made:
        yield made
