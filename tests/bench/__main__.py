"""How fast is it? `make bench` (ARGS="--scale 0.2 --pairs 3"): generated data, the ingest of the product beside a plain COPY of its rows.

Only ratios travel from machine to machine: each pair loads the one-stop records of the demo district from a drop folder into a fresh
warehouse, step by step, and beside it, at once, copies the very same staged rows with PostgreSQL's own binary COPY into tables of the
same columns. The median of the pairs is printed. Then a refresh of one month and of every month that waits. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from cchc.cli import main as cli
from cchc.period import parse_moment, parse_period
from cchc.pipeline import ingest as pipeline
from cchc.pipeline.refresh import refresh
from cchc.settings import Settings
from cchc.sources.connection import Connection
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from demo.clock import parse_iso
from demo.district import District

CLOCK = "2024-01-02T00:00:00+07:00"
ENTITIES = ("dossiers", "dossier_steps", "procedures", "assessments")
STEPS = ("extract", "stage", "validate", "load")


def timed(work: Callable[[], Any]) -> float:
    """Seconds on the clock of a piece of work."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def generate(folder: Path, scale: float) -> tuple[int, int]:
    """The district's records up to the clock, as files; how many, and how many bytes."""
    district = District(seed=53, scale=scale)
    count = size = 0
    for entity in ENTITIES:
        path = folder / f"{entity}_20240102.ndjson"
        with path.open("wb") as file:
            for record in district.records(entity, parse_iso(CLOCK)):
                file.write(
                    record if isinstance(record, bytes) else record.encode() if isinstance(record, str) else json.dumps(record).encode()
                )
                file.write(b"\n")
                count += 1
        size += path.stat().st_size
    return count, size


def ingest(settings: Settings, folder: Path) -> dict[str, float]:
    """Seconds of each step of one ingest."""
    connection = Connection("one_stop", str(folder))
    extract_id = pipeline.open_extract(settings, "one_stop", None, parse_moment(CLOCK))
    return {
        "extract": timed(lambda: pipeline.extract_step(settings, extract_id, connection)),
        "stage": timed(lambda: pipeline.stage_step(settings, extract_id)),
        "validate": timed(lambda: pipeline.validate_step(settings, extract_id)),
        "load": timed(lambda: pipeline.load_step(settings, extract_id)),
    }


def plain_copy(url: str) -> tuple[float, int]:
    """Seconds that binary COPY takes for the rows that were staged, and their number."""
    seconds, rows = 0.0, 0
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        for entity in ENTITIES:
            staged = f"staging.one_stop__{entity}"
            data = io.BytesIO()
            with connection.cursor().copy(f"copy {staged} to stdout (format binary)".encode()) as out:
                for block in out:
                    data.write(block)
            connection.execute(f"create table staging.beside_{entity} (like {staged})".encode())
            begun = time.perf_counter()
            with connection.cursor() as cursor:
                with cursor.copy(f"copy staging.beside_{entity} from stdin (format binary)".encode()) as into:
                    view = data.getbuffer()
                    for start in range(0, len(view), 1 << 18):
                        into.write(view[start : start + (1 << 18)])
                rows += cursor.rowcount
            connection.commit()
            seconds += time.perf_counter() - begun
            connection.execute(f"drop table staging.beside_{entity}".encode())
    return seconds, rows


def machine() -> str:
    """What it ran on, in a line."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, Python {platform.python_version()}, load {load}"


def bench(scale: float, pairs: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="cchc-bench-") as temporary:
        home = Path(temporary)
        drop = home / "drop"
        drop.mkdir()
        count, size = generate(drop, scale)
        print(
            f"machine   {machine()}\ndata      {count:,} records of one_stop, {size / 1e6:.1f} MB of NDJSON (scale {scale:g}, seed 53, T = {CLOCK})"
        )
        server = postgres.start(home)
        for name in [name for name in os.environ if name.startswith("CCHC_")]:
            del os.environ[name]
        try:
            measured: list[dict[str, float]] = []
            for number in range(pairs):
                name = f"pair_{number}"
                server.ensure_databases(name)
                os.environ |= {"CCHC_HOME": str(home / name), "CCHC_WAREHOUSE_URL": server.url(name), "CCHC_PRIVACY_KEY": "bench"}
                settings = Settings.load()
                if cli.main(["init"]) != 0:
                    raise SystemExit("cchc init failed")
                steps = ingest(settings, drop)
                copy, rows = plain_copy(server.url(name))
                measured.append(steps | {"COPY": copy, "rows": float(rows)})
                if number < pairs - 1:
                    engine(settings).dispose()
            report(measured)
            one = timed(lambda: refresh(settings, [parse_period("2023-06").start]))
            rest = refresh_all(settings)
            print(f"\nrefresh   one month {one:.2f} s; {rest[0]} months {rest[1]:.1f} s ({rest[1] / max(rest[0], 1):.2f} s a month)")
            engine(settings).dispose()
        finally:
            postgres.stop(home)
    print(f"\nrepeat    make bench ARGS='--scale {scale:g} --pairs {pairs}'")


def refresh_all(settings: Settings) -> tuple[int, float]:
    """Number of months that still wait, and the seconds that they take."""
    months: set[Any] = set()
    seconds = timed(lambda: months.update(item.month for item in refresh(settings)))
    return len(months), seconds


def report(measured: list[dict[str, float]]) -> None:
    """The table of the steps: median seconds, and the median of the pairs' ratios to COPY."""
    whole = [pair | {"all four": sum(pair[step] for step in STEPS)} for pair in measured]
    rows = statistics.median(pair["rows"] for pair in whole)
    print(f"\n{'step':<10}{'seconds':>9}{'rows/s':>12}{'x COPY':>9}   (median of {len(whole)} pairs; {rows:,.0f} rows)")
    for step in (*STEPS, "all four", "COPY"):
        seconds = statistics.median(pair[step] for pair in whole)
        ratio = statistics.median(pair[step] / pair["COPY"] for pair in whole)
        print(f"{step:<10}{seconds:>9.2f}{rows / seconds:>12,.0f}{ratio:>9.1f}")


def main(arguments: list[str]) -> int:
    """Run it; 0."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=0.2, help="share of the full demo district; default 0.2")
    parser.add_argument("--pairs", type=int, default=3, help="how often; default 3")
    options = parser.parse_args(arguments)
    bench(options.scale, options.pairs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
