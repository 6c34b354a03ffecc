"""Does a day cost the same after three years? `make bench-life` (ARGS="--months 36 --every 1"): ingest and refresh of one_stop, day by day.

Each simulated day brings new dossiers, the ends of those that were open, a correction of one that is up to a year old, and the whole list of
procedures, of which one item is wrong every day. It is ingested and refreshed as the DAGs do it, and each seventh step is followed by what
the DAG `maintenance` does. Measured are CPU seconds of client and server, statements, and the rows of each table of ops. With --every N
only each Nth day is a step, with N days of records: the first and the last days are as far apart, and the run is N times shorter.
Writes `life.json` and `life.svg` into the folder that --out names. Nothing is asserted but that no step fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import event, text

from cchc.indicators.open_dossiers_check import judge_all_again
from cchc.indicators.self_check import count_all_again
from cchc.pipeline.ingest import ingest
from cchc.pipeline.refresh import refresh
from cchc.runs.extracts import sweep_staging
from cchc.runs.maintenance import analyze, forget_counts, remove_old_landing
from cchc.settings import PROJECT, Settings
from cchc.sources.connection import Connection
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from cchc.warehouse.audit import forget_old
from tests.bench.__main__ import machine, tell
from tests.bench.measure import without_settings
from tests.bench.meter import postmaster_of, server_cpu
from tests.support.cli import cchc
from tests.support.deliveries import dossier
from tests.support.environment import added

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGIN = date(2022, 1, 1)  # the year before the first plan: what lies before it is not computed
A_DAY = 3  # new dossiers; what they cost is measured by `make bench`, here what the days before cost
OLDEST = 365  # days that a corrected dossier may be old
UNITS = ("H19.16.21", "H19.16.22", "H19.16.23")
PROCEDURES = 12
UPKEEP_EACH = 7  # steps
COUNTED_EACH = 10  # steps after which the rows of ops are counted
KEEP_DAYS, KEEP_COUNTS_DAYS = 90, 400  # as the DAG has them
OPS_TABLES = "select tablename from pg_tables where schemaname = 'ops' order by 1"


@dataclass
class World:
    """What the source knows: its dossiers, by code."""

    chance: random.Random = field(default_factory=lambda: random.Random(53))
    known: list[dict[str, Any]] = field(default_factory=list)

    def day(self, day: date) -> list[dict[str, Any]]:
        """The dossiers that are new or have changed on a day."""
        changed = []
        for number in range(A_DAY):
            unit = self.chance.choice(UNITS)
            new = dossier(
                f"{unit}-{day:%y%m%d}-{number:04d}",
                MaDonVi=unit,
                MaTTHC=f"1.{self.chance.randrange(1, PROCEDURES):06d}",
                KenhThucHien=self.chance.choice("12"),
                NgayTiepNhan=f"{day:%Y%m%d}080000",
                NgayHenTra=f"{day + timedelta(days=7):%Y%m%d}170000",
                NgayKetThucXuLy="" if number == 0 else f"{day:%Y%m%d}1{number}0000",
                TrangThaiHoSo="4" if number == 0 else "9",
            )
            self.known.append(new)
            changed.append(new)
        changed += self._ended(day)
        if len(self.known) > 10 * A_DAY:
            corrected = self.chance.choice(self.known[-OLDEST * A_DAY : -8 * A_DAY] or self.known[:1])
            corrected["KenhThucHien"] = "2" if corrected["KenhThucHien"] == "1" else "1"
            changed.append(corrected)
        for one in changed:
            one["NgaySuaCuoi"] = f"{day:%Y%m%d}180000"
        return changed

    def _ended(self, day: date) -> list[dict[str, Any]]:
        """Dossiers that were open and end on this day, a week after they came."""
        came = f"{day - timedelta(days=7):%Y%m%d}"
        found = [one for one in self.known[-9 * A_DAY :] if one["NgayTiepNhan"].startswith(came) and not one["NgayKetThucXuLy"]]
        for one in found:
            one |= {"NgayKetThucXuLy": f"{day:%Y%m%d}100000", "TrangThaiHoSo": "9"}
        return found


def procedures() -> list[dict[str, Any]]:
    """The list of procedures; the last item names a unit that does not exist, and is set aside at every load."""
    return [
        {
            "MaTTHC": f"1.{number:06d}", "TenTTHC": f"Thủ tục {number}", "MaLinhVuc": "LV1", "MaDonVi": unit, "HieuLucTu": "20200101000000",
            "MucDo": "4", "CoKetQuaGiayTo": "1",
        }
        for number in range(1, PROCEDURES)
        for unit in (UNITS if number < PROCEDURES - 1 else ("H99.99.99",))
    ]  # fmt: skip


@dataclass
class Step:
    """What one step took."""

    day: str
    client: float = 0.0
    server: float = 0.0
    upkeep: float = 0.0
    statements: int = 0
    months: int = 0
    rows: dict[str, int] = field(default_factory=dict)


class Life:
    """A warehouse that lives through simulated days."""

    def __init__(self, settings: Settings, home: Path, every: int) -> None:
        self.settings, self.drop, self.every = settings, home / "drop", every
        self.postmaster = postmaster_of(home)
        self.world = World()
        self.statements = 0
        event.listen(engine(settings), "before_cursor_execute", self._count)

    def _count(self, *_: Any) -> None:
        self.statements += 1

    def steps(self, days: int) -> Iterator[Step]:
        """Live so many days."""
        for number in range(days // self.every):
            last = BEGIN + timedelta(days=(number + 1) * self.every - 1)
            self._deliver(last)
            before = self.statements
            server, client = server_cpu(self.postmaster), time.process_time()
            done = ingest(self.settings, "one_stop", Connection("one_stop", str(self.drop)), end=evening(last))
            if done.blocked:
                raise SystemExit("\n".join(done.blocked))
            months = refresh(self.settings)
            step = Step(f"{last:%Y-%m-%d}", time.process_time() - client, server_cpu(self.postmaster) - server)
            step.statements, step.months = self.statements - before, len(months)
            self._date(done.extract_id, last)
            if number % UPKEEP_EACH == UPKEEP_EACH - 1:
                server, client = server_cpu(self.postmaster), time.process_time()
                upkeep(self.settings, last)
                step.upkeep = time.process_time() - client + server_cpu(self.postmaster) - server
            if number % COUNTED_EACH == 0 or number == days // self.every - 1:
                step.rows = rows_of_ops(self.settings)
            yield step

    def _deliver(self, last: date) -> None:
        """The delivery of a step: what changed in its days, and the list of procedures. What was delivered before is taken away."""
        shutil.rmtree(self.drop, ignore_errors=True)
        self.drop.mkdir()
        changed: dict[str, dict[str, Any]] = {}
        for back in reversed(range(self.every)):
            for one in self.world.day(last - timedelta(days=back)):
                changed[one["MaHoSo"]] = one
        for name, records in (("dossiers", list(changed.values())), ("procedures", procedures())):
            lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
            (self.drop / f"{name}_{last:%Y%m%d}.ndjson").write_text(lines, encoding="utf-8")

    def _date(self, extract_id: int, day: date) -> None:
        """Make the run as old as its day, for the retention."""
        with engine(self.settings).begin() as connection:
            for table in ("ops.extract", "ops.load"):
                connection.execute(
                    text(f"update {table} set started_at = :at, ended_at = :at where extract_id = :x"),
                    {"at": evening(day), "x": extract_id},
                )


def evening(day: date) -> datetime:
    """T of a day."""
    return datetime(day.year, day.month, day.day, 23, tzinfo=ZONE)


def upkeep(settings: Settings, today: date) -> None:
    """What the DAG `maintenance` does, on a simulated day: everything is as much older as the day is before the real one."""
    since = (datetime.now(ZONE).date() - today).days
    remove_old_landing(settings, since + KEEP_DAYS)
    sweep_staging(settings)
    forget_old(settings)
    forget_counts(settings, since + KEEP_COUNTS_DAYS)
    count_all_again(settings)
    judge_all_again(settings)
    analyze(settings)


def rows_of_ops(settings: Settings) -> dict[str, int]:
    """How many rows each table of ops has."""
    with engine(settings).connect() as connection:
        tables = connection.execute(text(OPS_TABLES)).scalars().all()
        return {table: int(connection.execute(text(f"select count(*) from ops.{table}")).scalar_one()) for table in tables}


def live(months: int, every: int, home: Path) -> dict[str, Any]:
    """A whole life; what the file has."""
    without_settings()
    server = postgres.start(home, durable=False)
    try:
        server.ensure_databases("life")
        variables = {
            "CCHC_HOME": str(home / "home"),
            "CCHC_WAREHOUSE_URL": server.url("life"),
            "CCHC_PRIVACY_KEY": "life",
            "CCHC_PDF": "off",
        }
        with added(variables):
            if (said := cchc("init")).code != 0:
                raise SystemExit(said.err)
            settings = Settings.load()
            steps = []
            for step in Life(settings, home, every).steps(round(months * 365.25 / 12)):
                steps.append(vars(step))
                if step.rows:
                    tell(f"  {step.day}  CPU {step.client:.2f} + {step.server:.2f} s, {step.statements} statements, {step.months} months")
            with engine(settings).connect() as connection:
                tell(str(connection.execute(text("select action, rule, count(*) from ops.quarantine group by 1, 2")).all()))
            engine(settings).dispose()
    finally:
        postgres.stop(home)
    return {"machine": machine(), "months": months, "every": every, "steps": steps}


def growth(result: dict[str, Any]) -> float:
    """How much more a step of the last quarter costs than one of the second: the median CPU seconds of each. The first warms up."""
    costs = [step["client"] + step["server"] for step in result["steps"]]
    quarter = max(1, len(costs) // 4)
    return float(statistics.median(costs[-quarter:]) / statistics.median(costs[quarter : 2 * quarter]))


def chart(result: dict[str, Any], path: Path) -> None:
    """CPU seconds of each step, and the rows of ops, over the simulated days."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    steps = result["steps"]
    days = [date.fromisoformat(step["day"]) for step in steps]
    counted = [(day, step["rows"]) for day, step in zip(days, steps, strict=True) if step["rows"]]
    last = counted[-1][1]
    named = sorted((table for table, rows in last.items() if rows), key=lambda table: -last[table])
    named = [table for number, table in enumerate(named) if number < 7 or table == "quarantine"]
    with matplotlib.rc_context({"svg.hashsalt": "life", "font.size": 8}):
        figure, (cost, rows) = pyplot.subplots(1, 2, figsize=(12, 3.6), layout="constrained")
        cost.plot(days, [step["client"] + step["server"] for step in steps], ".", markersize=3, label="client + server")
        cost.plot(days, [step["server"] for step in steps], ".", markersize=3, label="server")
        cost.set_title("CPU seconds of a step: ingest and refresh")
        for table in named:
            rows.plot([day for day, _ in counted], [one[table] for _, one in counted], label=f"ops.{table}")
        rows.set_title("rows")
        for axis in (cost, rows):
            axis.set_ylim(bottom=0)
            axis.legend(fontsize=7)
            axis.spines[["top", "right"]].set_visible(False)
        figure.savefig(path, format="svg", metadata={"Date": None})
        pyplot.close(figure)


def main(arguments: list[str]) -> int:
    """Run it; 0."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.life", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--months", type=int, default=36, help="how long; default 36")
    parser.add_argument("--every", type=int, default=1, help="days of a step; default 1")
    parser.add_argument("--out", type=Path, default=PROJECT / ".cchc" / "bench", help="folder of the results; default .cchc/bench")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cchc-life-") as temporary, added(dict(os.environ)):
        result = live(options.months, options.every, Path(temporary))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "life.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    chart(result, options.out / "life.svg")
    print(f"the last quarter costs {growth(result):.2f} times what the second did; written {options.out}/life.json, life.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
