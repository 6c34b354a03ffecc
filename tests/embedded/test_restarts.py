"""Those whom alerts.yaml names are told by e-mail of what the keeper has started again: once, then at most once an hour, and never in its way."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from cchc.airflow import configuration
from cchc.embedded import restarts, stack
from cchc.embedded.restarts import Restart, Teller
from cchc.settings import VINH_CUU, Settings
from cchc.waiting import wait_until
from cchc.warehouse import engine, query
from tests.support.smtp import Mailbox, mail_server
from tests.support.warehouse import NewWarehouse

RULES = """
recipients:
  operators: {channel: email, addresses: [vh@example.vn], language: en}
rules:
  - to: [operators]
"""
HANGS = [sys.executable, "-c", "import time; time.sleep(600)"]


@dataclass
class Desk:
    """A keeper's teller whose clock a test moves, and the mail server."""

    teller: Teller
    mails: Mailbox
    moment: float = 0.0

    def later(self, seconds: float) -> None:
        """Let some seconds pass and the keeper look once; what that has begun is waited for."""
        self.moment += seconds
        self.teller.step()
        running = self.teller._running
        if running is not None:
            running[0].wait(60)
            self.teller.step()

    def told(self) -> list[tuple[str, bool]]:
        """What is remembered: the names, and whether they were told."""
        return [(entry.name, entry.told is not None) for entry in self.teller.file.read()]

    def log(self) -> str:
        """What the process that tells has written."""
        return (self.teller.folder / "logs" / "restarts.log").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def settings(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with new_warehouse(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture
def desk(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    authority, folder = tmp_path / "authority", tmp_path / "home" / "airflow"
    shutil.copytree(VINH_CUU, authority)
    (authority / "alerts.yaml").write_text(RULES, encoding="utf-8")
    (folder / "logs").mkdir(parents=True)
    with mail_server() as mails:
        smtp = {"host": "127.0.0.1", "port": mails.port, "extra": {"from_email": "so.lieu@example.vn", "security": "none"}}
        for name, value in {
            "CCHC_HOME": str(tmp_path / "home"),
            "CCHC_AUTHORITY": str(authority),
            "CCHC_PLAN": "plan_53_KH-UBND_2023",
            "CCHC_WAREHOUSE_URL": str(settings.warehouse_url),
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW_CONFIG": str(configuration.FILE),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg://nobody@127.0.0.1:9/airflow",  # it is away, too
            "AIRFLOW_CONN_CCHC_SMTP": json.dumps(smtp),
        }.items():
            monkeypatch.setenv(name, value)
        made = Desk(Teller(folder), mails)
        made.teller.clock = lambda: made.moment
        yield made
        running = made.teller._running
        if running is not None:
            running[0].kill()
            running[0].wait()


def test_one_message_and_then_one_an_hour(desk: Desk, settings: Settings) -> None:
    desk.later(1000)
    assert desk.mails.mails == [], "nothing has ended"
    desk.teller.file.add("postgresql")
    desk.later(0)
    desk.teller.file.add("scheduler")
    desk.later(restarts.GATHER_SECONDS - 1)
    assert desk.mails.mails == [], "what ends with it is told with it"
    desk.later(1)
    (text,) = desk.mails.texts
    lines = text.splitlines()
    assert lines[0] == "[Reform figures] A process had ended by itself (2)"
    assert lines[1].startswith("1. postgresql had ended by itself and was started again at ") and lines[1].endswith("seven days: 1")
    assert lines[2] == f"Where: log {desk.teller.folder.parent / 'postgres' / 'data' / 'server.log'}"
    assert f"log {desk.teller.folder / 'logs' / 'scheduler.log'}" in text and "2. scheduler had ended" in text
    assert desk.told() == [("postgresql", True), ("scheduler", True)]
    with engine(settings).connect() as connection:
        rows = query(connection, "select subject, ended_at is not null as is_over from ops.alert where event = 'process_restarted'")
    assert sorted((row["subject"], row["is_over"]) for row in rows) == [("postgresql", True), ("scheduler", True)], "it waits for nothing"

    for _ in range(5):
        desk.teller.file.add("scheduler")
        desk.later(restarts.GATHER_SECONDS)
    assert len(desk.mails.mails) == 1, "what ends again and again is told once an hour"
    newly = Teller(desk.teller.folder, clock=desk.teller.clock)
    newly._seen["scheduler"] = -1000.0
    assert newly._due() == [], "a keeper that was itself started again does not tell it at once either"
    desk.teller.file.add("triggerer")
    desk.later(0)
    desk.later(restarts.GATHER_SECONDS)
    assert "triggerer had ended" in desk.mails.texts[1] and "scheduler" not in desk.mails.texts[1], "another one does not wait for it"

    _an_hour_ago(desk)
    desk.later(restarts.PAUSE_SECONDS)
    desk.later(restarts.GATHER_SECONDS)
    assert "scheduler had ended by itself and was started again 5 times from " in desk.mails.texts[2]
    assert "seven days: 6" in desk.mails.texts[2]
    assert all(was_told for _, was_told in desk.told())


def test_a_mail_server_that_is_away_loses_nothing(desk: Desk, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warehouse keeps it for the DAG alerts; where that is away, too, the keeper tries again."""
    desk.mails.is_away = True
    desk.teller.file.add("api-server")
    desk.later(0)
    desk.later(restarts.GATHER_SECONDS)
    assert desk.told() == [("api-server", True)], "the DAG alerts sends what waits"
    with engine(settings).connect() as connection:
        (row,) = query(
            connection, "select d.tries from ops.alert_delivery as d join ops.alert as a using (alert_id) where a.subject = 'api-server'"
        )
    assert row["tries"] == 1

    monkeypatch.setenv("CCHC_WAREHOUSE_URL", "postgresql+psycopg://nobody@127.0.0.1:9/warehouse")
    desk.teller.file.add("dag-processor")
    desk.later(0)
    desk.later(restarts.GATHER_SECONDS)
    assert desk.told()[1] == ("dag-processor", False)
    assert "operators was not told of process_restarted: the mail server" in desk.log()
    desk.mails.is_away = False
    desk.later(restarts.RETRY_SECONDS - 1)
    assert desk.mails.mails == []
    desk.teller.has_failed("postgresql", "it has no room")
    desk.later(restarts.GATHER_SECONDS)
    (text,) = desk.mails.texts
    assert "dag-processor had ended by itself and was started again at " in text
    assert "postgresql has ended and cannot be started again. Reason: it has no room" in text
    assert desk.told()[1] == ("dag-processor", True) and desk.teller.failed == {}


def test_without_a_mail_server_the_log_and_doctor_say_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_CCHC_SMTP")
    desk.teller.file.add("scheduler")
    desk.later(0)
    desk.later(restarts.GATHER_SECONDS)
    assert "nobody is told: recipient operators: there is no connection cchc_smtp" in desk.log()
    assert "nobody was told that scheduler had ended: no recipient of alerts.yaml can be reached; tried again in 60 minutes" in caplog.text
    assert desk.told() == [("scheduler", False)]
    ((_, words),) = stack._restarted(Settings.load())
    assert "once in a week" in words and f"nobody was told of it yet ({desk.teller.folder / 'logs' / 'restarts.log'})" in words


def test_what_hangs_or_cannot_be_started_does_not_keep_the_keeper(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.teller.command = HANGS
    desk.teller.file.add("scheduler")
    desk.teller.step()
    desk.moment += restarts.GATHER_SECONDS
    before = time.monotonic()
    desk.teller.step()
    desk.teller.step()
    assert time.monotonic() - before < 2, "a look waits for nobody"
    assert desk.teller._running is not None
    hanging = psutil.Process(desk.teller._running[0].pid)
    desk.moment += restarts.LONGEST_SECONDS
    desk.teller.step()
    assert wait_until(lambda: not hanging.is_running(), 5)
    assert "it took more than 180 s; tried again in 10 minutes" in caplog.text
    desk.teller.command = ["/no/such/program"]
    desk.later(restarts.RETRY_SECONDS)
    desk.later(restarts.RETRY_SECONDS)
    assert caplog.text.count("what was started again could not be told: [Errno 2]") == 1
    desk.teller.file.path.write_text('[{"name": "scheduler", "at": "yesterday"}]', encoding="utf-8")
    desk.teller.step()
    desk.teller.command = [sys.executable, "-c", "raise SystemExit(0)"]  # it does not even read what it is told
    desk.teller.file.add("scheduler")
    desk.later(restarts.RETRY_SECONDS)
    desk.later(restarts.GATHER_SECONDS)
    assert desk.told() == [("scheduler", True)]


def test_what_cannot_be_written_is_told_all_the_same(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.teller.command = [sys.executable, "-c", "raise SystemExit(0)"]
    desk.teller.file.path.mkdir()  # as a full disk: nothing can be written, and nothing read
    desk.teller.file.add("scheduler")
    assert "restarts.json cannot be written (Is a directory)" in caplog.text
    assert [(each.name, len(each.at)) for each in desk.teller._news()] == [("scheduler", 1)]
    desk.later(0)
    desk.later(restarts.GATHER_SECONDS)
    assert desk.teller._news() == [], "it is told once"
    desk.teller.file.path.rmdir()
    desk.teller.file.add("triggerer")
    assert desk.told() == [("scheduler", True), ("triggerer", False)]


def _an_hour_ago(desk: Desk) -> None:
    """Let an hour have passed since each message, also by the clock of the machine."""
    entries = [Restart(entry.name, entry.at, entry.told and "2023-01-01T00:00:00+07:00") for entry in desk.teller.file.read()]
    desk.teller.file._write(entries)
