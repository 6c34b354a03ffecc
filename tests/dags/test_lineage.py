"""Events of OpenLineage: a real Airflow sends them to a real HTTP server, with what a run reads and writes, and nothing that must not leave."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cchc.airflow import configuration, lineage
from cchc.errors import NotConfigured
from cchc.models import MODELS
from cchc.settings import PROJECT, Settings
from cchc.sources.landing import part_lines
from cchc.sources.privacy import keyed
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from tests.dags.collector import Sink, collector
from tests.dags.conftest import Box, broken
from tests.support.deliveries import dossier, dossier_file, payment_day
from tests.support.district import CLOCK
from tests.support.warehouse import execute, rows_of

__all__ = ["collector"]

SWITCHED_ON = {lineage.DISABLED: "False"}
SECRET = "a-secret-that-no-event-may-bear"
TABLES = ("mart.dossier", "mart.indicator_value", "ops.quarantine", *lineage.PUBLICATION)


@pytest.fixture(scope="module")
def lineage_box(start_box: Callable[..., Box], collector: Sink) -> Box:
    """Airflow with the events switched on, as `make up` with these variables starts it."""
    return start_box(**SWITCHED_ON, OPENLINEAGE_URL=collector.url, OPENLINEAGE_API_KEY=SECRET)


@pytest.fixture(autouse=True)
def nothing_sent_yet(collector: Sink) -> None:
    collector.events.clear()
    collector.keys.clear()
    collector.hangs = False
    collector.held = collector.let_go = 0


def names(datasets: list[dict[str, Any]]) -> list[str]:
    return [f"{each['namespace']} {each['name']}" for each in datasets]


def payments_in(drop: Path) -> None:
    payment_day(drop, "20230105")


# --- a real run ------------------------------------------------------------------------------------------------------


def test_an_ingest_says_what_it_reads_and_writes(
    lineage_box: Box, collector: Sink, installed: dict[str, str], warehouse: Settings, tmp_path: Path
) -> None:
    payments_in(tmp_path / "drop")
    done = lineage_box.run("ingest_payments", {"to": CLOCK}, **broken(installed, "payments", host=str(tmp_path / "drop"), password=SECRET))
    assert done["state"] == "success", done
    collector.wait_for("ingest_payments", "COMPLETE")  # its START comes from a scheduler, which `dag.test` has not
    for task in done["tasks"]:
        for kind in ("START", "COMPLETE"):
            assert len(collector.of(f"ingest_payments.{task}", kind)) == 1, (task, kind)
    assert {event["job"]["namespace"] for event in collector.events} == {"cchc"}
    assert set(collector.keys) == {f"Bearer {SECRET}"}

    (database,) = re.findall(r"@([^/]+)/(\w+)", str(warehouse.warehouse_url))
    table = f"postgres://{database[0]} {database[1]}"
    landed = f"file {tmp_path}/home/landing/payments/payments"
    read, written = "inputs", "outputs"
    extracted, loaded = (collector.of(f"ingest_payments.{task}", "COMPLETE")[0] for task in ("extract", "load"))
    assert (names(extracted[read]), names(extracted[written])) == (["source://payments payments"], [landed])
    assert (names(loaded[read]), names(loaded[written])) == ([landed], [f"{table}.core.payment_version"])
    (opened,) = collector.of("ingest_payments.open_window", "COMPLETE")
    assert (opened[read], opened[written]) == ([], [])
    assert {event["run"]["facets"]["parent"]["job"]["name"] for event in (extracted, loaded)} == {"ingest_payments"}
    nothing_leaves(collector, installed, tmp_path)


def test_a_failed_task_says_that_it_failed_and_not_why(
    lineage_box: Box, collector: Sink, installed: dict[str, str], tmp_path: Path
) -> None:
    done = lineage_box.run("ingest_documents", {"to": CLOCK}, **broken(installed, "documents", password=SECRET))
    assert done["tasks"]["extract"] == "failed"
    (failed,) = collector.of("ingest_documents.extract", "FAIL")
    assert "source://documents documents" in names(failed["inputs"])
    assert failed["outputs"] == []
    assert failed["run"]["facets"]["errorMessage"]["message"] == "The task has failed; its log in Airflow says why."
    assert "stackTrace" not in failed["run"]["facets"]["errorMessage"]
    assert collector.of("ingest_documents.extract", "COMPLETE") == []
    collector.wait_for("ingest_documents", "FAIL")
    nothing_leaves(collector, installed, tmp_path)


NUMBER, PEOPLE = "001085000017", {"SoGiayToChuHoSo": "001085000017", "ChuHoSo": "Bùi Đánh Dấu", "SoDienThoai": "0900000077"}
FIELDS = PEOPLE | {"DiaChi": "Số 77 đường Đánh Dấu", "Email": "danh.dau@example.invalid", "GhiChu": "ghi chú của Bùi Đánh Dấu"}
CODE = "H19.16.21-230605-0001"


def cut_off(drop: Path, warehouse: Settings) -> None:
    """The last record of a file ends in the middle of a personal value."""
    dossier_file(drop, "20230610", [dossier(CODE), json.dumps(FIELDS, ensure_ascii=False)[:-30]])


def constraint(drop: Path, warehouse: Settings) -> None:
    """The database refuses a row when it is loaded, and would repeat the whole row."""
    dossier_file(drop, "20230610", [dossier(CODE, **FIELDS)])
    execute(warehouse, "alter table core.dossier_version add constraint planted_ck check (applicant_key is null)")


def another_kind(drop: Path, warehouse: Settings) -> None:
    """Values are of another kind than they should be; a name in a field of times is kept in quarantine and landing, as any such value."""
    dossier_file(drop, "20230610", [dossier(CODE, **FIELDS, NgayTiepNhan=FIELDS["ChuHoSo"], MucDo=FIELDS, TaiLieuNop=FIELDS["Email"])])


def wrong_encoding(drop: Path, warehouse: Settings) -> None:
    """A file that is not UTF-8 from the middle of a personal value on."""
    path = dossier_file(drop, "20230610", [dossier(CODE, **FIELDS)])
    path.write_bytes(path.read_bytes().replace(b"0900000077", b"0900000077\xff"))


@pytest.mark.parametrize("damage", [cut_off, constraint, another_kind, wrong_encoding])
def test_what_fails_repeats_no_person_and_no_secret_anywhere(
    lineage_box: Box,
    collector: Sink,
    installed: dict[str, str],
    warehouse: Settings,
    postgres_server: postgres.Server,
    tmp_path: Path,
    damage: Callable[[Path, Settings], None],
) -> None:
    """In Airflow's logs, its database (XCom, rendered fields, runs, events), OpenLineage, the warehouse and landing."""
    drop = tmp_path / "drop"
    damage(drop, warehouse)
    done = lineage_box.run(
        "ingest_one_stop", {"to": CLOCK}, **broken(installed, "one_stop", conn_type="fs", host=str(drop), password=SECRET)
    )
    if damage is constraint:
        assert done["tasks"]["load"] == "failed", done
    collector.wait_for("ingest_one_stop", "COMPLETE" if done["state"] == "success" else "FAIL")
    hashed = keyed(NUMBER, b"a key for tests")
    marks = [*FIELDS.values(), "Đánh Dấu", SECRET, installed["CCHC_PRIVACY_KEY"]]
    outside = {
        "log": lineage_box.log.read_text(encoding="utf-8", errors="replace"),
        "answer": json.dumps(done, ensure_ascii=False),
        "events": json.dumps(collector.events, ensure_ascii=False),
        **rows_as_text(postgres_server.url("airflow_dags")),
    }
    inside = rows_as_text(str(warehouse.warehouse_url)) | {"landing": landed(warehouse)} if damage is not another_kind else {}
    assert damage is another_kind or inside["ops.extract"] and inside["landing"]
    assert "ingest_one_stop" in outside["log"] and "ingest_one_stop" in outside["public.task_instance"]
    assert "public.xcom" in outside and "public.rendered_task_instance_fields" in outside
    found = [
        (place, mark) for place, text in (outside | inside).items() for mark in marks if mark in text or json.dumps(mark)[1:-1] in text
    ]
    assert found == []
    assert [place for place, text in outside.items() if hashed in text] == [], "nor what was made of the number"


def rows_as_text(url: str) -> dict[str, str]:
    """Every table of a database as text; bytes as what they say."""
    named = "select schemaname || '.' || tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        found = {}
        for (table,) in connection.execute(named).fetchall():
            text = "\n".join(row for (row,) in connection.execute(f"select t::text from {table} as t".encode()).fetchall() if row)
            hidden = (bytes.fromhex(part[: len(part) // 2 * 2]) for part in re.findall(r"\\x([0-9a-f]{8,})", text))
            found[table] = text + " ".join(part.decode("utf-8", "replace") for part in hidden)
    return found


def landed(warehouse: Settings) -> str:
    """Everything in landing."""
    files = [path for path in (warehouse.home / "landing").rglob("*") if path.is_file()]
    return "".join(
        b"\n".join(part_lines(path.read_bytes())).decode() if path.suffix == ".zst" else path.read_text(encoding="utf-8") for path in files
    )


def nothing_leaves(collector: Sink, installed: dict[str, str], folder: Path) -> None:
    """No event has a secret of the installation, a login, or a text that a source has delivered."""
    assert collector.events
    text = json.dumps(collector.events, ensure_ascii=False)
    connections = [json.loads(value) for name, value in installed.items() if name.startswith("AIRFLOW_CONN_")]
    secrets = {part[name] for part in connections for name in ("password", "login") if part.get(name)}
    secrets |= {installed["CCHC_PRIVACY_KEY"], SECRET, re.findall(r":([^:@/]+)@", installed["CCHC_WAREHOUSE_URL"])[0]}
    delivered = {
        cell
        for path in (folder / "drop").glob("*.csv")
        for line in path.read_text(encoding="utf-8-sig").splitlines()[1:]
        for cell in line.split(";")
        if len(cell) > 5
    }
    assert [secret for secret in secrets if re.search(rf"\b{re.escape(secret)}\b", text)] == []
    assert [cell for cell in delivered if cell in text] == []
    for event in collector.events:
        assert set(event["run"]["facets"]) <= {"parent", "nominalTime", "processing_engine", "errorMessage"}, event
        assert set(event["job"]["facets"]) <= {"jobType", "documentation"}, event
        assert all(not each.get("facets") for each in event["inputs"] + event["outputs"]), event


def test_a_task_does_not_wait_for_a_collector_that_hangs(
    lineage_box: Box, collector: Sink, installed: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "drop").mkdir()
    (tmp_path / "profiles").mkdir()
    shutil.copy(Path(installed["CCHC_SOURCES_DIR"]) / "payments.yaml", tmp_path / "profiles")
    variables = broken(installed, "payments", host=str(tmp_path / "drop")) | {"CCHC_SOURCES_DIR": str(tmp_path / "profiles")}
    for collector.hangs in (False, True):
        assert lineage_box.run("check_connections", None, None, **variables)["tasks"] == {"check[0]": "success"}
    assert len(collector.of("check_connections.check", "COMPLETE")) == 1, "the second one was not taken"
    assert collector.held > 0, "the events were sent"
    assert collector.let_go == 0, "the task ended while the collector still held them"


# --- the switch, and what is said of each task -----------------------------------------------------------------------


def test_it_is_off_and_the_environment_switches_it_on() -> None:
    assert configuration.options()[lineage.DISABLED] == "True"
    assert configuration.without_options(SWITCHED_ON | {"AIRFLOW__OPENLINEAGE__TRANSPORT": "{}"}) == SWITCHED_ON


@pytest.mark.parametrize(
    ("variables", "is_missing"),
    [
        ({}, False),
        ({lineage.DISABLED: "True"}, False),
        ({lineage.DISABLED: "False", lineage.URL: "http://collector"}, False),
        ({lineage.DISABLED: "False"}, True),
        ({lineage.DISABLED: "false", lineage.URL: ""}, True),
    ],
)
def test_switched_on_without_an_address_is_named(variables: dict[str, str], is_missing: bool) -> None:
    if is_missing:
        with pytest.raises(NotConfigured, match="LINEAGE_URL"):
            lineage.require_collector(variables)
    else:
        lineage.require_collector(variables)


def test_what_is_named_is_there(warehouse: Settings) -> None:
    tables = {*TABLES, *(lineage.table_of(model) for model in MODELS.values())}
    for table in sorted(tables):
        assert rows_of(warehouse, f"select to_regclass('{table}') as found")[0]["found"], table
    engine(warehouse).dispose()


def test_a_refresh_reads_the_models_that_the_indicators_count() -> None:
    folders = [PROJECT / "include" / "sql" / "queries" / name for name in ("indicators", "values")]
    text = "\n".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.sql"))
    counted = {name for name in MODELS if re.search(rf"\b(?:core|mart)\.{name}(?!_(?:step|key))", text)}
    assert counted == {*lineage.COUNTED, "dossier"}


@pytest.mark.parametrize(
    ("dag_id", "task_id", "reads", "writes"),
    [
        ("ingest_one_stop", "load", "one_stop/dossiers.keys", "mart.dossier"),
        ("ingest_declared", "load", "landing/declared", "core.declared_figure_version"),
        ("ingest_documents", "validate", "landing/documents/work_files", "ops.quarantine"),
        ("refresh_indicators", "refresh", "core.leader_list_item", "mart.indicator_value"),
        ("close_month", "freeze", "mart.indicator_value", "mart.publication_item"),
        ("close_month", "bundle", "mart.publication", "/home/publications"),
        ("alerts", "tell", None, None),
        ("ingest_one_stop", "confirm", None, None),
    ],
)
def test_what_a_task_reads_and_writes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dag_id: str, task_id: str, reads: str | None, writes: str | None
) -> None:
    for name in ("CCHC_LANDING_URL", "CCHC_SOURCES_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CCHC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", f"postgresql+psycopg://owner:{SECRET}@db.example:5433/warehouse")
    found = lineage.lineage_of(Settings.load(), dag_id, task_id)
    for wanted, datasets in ((reads, found.inputs), (writes, found.outputs)):
        told = [f"{each.namespace} {each.name}" for each in datasets]
        assert (wanted is None) == (told == []), told
        assert wanted is None or any(wanted in each for each in told), told
        assert SECRET not in str(told)


def test_a_landing_elsewhere_is_named_without_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CCHC_SOURCES_DIR", raising=False)
    monkeypatch.setenv("CCHC_LANDING_URL", f"sftp://loader:{SECRET}@files.example/landing?key={SECRET}")
    (written,) = lineage.lineage_of(Settings.load(), "ingest_survey", "extract").outputs
    assert written.namespace == "sftp://files.example"
    assert SECRET not in written.name
