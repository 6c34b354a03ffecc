"""One warehouse for all tests of the dashboard: the small district, November 2023 published and changed since, December known later."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from sqlalchemy import text
from starlette.testclient import TestClient

from cchc.dashboard.app import create_app
from cchc.dashboard.person import Login
from cchc.dashboard.warehouse import _engine, dashboard_url
from cchc.settings import Settings
from cchc.waiting import wait_until
from cchc.warehouse import engine
from demo.server import Demo
from tests.support.cli import cchc
from tests.support.district import CLOCK
from tests.support.environment import environment, put_back
from tests.support.warehouse import HasWarehouse, NewWarehouse

BASE = "/cchc"
COMMUNE = "H19.16.22"
PUBLISHED = "2023-12-06T00:00:00+07:00"  # what was known when November was published
PAYMENTS = "giaodich_20231[012]*"  # the files of a quarter; those of the nine months before would take as long as everything else
SCRIPT = "<script>alert(1)</script>"
# who asks, in the header X-Who: an operator, a leader of the district, somebody of one commune, an account that the warehouse does not know
PEOPLE = {"operator": True, "leader": False, "commune": False, "stranger": False, "commune_operator": True}


def identify(request: Request) -> Login:
    """The login of a request of a test: what Airflow's login gives in the real installation."""
    name = request.headers.get("x-who") or request.cookies.get("who")
    if name is None:
        raise HTTPException(401)
    if name not in PEOPLE:
        raise HTTPException(403)
    return Login(name, PEOPLE[name])


def mounted(settings: Settings) -> FastAPI:
    """The dashboard as Airflow mounts it."""
    app = FastAPI()
    app.mount(BASE, create_app(settings, identify, lambda request: f"/auth/login?next={request.url.path}"))
    return app


@dataclass
class Site(HasWarehouse):
    """A warehouse with numbers, and the dashboard on it."""

    settings: Settings
    app: FastAPI

    def client(self, who: str | None = "operator") -> TestClient:
        """A client of somebody; None: of nobody."""
        return TestClient(self.app, headers={"x-who": who} if who else {}, follow_redirects=False)

    def get(self, path: str, who: str | None = "operator", **headers: str) -> Any:
        """The answer to one request."""
        return self.client(who).get(f"{BASE}{path}", headers=headers)


@contextmanager
def running(app: FastAPI, prefix: str = "") -> Iterator[str]:
    """The application on a port of the loopback address, for a browser; its address. `prefix`: the path that a proxy puts before it."""
    outer = app
    if prefix:
        outer = FastAPI()
        outer.mount(prefix, app)
    server = uvicorn.Server(uvicorn.Config(outer, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert wait_until(lambda: server.started, 30, 0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}{prefix}{BASE}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def built(
    new_warehouse: NewWarehouse, district_sources: Demo, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, dict[str, str]]]:
    """The warehouse with numbers, and the variables of its environment."""
    before = dict(os.environ)
    folder: Path = tmp_path_factory.mktemp("dashboard")
    with new_warehouse(folder / "home") as settings, pytest.MonkeyPatch.context() as patch:
        (folder / "payments").mkdir()
        for path in district_sources.state.payments.glob(PAYMENTS):
            shutil.copy(path, folder / "payments")
        for name, value in district_sources.connections().items():
            patch.setenv(name, value)
        patch.setenv("AIRFLOW_CONN_SRC_PAYMENTS", json.dumps({"conn_type": "fs", "host": str(folder / "payments")}))
        for moment, month in ((PUBLISHED, "2023-11"), (CLOCK, "2023-12")):
            for source in ("one_stop", "documents", "payments"):
                assert cchc("ingest", source, "--to", moment).code in (0, 3)
            if moment == PUBLISHED:
                assert cchc("refresh", month).code == 0
                assert cchc("close", month, "--approved-by", f"Bà Lan {SCRIPT}").code == 0
            else:
                assert cchc("refresh", "2023-11", "2023-12").code == 0
        with engine(settings).begin() as connection:
            # names from a source and from reference data that try to become part of a page
            connection.execute(text("update mart.dossier set procedure_name = procedure_name || :s"), {"s": SCRIPT})
            connection.execute(
                text(
                    "insert into ops.account (user_name, kind, role, unit_code, added_at, added_by) values "
                    "('leader', 'airflow', 'viewer', null, now(), 'test'), ('commune', 'airflow', 'viewer', :unit, now(), 'test'), "
                    "('commune_operator', 'airflow', 'operator', :unit, now(), 'test')"
                ),
                {"unit": COMMUNE},
            )
        yield Site(settings, mounted(settings)), put_back(before)
        close(settings)


@pytest.fixture(scope="module")
def site(built: tuple[Site, dict[str, str]]) -> Iterator[Site]:
    """The same in its environment."""
    made, variables = built
    with environment(**variables):
        yield made


def close(settings: Settings) -> None:
    """End the connections of the pages."""
    _engine(dashboard_url(settings)).dispose()
