"""All that is measured at one size of the district, letter by letter (docs/performance.md says what each letter is)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cchc.settings import PROJECT, Settings
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from demo.state import StateFolder
from tests.bench import beside
from tests.bench.data import CLOCK
from tests.bench.meter import Cost, measured, measured_here, postmaster_of, python
from tests.bench.work import MONTH, TIMES, WORKS
from tests.support.deliveries import payment_day
from tests.support.environment import added

QUICK_MONTHS = ("202311", "202312")
QUICK_CLOCK = "2022-06-01T00:00:00+07:00"  # each day of the demo has files, and a thousand of them take seconds to write
AFTER_DAY = "2024-01-03T23:00:00+07:00"
AFTER_SCATTERED = "2024-01-04T23:00:00+07:00"
SERVER_SAYS = "demo district on "
Tell = Callable[[str], None]


class Bench:
    """A PostgreSQL of its own with a database for each purpose, and the program that works on one of them."""

    def __init__(self, home: Path, server: postgres.Server, tell: Tell, *, in_process: bool) -> None:
        self.home, self.server, self.tell, self.in_process = home, server, tell, in_process
        self.postmaster = postmaster_of(home)

    def new_database(self, name: str, template: str | None = None) -> str:
        """The URL of a database that is made anew."""
        beside.fresh_database(self.server.url("postgres"), name, template)
        return self.server.url(name)

    def run(self, database: str, work: str, *arguments: str, **variables: str) -> Cost:
        """Measure one piece of work of the product on a database: in a process of its own, as an operator or Airflow starts it.

        With `in_process` in this one, which costs no start.
        """
        environment = {
            "CCHC_HOME": str(self.home / "of" / database),
            "CCHC_WAREHOUSE_URL": self.server.url(database),
            "CCHC_PRIVACY_KEY": "bench",
            "CCHC_PDF": "off",
        }
        environment |= variables
        if self.in_process:
            with added(environment):
                cost = measured_here(self.postmaster, lambda: WORKS[work](self.postmaster, *arguments))
                engine(Settings.load()).dispose()  # a database with connections cannot be copied
        else:
            cost = measured(self.postmaster, python("tests.bench.work", work, str(self.postmaster), *arguments), environment)
        self.told(f"{work} {' '.join(argument for argument in arguments if '/' not in argument)}", cost)
        return cost

    def told(self, name: str, cost: Cost) -> None:
        """Say what something took."""
        self.tell(f"  {name:<46} CPU {cost.client:8.2f} + {cost.server:8.2f} s   wall {cost.wall:8.2f} s")


def without_settings() -> None:
    """Forget the settings of this machine: what is measured is the product as it comes."""
    for name in [name for name in os.environ if name.startswith(("CCHC_", "AIRFLOW_"))]:
        del os.environ[name]


def measure(home: Path, scale: float, *, quick: bool, without_dlt: bool, tools: Path, tell: Tell) -> dict[str, Any]:
    """Measure one size. `home`: a folder for everything that is made; `tools`: where dlt's environment is kept; returns what the file has."""
    without_settings()
    home.mkdir(parents=True, exist_ok=True)
    months = [f"{month[:4]}-{month[4:]}" for month in QUICK_MONTHS] if quick else []
    server = postgres.start(home, durable=not quick)
    try:
        bench = Bench(home, server, tell, in_process=quick)
        data = measured(bench.postmaster, python("tests.bench.data", str(home / "data"), str(scale), *(QUICK_MONTHS if quick else ()))).said
        tell(f"scale {scale:g}: {data['records']:,} records ({data['dossiers']:,} dossiers), {data['bytes'] / 1e6:.0f} MB")
        bench.new_database("empty")
        bench.run("empty", "init")
        bench.new_database("loaded", "empty")
        letters: dict[str, Any] = {"a": first_load(bench)}
        letters["b"] = over_http(bench, scale, QUICK_CLOCK if quick else CLOCK)
        payments = of_payments(bench, quick=quick)
        bench.run("loaded", "ingest", str(payments), CLOCK, "payments")
        refreshed = {
            "everything, first": bench.run("loaded", "refresh", "marked", *months).as_json(),
            "everything again": bench.run("loaded", "refresh", "forced", *months).as_json(),
            "one month": bench.run("loaded", "refresh", "forced", months[0] if months else MONTH).as_json(),
        }
        letters["g"] = bench.run("loaded", "ask", "0" if quick else TIMES).as_json()
        letters["h"] = bench.run("loaded", "publish").as_json()
        letters["c"] = {"a day": bench.run("loaded", "ingest", str(home / "data" / "day"), AFTER_DAY, "one_stop", "preload").as_json()}
        refreshed["what the day touches"] = bench.run("loaded", "refresh", "marked", *months).as_json()
        letters["c"]["100 scattered"] = bench.run(
            "loaded", "ingest", str(home / "data" / "scattered"), AFTER_SCATTERED, "one_stop", "preload"
        ).as_json()
        refreshed["100 scattered dossiers"] = bench.run("loaded", "refresh", "marked", *months).as_json()
        letters["d"] = refreshed
        letters["h"]["restating_wall"] = refreshed["100 scattered dossiers"]["restating_wall"]
        letters["beside"] = peers(bench, None if without_dlt else tools, install=not quick)
        letters["e"] = {"skipped": "a run of Airflow takes minutes: `make demo ONCE=1` starts one, and its logs have the time of each task"}
        letters["f"] = memory(letters)
        return {"scale": scale, "data": data, "letters": letters}
    finally:
        postgres.stop(home)


def first_load(bench: Bench) -> dict[str, Any]:
    """(a) The first load, beside keyed COPY of its rows and reading its input."""
    drop = bench.home / "data" / "drop"
    loaded = bench.run("loaded", "ingest", str(drop), CLOCK)
    read = bench.run("empty", "decode", str(drop))
    floor = bench.new_database("floor", "empty")
    copied = beside.keyed_copy(bench.postmaster, bench.server.url("loaded"), floor, bench.home / "copy")
    bench.told(f"keyed copy of {copied.said['rows']:,} rows", copied)
    return {"load": loaded.as_json(), "keyed copy": copied.as_json(), "decode": read.as_json()}


def over_http(bench: Bench, scale: float, clock: str) -> dict[str, Any]:
    """(b) Pull and stage over HTTP, beside a bare client that inflates and throws away, and one that decodes; then validate and load."""
    bench.new_database("pulled", "empty")
    with sources(bench.home / "demo", scale, clock) as variables:
        thrown = bench.run("empty", "bare", "throw", clock, **variables)
        decoded = bench.run("empty", "bare", "decode", clock, **variables)
        pulled = bench.run("pulled", "pull", clock, **variables)
    loaded = bench.run("pulled", "load_pulled")
    return {
        "pull and stage": pulled.as_json(),
        "validate and load": loaded.as_json(),
        "inflate": thrown.as_json(),
        "decode": decoded.as_json(),
    }


def of_payments(bench: Bench, *, quick: bool) -> Path:
    """A folder with the last quarter of the payments that the demo has delivered, or with a payment a day: reconciliation asks for them."""
    folder = bench.home / "payments"
    folder.mkdir()
    if quick:
        for day in range(1, 32):
            payment_day(folder, f"202312{day:02d}")
    for path in StateFolder(bench.home / "demo").payments.glob("giaodich_20231*"):
        shutil.copy(path, folder)
    return folder


@contextmanager
def sources(state: Path, scale: float, clock: str) -> Iterator[dict[str, str]]:
    """The demo's sources in a process of their own, which is not measured; the connections to them."""
    arguments = ("serve", "--state", str(state), "--port", "0", "--clock", clock, "--scale", str(scale), "--seed", "53")
    process = subprocess.Popen(python("demo", *arguments), stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith(SERVER_SAYS):
            raise SystemExit(f"the demo's sources did not start: {line}")
        done = subprocess.run(python("demo", "connections", "--state", str(state)), capture_output=True, text=True, check=True, cwd=PROJECT)
        found = json.loads(done.stdout)
        yield {
            name if name.startswith("AIRFLOW_CONN_") else f"AIRFLOW_CONN_{name.upper()}": value
            if isinstance(value, str)
            else json.dumps(value)
            for name, value in found.items()
        }
    finally:
        process.terminate()
        process.wait(30)


def peers(bench: Bench, tools: Path | None, *, install: bool) -> dict[str, Any]:
    """dlt and pandas with the same records on the same server. What cannot be had here is named with the reason.

    `tools`: the folder with dlt's environment; None: without dlt.
    """
    url = bench.new_database("beside")
    data = bench.home / "data"
    written = measured(bench.postmaster, beside.pandas_command(url, data / "drop"))
    bench.told("pandas to_sql", written)
    found: dict[str, Any] = {"pandas to_sql": written.as_json()}
    program = "left out by --without-dlt" if tools is None else beside.dlt_python(tools, install)
    if isinstance(program, str):
        bench.tell(f"  dlt: {program}")
        return found | {"dlt": {"skipped": program}}
    for name, folder, way in (
        ("dlt append", "drop", "append"),
        ("dlt append, COPY", "drop", "append_csv"),
        ("dlt merge", "drop", "merge"),
        ("dlt merge of the day", "day", "merge"),
        ("dlt merge of 100 scattered", "scattered", "merge"),
    ):
        cost = beside.dlt(bench.postmaster, program, url, data / folder, way, bench.home)
        bench.told(name, cost)
        found[name] = cost.as_json()
    return found


def memory(letters: dict[str, Any]) -> dict[str, Any]:
    """(f) The most memory that client and server took in each piece of work, in MB."""
    found: dict[str, Any] = {}

    def look(name: str, value: Any) -> None:
        if not isinstance(value, dict):
            return
        if value.get("client_mb"):
            found[name] = {"client_mb": value["client_mb"], "server_mb": value["server_mb"]}
        for inner, more in value.items():
            look(f"{name}: {inner}", more)

    for letter, value in letters.items():
        look(letter, value)
    return found
