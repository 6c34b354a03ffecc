"""An installation with the whole stack in a folder of its own, driven by its command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from cchc.settings import PROJECT, Settings
from cchc.warehouse import embedded as postgres

LAST_LOADS = """
    select source_code, sum(landed), sum(quarantined), sum(inserted), sum(updated), sum(unchanged)
    from ops.load where extract_id in (select max(extract_id) from ops.extract group by source_code)
        and entity not in ('dossiers.keys', 'procedures', 'leaders') -- these are whole lists, each time
    group by source_code
"""


class Installation:
    """`cchc` and the demo's command line in a folder of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        unset = ("AIRFLOW", "CCHC_", "VIRTUAL_ENV", "PYTEST")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(unset)} | {"CCHC_HOME": str(home)}

    def run(self, module: str, *arguments: str, code: int = 0) -> str:
        """Run `python -m module …` and return what it printed."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False, timeout=800)
        assert done.returncode == code, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows from the warehouse."""
        server = postgres.running_server(self.home)
        assert server is not None
        with psycopg.connect(server.url("warehouse").replace("+psycopg", "")) as connection:
            return connection.execute(statement).fetchall()

    def loads(self) -> dict[str, dict[str, int]]:
        """What the last extract of each source did."""
        names = ("landed", "quarantined", "inserted", "updated", "unchanged")
        return {source: dict(zip(names, map(int, sums), strict=True)) for source, *sums in self.query(LAST_LOADS)}

    @property
    def settings(self) -> Settings:
        """The settings of this installation."""
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("CCHC_")]:
                patch.delenv(name)
            patch.setenv("CCHC_HOME", str(self.home))
            return Settings.load()

    def processes(self) -> list[psutil.Process]:
        """Live processes that work in this installation's folder."""
        inside = str(self.home.resolve())
        return [
            process
            for process in psutil.process_iter(["cwd", "status"])
            if (process.info["cwd"] or "").startswith(inside) and process.info["status"] != psutil.STATUS_ZOMBIE
        ]
