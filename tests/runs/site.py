"""A warehouse beside its sources, and a run of a source that a test takes step by step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from cchc.core import completeness
from cchc.pipeline import ingest as pipeline
from cchc.settings import Settings
from cchc.sources.connection import from_environment
from cchc.warehouse import engine
from tests.oracle.server import ContractServer
from tests.oracle.world import World
from tests.support.cli import Said, cchc
from tests.support.table_rows import table_rows
from tests.support.warehouse import HasWarehouse

STEPS = ("open", "extract", "stage", "validate", "load")
# what differs between two ways to the same state: numbers of loads, and when something was computed or fetched
BESIDE_THE_POINT = ["_load_id", "computed_at"]


@dataclass
class Site(HasWarehouse):
    """A warehouse and the servers of a world."""

    settings: Settings
    server: ContractServer
    world: World

    @contextmanager
    def active(self) -> Iterator[None]:
        """The environment of this site; several may stand side by side in one test."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CCHC_HOME", str(self.settings.home))
            patch.setenv("CCHC_WAREHOUSE_URL", str(self.settings.warehouse_url))
            for name, value in self.server.connections().items():
                patch.setenv(name, value)
            yield

    def call(self, *arguments: str) -> Said:
        """`cchc …` on this site."""
        with self.active():
            return cchc(*arguments)

    def ingest(self, source: str, to: datetime, *more: str, code: int = 0) -> Said:
        """One extract of a source at T, the source standing at T; some payment files of a world are blocked, which is no fault here."""
        self.server.clock = to
        said = self.call("ingest", source, "--to", to.isoformat(), *more)
        assert said.code == code or (source, said.code) == ("payments", 3), said.err
        return said

    def refresh(self) -> None:
        """`cchc refresh`, without the months before the world begins: they are empty, and there are many of them."""
        self.execute("delete from ops.dirty_month where month_start < :m", m=self.world.begin)
        said = self.call("refresh")
        assert said.code == 0, said.err

    def holes(self) -> list[completeness.Hole]:
        """What was never asked for."""
        with engine(self.settings).connect() as connection:
            return completeness.holes(connection)

    def known_at(self, source: str) -> datetime | None:
        """T of a source."""
        rows = self.rows("select known_at from ops.source_clock where source_code = :s", s=source)
        return rows[0]["known_at"] if rows else None

    def state(self, *schemas: str, without: list[str] | None = None) -> dict[str, list[str]]:
        """Every row of every table of core and mart, without what differs between two ways to the same state."""
        return table_rows(self.settings, *BESIDE_THE_POINT, *(without or []), schemas=schemas or ("core", "mart"))

    def staging_tables(self) -> list[str]:
        """The staging tables that runs have left."""
        rows = self.rows("select tablename as name from pg_tables where schemaname = 'staging' and tablename like 'extract%' order by 1")
        return [row["name"] for row in rows]


@dataclass
class Stepwise:
    """An ingest that goes on step by step, as the tasks of a DAG run do; what went wrong is kept, and ends it."""

    site: Site
    source: str
    to: datetime
    start: datetime | None = None
    full: bool = False
    extract_id: int = 0
    error: Exception | None = None
    done: list[str] = field(default_factory=list)

    def step(self) -> str | None:
        """Take the next step; its name, or None where there is none any more."""
        if self.error is not None or len(self.done) == len(STEPS):
            return None
        name = STEPS[len(self.done)]
        try:
            with self.site.active():
                self._take(name)
        except Exception as error:  # the test looks at it
            self.error = error
        self.done.append(name)
        return name

    def _take(self, name: str) -> None:
        settings = self.site.settings
        if name == "open":
            self.extract_id = pipeline.open_extract(settings, self.source, self.start, self.to, full=self.full)
        elif name == "extract":
            pipeline.extract_step(settings, self.extract_id, from_environment(self.source))
        else:
            steps: dict[str, Callable[..., object]] = {
                "stage": pipeline.stage_step,
                "validate": pipeline.validate_step,
                "load": pipeline.load_step,
            }
            steps[name](settings, self.extract_id)

    def finish(self) -> None:
        """All steps that are left."""
        while self.step():
            pass


def environment_of(site: Site) -> dict[str, str]:
    """The environment of a process of its own on this site."""
    return {
        **os.environ,
        "CCHC_HOME": str(site.settings.home),
        "CCHC_WAREHOUSE_URL": str(site.settings.warehouse_url),
        **site.server.connections(),
    }
