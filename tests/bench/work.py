"""What is measured, a function a piece of work. Each runs in a process of its own: `python -m tests.bench.work NAME POSTMASTER ARGUMENTS…`.

The last line that it prints is JSON: CPU seconds and seconds of its parts, counts, and what was found.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import runpy
import statistics
import sys
import time
import zlib
from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote, urlsplit

from cchc.settings import PROJECT
from tests.bench.meter import part

MONTH = "2023-06"
PUBLISHED = "2023-11"
PERIOD = "2023-12"
RATE = "dossier_on_time_rate"
COMMUNE = "H19.16.22"
TIMES = "3"  # how often each question is asked after the first time
Said = dict[str, Any]


def init(postmaster: int) -> Said:
    """Migrate and fill a warehouse."""
    from tests.support.cli import cchc

    done = cchc("init")
    if done.code != 0:
        raise SystemExit(done.err)
    return {}


def imports_of_a_task() -> float:
    """Import what Airflow's scheduler has imported before it forks a task; the CPU seconds of it."""
    begun = time.process_time()
    runpy.run_path(str(PROJECT / "plugins/cchc/airflow/config/airflow_local_settings.py"))["preload_for_tasks"]()
    return round(time.process_time() - begun, 3)


def ingest(postmaster: int, folder: str, to: str, source: str = "one_stop", preload: str = "") -> Said:
    """One ingest of a source from a folder, in its four steps. `preload`: import first what a task finds imported, and tell what it takes."""
    imports = imports_of_a_task() if preload else 0.0
    from cchc.period import parse_moment
    from cchc.pipeline import ingest as pipeline
    from cchc.settings import Settings
    from cchc.sources.connection import Connection

    settings, parts = Settings.load(), Said()
    connection = Connection(source, folder)
    extract_id = pipeline.open_extract(settings, source, None, parse_moment(to))
    steps: dict[str, Callable[[], Any]] = {
        "extract": lambda: pipeline.extract_step(settings, extract_id, connection),
        "stage": lambda: pipeline.stage_step(settings, extract_id),
        "validate": lambda: pipeline.validate_step(settings, extract_id),
        "load": lambda: pipeline.load_step(settings, extract_id),
    }
    for name, step in steps.items():
        with part(postmaster, parts, name):
            step()
    outcome = pipeline.outcome(settings, extract_id, [])
    if outcome.blocked and source == "one_stop":  # the demo plants damaged files of payments
        raise SystemExit("\n".join(outcome.blocked))
    return {"parts": parts, "landed": sum(int(load["landed"] or 0) for load in outcome.loads), "imports": imports}


def pull(postmaster: int, to: str) -> Said:
    """Extract one_stop over HTTP, and stage it."""
    from cchc.period import parse_moment
    from cchc.pipeline import ingest as pipeline
    from cchc.settings import Settings
    from cchc.sources.connection import from_environment

    settings, parts = Settings.load(), Said()
    extract_id = pipeline.open_extract(settings, "one_stop", None, parse_moment(to))
    with part(postmaster, parts, "extract"):
        landed = pipeline.extract_step(settings, extract_id, from_environment("one_stop"))
    with part(postmaster, parts, "stage"):
        pipeline.stage_step(settings, extract_id)
    return {"parts": parts, "records": sum(int(count) for count in landed.values() if isinstance(count, int))}


def load_pulled(postmaster: int) -> Said:
    """Validate and load what `pull` has staged. Over HTTP the lists of the keys that the source has come with it; files have none."""
    from cchc.pipeline import ingest as pipeline
    from cchc.settings import Settings
    from cchc.warehouse import engine, query

    settings, parts = Settings.load(), Said()
    with engine(settings).connect() as connection:
        extract_id = query(connection, "select max(extract_id) as newest from ops.extract")[0]["newest"]
    with part(postmaster, parts, "validate"):
        pipeline.validate_step(settings, extract_id)
    with part(postmaster, parts, "load"):
        pipeline.load_step(settings, extract_id)
    outcome = pipeline.outcome(settings, extract_id, [])
    if outcome.blocked:
        raise SystemExit("\n".join(outcome.blocked))
    with engine(settings).connect() as connection:
        lists = query(connection, "select count(*) as n from ops.key_list")[0]["n"]
    return {"parts": parts, "landed": sum(int(load["landed"] or 0) for load in outcome.loads), "lists": lists}


NEXT = re.compile(rb'"next_cursor":"([^"]+)"')


def bare(postmaster: int, what: str, to: str) -> Said:
    """The same pages by a bare client: `throw` inflates and throws away, `decode` decodes the JSON too."""
    import base64

    import orjson

    address = json.loads(os.environ["AIRFLOW_CONN_SRC_ONE_STOP"])
    place = urlsplit(address["host"])
    line = http.client.HTTPConnection(place.hostname or "127.0.0.1", place.port or address.get("port"))
    login = base64.b64encode(f"{address['login']}:{address['password']}".encode()).decode()
    form = {"Authorization": f"Basic {login}", "Content-Type": "application/x-www-form-urlencoded"}
    line.request("POST", f"{place.path}/token", "grant_type=client_credentials", form)
    headers = {"Authorization": f"Bearer {orjson.loads(line.getresponse().read())['access_token']}", "Accept-Encoding": "gzip"}
    records = size = 0
    for entity in ("dossiers", "dossier_steps", "procedures", "assessments"):
        cursor = ""
        while True:
            line.request("GET", f"{place.path}/api/{entity}?limit=5000&changed_to={quote(to)}{cursor}", headers=headers)
            answer = line.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{entity}: status {answer.status}: {body[:300]!r}")
            if answer.headers.get("Content-Encoding") == "gzip":
                body = zlib.decompress(body, 31)
            size += len(body)
            if what == "decode":
                records += len(orjson.loads(body)["data"])
            found = NEXT.search(body, max(0, len(body) - 500))
            if found is None:
                break
            cursor = f"&cursor={quote(found[1].decode())}"
    return {"records": records, "bytes": size}


def decode(postmaster: int, folder: str) -> Said:
    """Read and decode the files of a folder: the floor of whoever reads them."""
    import orjson

    records = broken = 0
    for path in sorted(Path(folder).glob("*.ndjson")):
        with path.open("rb") as file:
            for line in file:
                try:
                    orjson.loads(line)
                    records += 1
                except ValueError:  # the demo plants some
                    broken += 1
    return {"records": records, "broken": broken}


def refresh(postmaster: int, which: str, *months: str) -> Said:
    """Refresh months: `marked` those that wait, `forced` all that have values, marked or not; with `months` only these.

    Tells how many cells were written, and how many of these have another content afterwards.
    """
    from sqlalchemy import text

    from cchc.period import parse_period
    from cchc.settings import Settings
    from cchc.warehouse import engine

    settings, parts = Settings.load(), Said()
    room = import_module("cchc.pipeline.refresh")
    restating = [0.0]
    restate = room.restate

    def timed(*given: Any) -> int:
        begun = time.perf_counter()
        try:
            return int(restate(*given))
        finally:
            restating[0] += time.perf_counter() - begun

    with engine(settings).connect() as connection:
        every = connection.execute(
            text("select distinct date_trunc('month', period_start)::date from mart.indicator_value where period_kind = 'month' order by 1")
        ).scalars()
        wanted: list[date] = [parse_period(month).start for month in months] or list(every)
        connection.execute(text("create table if not exists public.bench_before as select * from mart.indicator_value with no data"))
        connection.execute(text("truncate public.bench_before"))
        connection.execute(text("insert into public.bench_before select * from mart.indicator_value"))
        connection.commit()
        written = _written(connection)
    with part(postmaster, parts, "refresh"), mock.patch.object(room, "restate", timed):
        done = room.refresh(settings, wanted if months else None) if which == "marked" else room.refresh(settings, wanted, force=True)
    engine(settings).dispose()  # a backend tells the counts of what it wrote at the latest when it ends
    with engine(settings).connect() as connection:
        written = _written(connection) - written
        changed = connection.execute(text(CHANGED)).scalar_one()
        cells = connection.execute(text("select count(*) from mart.indicator_value")).scalar_one()
    return {
        "parts": parts, "months": len({item.month for item in done}), "cells": cells, "cells_written": written, "cells_changed": changed,
        "restating_wall": round(restating[0], 3),
    }  # fmt: skip


WRITTEN = "select n_tup_ins + n_tup_upd from pg_stat_user_tables where schemaname = 'mart' and relname = 'indicator_value'"
CELL = (
    "indicator_code, period_kind, period_start, basis, unit_code, plan_code, formula_version, numerator, denominator, value, target, status, "
    "gap_count, coverage, is_provisional, no_target_reason, compared_numerator, compared_denominator"
)
CHANGED = f"select count(*) from (select {CELL} from mart.indicator_value except select {CELL} from public.bench_before) as c"


def _written(connection: Any) -> int:
    from sqlalchemy import text

    return int(connection.execute(text(WRITTEN)).scalar_one())


def questions() -> dict[str, tuple[str, ...]]:
    """The commands that are asked, by name."""
    return {
        "scorecard": ("scorecard", PERIOD),
        "scorecard of a year": ("scorecard", "2023"),
        "scorecard of a commune": ("scorecard", PERIOD, "--unit", COMMUNE),
        "explain": ("explain", RATE, "--period", PERIOD),
        "explain, late dossiers": ("explain", RATE, "--period", PERIOD, "--part", "denominator_not_numerator", "--rows", "50"),
        "form_06a": ("form", PERIOD),
        "form_06a of a year": ("form", "2023"),
        "findings": ("findings", PERIOD),
        "reconcile": ("reconcile", PERIOD),
        "outlook": ("outlook", PERIOD),
    }


def pages() -> dict[str, str]:
    """The pages of the dashboard that are asked, by name."""
    asked = f"period={PERIOD}"
    return {
        "page: scorecard": f"/?{asked}",
        "page: indicator": f"/indicators/{RATE}?{asked}",
        "page: units": f"/units?{asked}",
        "page: one unit": f"/units/{COMMUNE}?{asked}",
        "page: health": "/health?part=summary",
        "page: publications": "/publications",
    }


def ask(postmaster: int, times: str = TIMES) -> Said:
    """Milliseconds of each question, and of each page of the dashboard: the first answer, and the median of the next ones."""
    from starlette.testclient import TestClient

    from cchc.settings import Settings
    from tests.dashboard.conftest import BASE, close, mounted
    from tests.support.cli import cchc

    asked: Said = {}
    parts: Said = {}

    def time_of(name: str, work: Callable[[], None]) -> None:
        spent = []
        for _ in range(1 + int(times)):
            begun = time.perf_counter()
            work()
            spent.append((time.perf_counter() - begun) * 1000)
        asked[name] = {"first_ms": round(spent[0]), "median_ms": round(statistics.median(spent[1:] or spent))}

    def command(words: tuple[str, ...]) -> None:
        done = cchc(*words)
        if done.code != 0:
            raise SystemExit(f"cchc {' '.join(words)}: {done.err or done.out}")

    with part(postmaster, parts, "commands"):
        for name, words in questions().items():
            time_of(name, lambda words=words: command(words))  # type: ignore[misc]
    with part(postmaster, parts, "pages"), TestClient(mounted(Settings.load()), headers={"x-who": "operator"}) as client:

        def page(path: str) -> None:
            answer = client.get(f"{BASE}{path}")
            if answer.status_code != 200:
                raise SystemExit(f"{path}: status {answer.status_code}: {answer.text[:1000]}")

        for name, path in pages().items():
            time_of(name, lambda path=path: page(path))  # type: ignore[misc]
    close(Settings.load())
    return {"parts": parts, "questions": asked}


def publish(postmaster: int) -> Said:
    """Close a month with its papers and bundles, then prove the bundles."""
    from cchc.settings import Settings
    from tests.support.cli import cchc

    parts: Said = {}
    with part(postmaster, parts, "publish"):
        done = cchc("close", PUBLISHED, "--incomplete", "--approved-by", "bench")
    if done.code != 0:
        raise SystemExit(done.err or done.out)
    with part(postmaster, parts, "verify"):
        proven = cchc("verify", str(Settings.load().home / "publications"))
    if proven.code != 0:
        raise SystemExit(proven.err or proven.out)
    return {"parts": parts}


WORKS: dict[str, Callable[..., Said]] = {
    work.__name__: work for work in (init, ingest, pull, load_pulled, bare, decode, refresh, ask, publish)
}  # fmt: skip


if __name__ == "__main__":
    from cchc.memory import end_at_once

    said = WORKS[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:])
    print(json.dumps(said | {"until_end": round(time.process_time(), 3)}))
    end_at_once()  # as the command does
