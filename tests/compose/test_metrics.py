"""Airflow's metrics, switched on as docker-compose.yaml does it, arrive at a collector as OTLP; switched off, nothing is sent."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cchc.airflow.configuration import FILE
from tests.compose.services import SERVICES

SEND = """if True:
    from airflow._shared.observability.metrics import stats
    from airflow.observability.metrics import stats_utils
    from opentelemetry import metrics
    from airflow.configuration import conf
    stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)
    stats.incr("cchc_tried", 3)
    flush = getattr(metrics.get_meter_provider(), "force_flush", None)
    if flush: flush()
"""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """The address of a collector that speaks OTLP over HTTP, and what it was sent: path and message."""
    sent: list[tuple[str, bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent.append((self.path, gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("switch", ["True", "False"])
def test_what_airflow_counts_arrives(collector: tuple[str, list[tuple[str, bytes]]], switch: str, tmp_path: Path) -> None:
    address, sent = collector
    asked = SERVICES["scheduler"]["environment"]
    assert asked["AIRFLOW__METRICS__OTEL_ON"] == "${METRICS:-False}"
    path = asked["OTEL_EXPORTER_OTLP_ENDPOINT"].removeprefix("${METRICS_ENDPOINT:-http://metrics:9090").removesuffix("}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "OTEL"))} | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONFIG": str(FILE),
        "AIRFLOW__METRICS__OTEL_ON": switch,
        "OTEL_EXPORTER_OTLP_ENDPOINT": address + path,
        "OTEL_EXPORTER_OTLP_PROTOCOL": asked["OTEL_EXPORTER_OTLP_PROTOCOL"],
    }
    done = subprocess.run([sys.executable, "-c", SEND], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # a name stands in the message as it is
    assert any(b"airflow.cchc_tried" in message for _, message in sent) == (switch == "True")
    assert {path for path, _ in sent} == ({"/api/v1/otlp/v1/metrics"} if switch == "True" else set()), "where Prometheus listens"
