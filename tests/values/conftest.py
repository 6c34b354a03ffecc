"""A desk at which made-up sources with small profiles of their own deliver tables; one warehouse for the tests of a module."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cchc.settings import Settings
from tests.support.cli import Said, cchc
from tests.support.environment import added
from tests.support.warehouse import HasWarehouse, NewWarehouse

HEAD = """\
    source: {source}
    name_vi: Nguồn thử
    owner: Văn phòng thử
    zone: Asia/Ho_Chi_Minh
    files: {{formats: {{delimiter: ";"}}}}
"""


class Values(HasWarehouse):
    """One warehouse; each test brings a source of its own."""

    def __init__(self, settings: Settings, folder: Path, sources: Path) -> None:
        self.settings, self.folder, self.sources = settings, folder, sources

    def knows(self, source: str, profile: str, head: str = HEAD) -> None:
        """Write the profile of a source: `profile` is what stands below its head. A profile that is there is changed."""
        is_new = not (self.sources / f"{source}.yaml").exists()
        self.write(source, profile, head)
        (self.folder / source).mkdir(exist_ok=True)
        if is_new:
            said = cchc("init")
            assert said.code == 0, said.err

    def write(self, source: str, profile: str, head: str = HEAD) -> Path:
        """Write the profile of a source and no more."""
        path = self.sources / f"{source}.yaml"
        path.write_text(textwrap.dedent(head).format(source=source) + textwrap.dedent(profile), "utf-8")
        return path

    def deliver(self, source: str, name: str, *lines: str) -> None:
        """Put a table into the drop folder of a source."""
        (self.folder / source / name).write_text("\n".join(lines) + "\n", "utf-8")

    def ingest(self, source: str, until: str = "2023-07-01") -> Said:
        """`cchc ingest` as of a day."""
        with added({f"AIRFLOW_CONN_SRC_{source.upper()}": json.dumps({"conn_type": "fs", "host": str(self.folder / source)})}):
            return cchc("ingest", source, "--to", until)

    def loads(self, source: str) -> list[dict[str, Any]]:
        """The loads of a source, oldest first."""
        return self.rows("select * from ops.load where source_code = :s order by load_id", s=source)


@pytest.fixture(scope="module")
def desk(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Values]:
    """One warehouse, in which no source is known yet."""
    folder = tmp_path_factory.mktemp("values")
    sources = folder / "sources"
    sources.mkdir()
    with new_warehouse(folder / "home"), added({"CCHC_SOURCES_DIR": str(sources)}):
        yield Values(Settings.load(), folder, sources)
