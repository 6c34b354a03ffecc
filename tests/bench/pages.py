"""How long does each page take? `make bench-pages` (ARGS="--scale 0.2"): the dashboard on a demo district of that size.

The district is loaded from all its sources, every month of two years is computed and one is published. Then each page is asked for by HTTP,
once cold and several times warm, as the operator who sees everything. A floor is asked beside each page, in turn with it: a page of the same
application that reads nothing from the warehouse but the choices of the reader. Nothing is asserted: the goals stand in docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
from sqlalchemy import text

from cchc.explain.items import Part
from cchc.settings import Settings
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from demo import server
from demo.district import District
from tests.bench.__main__ import machine
from tests.bench.data import CLOCK
from tests.dashboard.conftest import close, mounted, running
from tests.support.cli import cchc

SOURCES = ("one_stop", "documents", "payments", "feedback", "survey", "declared")  # all: each has questions of its own in a refresh
PUBLISHED = "2023-11"
PERIOD = "2023-12"
COMMUNE = "H19.16.22"
RATE = "dossier_on_time_rate"
MOMENT = "2024-01-03T00:00:00+07:00"
FLOOR = "/static/dashboard.css"


def pages(dossier: str, load: int) -> dict[str, str]:
    """The addresses that are measured, by what each shows. `dossier`: the code of one; `load`: the number of one."""
    asked = f"period={PERIOD}"
    return {
        "scorecard": f"/?{asked}",
        "scorecard of a commune": f"/?{asked}&scope={COMMUNE}",
        "scorecard of a year": "/?period=2023",
        "scorecard of an edition": f"/?period={PUBLISHED}&edition=1",
        "scorecard as known at a moment": f"/?{asked}&known_at={MOMENT}",
        "scorecard as CSV": f"/?{asked}&table=scorecard&format=csv",
        "indicator": f"/indicators/{RATE}?{asked}",
        **{f"indicator, dossiers: {part}": f"/indicators/{RATE}?{asked}&part={part}" for part in Part if part != Part.CHANGED},
        "indicator, the 50th page of dossiers": f"/indicators/{RATE}?{asked}&part={Part.DENOMINATOR}&records.page=50",
        "indicator, dossiers that hold a text": f"/indicators/{RATE}?{asked}&part={Part.DENOMINATOR}&records.q=000",
        "indicator of a commune": f"/indicators/{RATE}?{asked}&scope={COMMUNE}",
        "units": f"/units?{asked}",
        "one unit": f"/units/{COMMUNE}?{asked}",
        **{
            f"health: {part}": f"/health?part={part}"
            for part in ("summary", "coverage", "loads", "quarantine", "fields", "findings", "payments")
        },
        "one load": f"/loads/{load}",
        "publications": "/publications",
        "one edition": "/publications/1",
        "story of a dossier": f"/dossiers/one_stop/{quote(dossier, safe='')}?{asked}&indicator={RATE}",
    }


@contextmanager
def loaded(home: Path, scale: float) -> Iterator[Settings]:
    """A warehouse with the district, computed and with one month published."""
    began = time.perf_counter()
    demo = server.start(home / "demo", clock=CLOCK, district=District(seed=53, scale=scale))
    database = postgres.start(home)
    try:
        database.ensure_databases("pages")
        for name in [name for name in os.environ if name.startswith(("CCHC_", "AIRFLOW_CONN_"))]:
            del os.environ[name]
        os.environ |= {"CCHC_HOME": str(home / "home"), "CCHC_WAREHOUSE_URL": database.url("pages"), "CCHC_PRIVACY_KEY": "bench"}
        os.environ |= demo.connections()
        settings = Settings.load()
        for command in (
            ["init"],
            *(["ingest", source, "--to", CLOCK] for source in SOURCES),
            ["refresh"],
            ["close", PUBLISHED, "--incomplete", "--approved-by", "bench"],
        ):
            done = cchc(*command)
            if done.code not in (0, 3):
                raise SystemExit(f"cchc {' '.join(command)} failed: {done.err or done.out}")
            print(f"  {time.perf_counter() - began:7.0f} s  cchc {' '.join(command)}", flush=True)
        yield settings
        close(settings)
        engine(settings).dispose()
    finally:
        postgres.stop(home)
        demo.stop()


def measure(address: str, paths: dict[str, str], times: int) -> None:
    """Print the milliseconds of each page: the first answer, the median of the next ones, and that of the floor beside them."""
    print(f"\n{'page':<44}{'first':>8}{'median':>8}{'floor':>8}{'KiB':>7}   (milliseconds; {times} times)")
    with httpx.Client(headers={"x-who": "operator"}, timeout=120) as client:

        def asked(path: str) -> tuple[float, int]:
            begun = time.perf_counter()
            answer = client.get(address + path)
            spent = (time.perf_counter() - begun) * 1000
            if answer.status_code != 200:
                raise SystemExit(f"{path}: status {answer.status_code}: {answer.text[:2000]}")
            return spent, len(answer.content)

        asked(FLOOR)
        for name, path in paths.items():
            first, size = asked(path)
            pairs = [(asked(path)[0], asked(FLOOR)[0]) for _ in range(times)]
            warm, floor = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(f"{name:<44}{first:>8.0f}{warm:>8.0f}{floor:>8.1f}{size / 1024:>7.0f}", flush=True)


def bench(scale: float, times: int) -> None:
    """Load, measure and print."""
    with tempfile.TemporaryDirectory(prefix="cchc-bench-") as temporary:
        print(f"machine   {machine()}")
        with loaded(Path(temporary), scale) as settings:
            with engine(settings).connect() as connection:
                dossiers = connection.execute(text("select count(*) from mart.dossier")).scalar_one()
                dossier = connection.execute(text("select max(dossier_code) from mart.dossier")).scalar_one()
                load = connection.execute(text("select max(load_id) from ops.load")).scalar_one()
            print(f"data      {dossiers:,} dossiers (scale {scale:g}, seed 53, T = {CLOCK}), every month computed, {PUBLISHED} published")
            with running(mounted(settings)) as address:
                measure(address, pages(dossier, load), times)
    print(f"\nrepeat    make bench-pages ARGS='--scale {scale:g} --times {times}'")


def main(arguments: list[str]) -> int:
    """Run it; 0."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=0.2, help="share of the full demo district; default 0.2")
    parser.add_argument("--times", type=int, default=5, help="how often each page is asked for after the first time; default 5")
    options = parser.parse_args(arguments)
    bench(options.scale, options.times)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
