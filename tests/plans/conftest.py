"""An office with plans of its own: a copy of include/plans, include/reference and the authority's folder that a test may edit, and sources that speak the contracts."""

from __future__ import annotations

import copy
import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine
from tests.oracle import words
from tests.oracle.compare import differences, product_values
from tests.oracle.indicators import Knowledge, Run
from tests.oracle.server import ContractServer, windows
from tests.oracle.world import World
from tests.plans.district import NEW_YEAR, district
from tests.support.cli import Said, cchc
from tests.support.environment import environment
from tests.support.warehouse import HasWarehouse, NewWarehouse, admin

EXAMPLES = PROJECT / "docs" / "examples" / "plans"
PLAN, NEXT = "plan_53_KH-UBND_2023", "plan_99_KH-UBND_2024"
SOURCES = ("one_stop", "payments", "declared")
_numbers = itertools.count(1)


@dataclass
class Office(HasWarehouse):
    """What a person at the district does, through the command line alone; and what is in the warehouse afterwards."""

    settings: Settings
    folder: Path
    world: World = field(default_factory=World)
    server: ContractServer | None = None
    runs: list[Run] = field(default_factory=list)

    @property
    def plans(self) -> Path:
        return self.folder / "plans"

    @property
    def reference(self) -> Path:
        return self.folder / "reference"

    @property
    def authority(self) -> Path:
        return self.folder / "authority"

    @property
    def sql(self) -> Path:
        return self.folder / "sql"

    def own_sql(self) -> None:
        """Give the office a copy of include/sql that may be edited."""
        shutil.copytree(self.settings.sql_dir, self.sql)

    def run(self, *arguments: str, plan: str | None = None, code: int = 0) -> Said:
        """`cchc …`, under CCHC_PLAN=`plan` where it is given."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CCHC_SCHEDULE", "off")  # the sources of the tests stand in a year that is past
            if plan is not None:
                patch.setenv("CCHC_PLAN", plan)
            if self.server is not None:
                for name, value in self.server.connections().items():
                    patch.setenv(name, value)
            said = cchc(*arguments)
        assert said.code == code, (said.err, said)
        return said

    def open(self, world: World) -> None:
        """Let the sources hold a world."""
        self.world = world
        self.server = ContractServer(world, self.folder / "drop")
        self.server.__enter__()

    def ingest(self, t: datetime, plan: str | None = None) -> None:
        """One extract of every source at T."""
        assert self.server is not None
        self.server.clock = t
        for source in SOURCES:
            if source == "declared" and not self.world.drop_files:
                continue
            self.server.log.clear()
            self.run("ingest", source, "--to", t.isoformat(), plan=plan)
            self.runs.append(Run(source, t, windows(self.server.log)))

    def add_plan(self) -> None:
        """Put the plan of 2024 beside that of 2023."""
        shutil.copytree(EXAMPLES / NEXT, self.plans / NEXT)

    def edit(self, name: str, old: str, new: str, *, folder: str = "plans") -> None:
        """Change one place of a file of the plans, of the catalogue (reference) or of the authority's data."""
        path = self.folder / folder / name
        before = path.read_text(encoding="utf-8")
        assert old in before, f"{name} does not say {old!r}"
        path.write_text(before.replace(old, new, 1), encoding="utf-8")

    def marks(self) -> dict[str, list[str]]:
        """The months that wait, by source."""
        found: dict[str, list[str]] = {}
        for row in self.rows("select source_code, to_char(month_start, 'YYYY-MM') as month from ops.dirty_month order by 1, 2"):
            found.setdefault(row["source_code"], []).append(row["month"])
        return found

    def settle(self, *months: str) -> None:
        """Refresh these months, and take the others that wait as done: a test that asks for two months need not compute thirty."""
        self.execute("delete from ops.dirty_month where to_char(month_start, 'YYYY-MM') <> all(:months)", months=list(months))
        self.run("refresh")

    def differences(self) -> list[str]:
        """Where the product says something else than the independent calculation, which reads the same plans."""
        return differences(Knowledge(self.world, runs=self.runs), product_values(str(self.settings.warehouse_url)))

    def value(self, code: str, period: str, unit: str = "all", basis: str = "year_to_date") -> dict[str, Any]:
        """A row of mart.indicator_value."""
        kind, start = words.parse_period(period)
        (row,) = self.rows(
            "select * from mart.indicator_value where indicator_code = :c and period_kind = :k and period_start = :s and unit_code = :u "
            "and basis = :b",
            c=code, k=kind, s=start, u=unit, b=basis,
        )  # fmt: skip
        return row

    def published(self) -> dict[str, list[str]]:
        """Every row of every table of publications, as text."""
        tables = ("publication", "publication_value", "publication_item", "publication_report")
        return {name: [row["t"] for row in self.rows(f"select cast(t as text) as t from mart.{name} as t order by 1")] for name in tables}


@pytest.fixture
def office(new_warehouse: NewWarehouse, tmp_path: Path) -> Iterator[Office]:
    """An office whose warehouse has nothing but what `cchc init` brings."""
    with new_warehouse(tmp_path / "office" / "home") as settings, _office(settings, tmp_path / "office") as made:
        yield made


@contextmanager
def _office(settings: Settings, folder: Path) -> Iterator[Office]:
    if not (folder / "plans").exists():
        shutil.copytree(settings.plans_dir, folder / "plans")
        shutil.copytree(settings.reference_dir, folder / "reference")
        shutil.copytree(settings.authority_dir, folder / "authority")
    load = Settings.load

    def own() -> Settings:
        plans, reference, authority = (folder / name for name in ("plans", "reference", "authority"))
        found = replace(load(), plans_dir=plans, reference_dir=reference, authority_dir=authority)
        return replace(found, sql_dir=folder / "sql") if (folder / "sql").exists() else found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "load", own)
        patch.setattr(words, "PLANS", folder / "plans")
        made = Office(own(), folder)
        try:
            yield made
        finally:
            if made.server is not None:
                made.server.__exit__()


@dataclass(frozen=True)
class Built:
    """An office that is copied: its database, its folder, its sources and the extracts so far."""

    database: str
    folder: Path
    world: World
    runs: list[Run]


@pytest.fixture(scope="session")
def december(postgres_server: Any, template: str, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """An office with the plan of 2023 alone in which December 2023 and some months around it are computed; made once, copied by many."""
    folder, name = tmp_path_factory.mktemp("december"), "plans_december"
    admin(postgres_server, f"create database {name} template {template} strategy file_copy")
    variables = {"CCHC_HOME": str(folder / "home"), "CCHC_WAREHOUSE_URL": postgres_server.url(name)}
    with environment(**variables, CCHC_PRIVACY_KEY="a key for tests"), _office(Settings.load(), folder) as made:
        made.open(district())
        made.ingest(NEW_YEAR)
        made.settle("2022-12", "2023-01", "2023-11", "2023-12", "2024-01")
        assert made.differences() == []
        engine(made.settings).dispose()
    return Built(name, folder, made.world, made.runs)


@pytest.fixture(scope="session")
def closed_december(postgres_server: Any, december: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The office of `december` in which December 2023 is published, too; made once, copied by many."""
    folder, name = tmp_path_factory.mktemp("closed") / "office", "plans_closed_december"
    with _copy_of(december, postgres_server, name, folder) as made:
        made.run("close", "2023-12", "--approved-by", "a tester", "--incomplete")
    return Built(name, folder, made.world, made.runs)


@contextmanager
def _copy_of(built: Built, server: Any, name: str, folder: Path) -> Iterator[Office]:
    """A copy of an office as the database `name` and the folder `folder`, with sources of its own that hold the same world."""
    admin(server, f"create database {name} template {built.database} strategy file_copy")
    shutil.copytree(built.folder, folder)
    variables = {"CCHC_HOME": str(folder / "home"), "CCHC_WAREHOUSE_URL": server.url(name)}
    with environment(**variables, CCHC_PRIVACY_KEY="a key for tests"), _office(Settings.load(), folder) as made:
        made.open(copy.deepcopy(built.world))
        made.runs = list(built.runs)
        yield made
        engine(made.settings).dispose()


@pytest.fixture
def computed(december: Built, postgres_server: Any, tmp_path: Path) -> Iterator[Office]:
    """An office in which December 2023 is computed: a copy of its own."""
    name = f"plans_{next(_numbers)}"
    with _copy_of(december, postgres_server, name, tmp_path / "office") as made:
        yield made
    admin(postgres_server, f"drop database {name} with (force)")


@pytest.fixture
def closed(closed_december: Built, postgres_server: Any, tmp_path: Path) -> Iterator[Office]:
    """An office in which December 2023 is published: a copy of its own."""
    name = f"plans_{next(_numbers)}"
    with _copy_of(closed_december, postgres_server, name, tmp_path / "office") as made:
        yield made
    admin(postgres_server, f"drop database {name} with (force)")
