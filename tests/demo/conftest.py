"""One small district for all tests of the demo, and a client that knows nothing but the contracts."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from demo import clock, server
from demo.district import District
from tests.support.district import CLOCK
from tests.support.district import district as made_district


@pytest.fixture(scope="session")
def district() -> District:
    return made_district()


class Client:
    """Speaks HTTP to a running demo."""

    def __init__(self, demo: server.Demo) -> None:
        self.demo = demo
        connections = {name: json.loads(text) for name, text in demo.connections().items()}
        self.one_stop = connections["AIRFLOW_CONN_SRC_ONE_STOP"]
        self.documents = connections["AIRFLOW_CONN_SRC_DOCUMENTS"]
        self.payments = Path(connections["AIRFLOW_CONN_SRC_PAYMENTS"]["host"])
        self.feedback = Path(connections["AIRFLOW_CONN_SRC_FEEDBACK"]["host"])
        self.survey = Path(connections["AIRFLOW_CONN_SRC_SURVEY"]["host"])
        parts = urlsplit(self.one_stop["host"])
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        self._token = ""
        self.refused: list[int] = []

    def close(self) -> None:
        self._connection.close()

    def call(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: str | None = None
    ) -> tuple[int, dict[str, str], Any]:
        self._connection.request(method, path, body, headers or {})
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return answer.status, dict(answer.headers), json.loads(data)

    def token(self) -> str:
        pair = f"{self.one_stop['login']}:{self.one_stop['password']}"
        headers = {
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        status, _headers, answer = self.call("POST", "/one_stop/token", headers, "grant_type=client_credentials")
        assert status == 200
        assert answer["token_type"] == "Bearer"
        assert answer["expires_in"] > 0
        self._token = answer["access_token"]
        return self._token

    def get(self, path: str, query: dict[str, Any] | None = None, *, patient: bool = True) -> tuple[int, Any]:
        """GET with the right credentials; a patient client tries again after 401, 429 and 503."""
        target = f"{path}?{urlencode(query or {})}"
        for _attempt in range(5):
            if path.startswith("/one_stop"):
                headers = {"Authorization": f"Bearer {self._token or self.token()}", "Accept-Encoding": "gzip"}
            else:
                headers = {"X-API-Key": self.documents["password"], "Accept-Encoding": "gzip"}
            status, answered, body = self.call("GET", target, headers)
            if not patient or status not in (401, 429, 503):
                return status, body
            self.refused.append(status)
            if status == 401:
                self.token()
            else:
                assert answered["Retry-After"] == "1"
        raise AssertionError("the demo refuses for ever")

    def window(self, entity: str, **query: Any) -> tuple[list[Any], list[int]]:
        """All records of a window, and the totals of its pages."""
        records: list[Any] = []
        totals: list[int] = []
        cursor = None
        while True:
            status, page = self.get(f"/one_stop/api/{entity}", {**query, **({"cursor": cursor} if cursor else {})})
            assert status == 200, page
            assert set(page) == {"total", "data", "next_cursor"}
            records += page["data"]
            totals.append(page["total"])
            cursor = page["next_cursor"]
            if cursor is None:
                return records, totals

    def pages(self, entity: str, **query: Any) -> tuple[list[Any], int]:
        """All records of the document system, and totalElements."""
        records: list[Any] = []
        number = 0
        while True:
            status, page = self.get(f"/documents/api/v1/{entity}", {**query, "page": number})
            assert status == 200, page
            assert set(page) == {"content", "totalElements", "totalPages", "number", "last"}
            assert page["number"] == number
            records += page["content"]
            number += 1
            if page["last"]:
                assert number >= page["totalPages"]
                return records, page["totalElements"]


@pytest.fixture(scope="module")
def demo(district: District, tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Demo]:
    """A server at the default clock; shared by a module's tests, which do not move the clock."""
    running = server.start(tmp_path_factory.mktemp("demo"), clock=CLOCK, district=district)
    yield running
    running.stop()


@pytest.fixture
def client(demo: server.Demo) -> Iterator[Client]:
    made = Client(demo)
    yield made
    made.close()


@pytest.fixture
def moving(district: District, tmp_path: Path) -> Iterator[Client]:
    """A client of a server of its own, whose clock the test may move."""
    running = server.start(tmp_path / "state", clock=CLOCK, district=district)
    made = Client(running)
    yield made
    made.close()
    running.stop()


@pytest.fixture
def stormy(district: District, tmp_path: Path) -> Iterator[Client]:
    """A client of a server with faults."""
    running = server.start(tmp_path / "state", clock=CLOCK, district=district, faults=True)
    made = Client(running)
    yield made
    made.close()
    running.stop()


@pytest.fixture(scope="session")
def at_end(district: District) -> dict[str, list[Any]]:
    """Every record of every entity at the end of the demo."""
    return {entity: district.records(entity, clock.END) for entity in district.timelines}
