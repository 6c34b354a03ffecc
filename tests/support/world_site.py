"""A world of the oracle, the servers that deliver it, and a warehouse that takes it in by the command line."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from cchc.settings import Settings
from cchc.warehouse import engine
from tests.oracle.compare import Failed, cli
from tests.oracle.indicators import Run
from tests.oracle.server import BY_FILES, ContractServer, windows
from tests.oracle.world import World
from tests.support.warehouse import NewWarehouse, execute

_numbers = itertools.count(1)


@dataclass
class WorldSite:
    """A world, its sources, and a warehouse of the product. `runs`: the extracts so far, as the oracle reads them."""

    world: World
    settings: Settings
    server: ContractServer
    runs: list[Run] = field(default_factory=list)

    def call(self, *args: str, good: tuple[int, ...] = (0,)) -> None:
        """`cchc …`; raises Failed where it ends with another code than a good one."""
        code = cli(args, self.server.connections(), in_process=True)
        if code not in good:
            raise Failed(f"cchc {' '.join(args)}: exit code {code}")

    def ingest(self, source: str, t: datetime, *more: str) -> None:
        """One extract of a source at T, the source standing at T."""
        self.server.clock = t
        self.server.log.clear()
        self.call("ingest", source, "--to", t.isoformat(), *more, good=(0, 3) if source == "payments" else (0,))
        self.runs.append(Run(source, t, windows(self.server.log)))

    def refresh(self) -> None:
        """`cchc refresh`, without the months before the world begins: they are empty, and there are many of them."""
        execute(self.settings, "delete from ops.dirty_month where month_start < :m", m=self.world.begin)
        self.call("refresh")

    def query(self, statement: str, **binds: Any) -> list[Any]:
        """Rows of a statement, as tuples."""
        with engine(self.settings).connect() as connection:
            return list(connection.execute(text(statement), binds))


NewSite = Callable[[World], WorldSite]


@contextmanager
def sites(new_warehouse: NewWarehouse, folder: Path, files_of: Collection[str] = BY_FILES) -> Iterator[NewSite]:
    """A function that makes a site for a world, each with a warehouse of its own below `folder`; all are gone afterwards.

    `files_of`: the sources whose files are written, as in ContractServer.
    """
    with ExitStack() as stack:

        def make(world: World) -> WorldSite:
            home = folder / f"site-{next(_numbers)}"
            settings = stack.enter_context(new_warehouse(home))
            return WorldSite(world, settings, stack.enter_context(ContractServer(world, home / "drop", files_of=files_of)))

        yield make
