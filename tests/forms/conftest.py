"""The small demo district in a warehouse of its own: every version that the sources ever had, then a month over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cchc.period import parse_moment
from cchc.pipeline import ingest as pipeline
from cchc.settings import Settings
from cchc.sources.connection import Connection, from_environment
from demo import clock, server
from demo.deliveries import DropFolder
from demo.district import District
from tests.support.district import CLOCK, district
from tests.support.month_site import connection, settings
from tests.support.warehouse import NewWarehouse

__all__ = ["connection", "settings"]

FIRST, SECOND = CLOCK, "2024-02-01T00:00:00+07:00"


@dataclass(frozen=True)
class Demo:
    """The warehouse, and the district that knows the truth."""

    settings: Settings
    district: District


@pytest.fixture(scope="session")
def demo_warehouse(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Until FIRST from files that hold each version (a site whose extracts missed none), from then on to SECOND over HTTP.

    Findings that compare two delivered versions need both of them delivered: one extract alone never has them.
    """
    home, truth = tmp_path_factory.mktemp("forms"), district()
    with new_warehouse(home / "cchc") as settings:
        drop = home / "drop"
        drop.mkdir()
        until = clock.parse_iso(FIRST)
        for entity in ("dossiers", "dossier_steps"):
            render = truth.render(entity)
            lines = [json.dumps(render(entry), ensure_ascii=False) for entry in truth.timelines[entity].entries if entry[0] < until]
            (drop / f"{entity}_20240102.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
        lines = [json.dumps(record, ensure_ascii=False) for record in truth.records("procedures", until)]
        (drop / "procedures_20240102.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
        pipeline.ingest(settings, "one_stop", Connection("one_stop", str(drop)), end=parse_moment(FIRST))
        payments = home / "payments"
        payments.mkdir()
        DropFolder(payments, truth.payments).update(clock.parse_iso(SECOND))
        pipeline.ingest(settings, "payments", Connection("payments", str(payments)), end=parse_moment(SECOND))
        running = server.start(home / "state", clock=SECOND, district=truth)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AIRFLOW_CONN_SRC_ONE_STOP", running.connections()["AIRFLOW_CONN_SRC_ONE_STOP"])
            pipeline.ingest(settings, "one_stop", from_environment("one_stop"), start=parse_moment(FIRST), end=parse_moment(SECOND))
        running.stop()
        yield Demo(settings, truth)
