"""Landing written by hand, staged and validated in a warehouse, for the tests of staging and quality."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, text

from cchc.quality import LoadVerdict, validate
from cchc.settings import PROJECT
from cchc.sources.landing import Folder, Landed, Writer, write_manifest
from cchc.sources.profile import Profile, load_profile
from cchc.staging import stage
from cchc.warehouse import engine
from tests.support.warehouse import NewWarehouse

T = datetime(2023, 12, 31, 17, 0, tzinfo=UTC)  # 2024-01-01 00:00 in Asia/Ho_Chi_Minh
_folders = itertools.count(1)


def profile(source: str) -> Profile:
    """A profile of the project."""
    return load_profile(PROJECT / "include" / "sources", source)


@dataclass
class Bench:
    """A warehouse and a landing folder. `extract_id` is the number under which loads were staged last: each time another one."""

    engine: Engine
    folder: Path
    extract_id: int = 0

    def stage(self, source: Profile, landed: list[Landed]) -> None:
        """Stages loads as a run of their own."""
        self.extract_id += 1
        stage(self.engine, source, landed, self.extract_id)

    def validate(self, source: Profile, landed: list[Landed]) -> list[LoadVerdict]:
        """Validates loads that were staged last."""
        return validate(self.engine, source, [load.load_id or 0 for load in landed], self.extract_id)

    def table(self, entity: str) -> str:
        """The staging table of the run that was staged last."""
        return f"staging.extract_{self.extract_id}__{entity}"

    def land(
        self,
        source: Profile,
        entity: str,
        records: list[Any],
        *,
        file_name: str | None = None,
        known_at: datetime = T,
        window_from: datetime | None = None,
        first_line: int = 1,
        **facts: Any,
    ) -> Landed:
        """Lands `records` (a text stands for a record that was no object) as a load of its own, open in ops.load."""
        folder = Folder((self.folder / f"{next(_folders):04d}").as_uri())
        writer = Writer(folder)
        writer.add(
            orjson.dumps([line, None, record] if isinstance(record, str) else [line, record, None])
            for line, record in enumerate(records, first_line)
        )
        writer.close()
        manifest = {"source": source.source, "entity": entity, "records": len(records), "parts": writer.parts, **facts}
        write_manifest(folder, manifest)
        with self.engine.begin() as connection:
            extract_id = connection.execute(
                text(
                    "insert into ops.extract (source_code, window_to, status, started_at) values (:s, :t, 'running', :t) returning extract_id"
                ),
                {"s": source.source, "t": known_at},
            ).scalar()
            load_id = connection.execute(
                text(
                    "insert into ops.load (extract_id, source_code, entity, file_name, window_from, window_to, landed, status, started_at)"
                    " values (:x, :s, :e, :f, :w, :t, :n, 'landed', :t) returning load_id"
                ),
                {"x": extract_id, "s": source.source, "e": entity, "f": file_name, "w": window_from, "t": known_at, "n": len(records)},
            ).scalar()
        return Landed(entity, folder.url, file_name, manifest, load_id=load_id)

    def rows(self, query: str, **binds: Any) -> list[dict[str, Any]]:
        """The rows of a query."""
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query), binds).mappings()]

    def run(self, statement: str, **binds: Any) -> None:
        """Runs a statement."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), binds)


@pytest.fixture(scope="module")
def bench(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One warehouse and one landing folder for the tests of a file."""
    with new_warehouse(tmp_path_factory.mktemp("bench")) as settings:
        yield Bench(engine(settings), tmp_path_factory.mktemp("landing"))
