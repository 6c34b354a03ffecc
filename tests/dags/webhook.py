"""A webhook on this machine, which stores the received notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.support.http import Handler, listening


@dataclass
class Webhook:
    """`texts`: what was told so far; `connection`: the variable by which Airflow knows it."""

    url: str
    texts: list[str] = field(default_factory=list)

    @staticmethod
    def connection_to(host: str) -> dict[str, str]:
        """The connection `cchc_notify` with this host."""
        return {"AIRFLOW_CONN_CCHC_NOTIFY": json.dumps({"conn_type": "http", "host": host})}

    @property
    def connection(self) -> dict[str, str]:
        """The connection `cchc_notify` with this webhook."""
        return self.connection_to(f"{self.url}/hook")


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A webhook that says yes to everything."""

    texts: list[str] = []

    class Hook(Handler):
        def do_POST(self) -> None:
            texts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(204)
            self.end_headers()

    with listening(Hook) as url:
        yield Webhook(url, texts)
