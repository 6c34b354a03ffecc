"""Sources of a small random world and a fresh warehouse, for tests of runs that meet each other, are cut off, or ask for windows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.server import ContractServer
from tests.oracle.world import World, random_world
from tests.runs.site import Site
from tests.support.warehouse import NewWarehouse

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def world() -> World:
    """A district with some dozens of dossiers and four moments of extracts."""
    return random_world(43, 25)


@pytest.fixture(scope="session")
def undisturbed(new_warehouse: NewWarehouse, world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The rows of core after one whole ingest of the one-stop at the last T: made once, compared with by many."""
    home = tmp_path_factory.mktemp("undisturbed")
    with new_warehouse(home) as settings, ContractServer(world, home / "drop", files_of=()) as server:
        site = Site(settings, server, world)
        site.ingest("one_stop", world.ts[-1])
        return site.state("core")


@pytest.fixture
def new_site(new_warehouse: NewWarehouse, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Site]]:
    """A function that gives a migrated warehouse beside the sources of the world, each with a clock of its own."""
    with ExitStack() as stack:

        def make(**more: Any) -> Site:
            home = tmp_path / f"site-{next(_numbers)}"
            settings = stack.enter_context(new_warehouse(home))
            server = stack.enter_context(ContractServer(world, home / "drop", files_of=["payments"]))
            for name, value in server.connections().items():
                monkeypatch.setenv(name, value)
            return Site(settings, server, world)

        yield make
