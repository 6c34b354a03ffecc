"""`cchc quarantine retry`: a retry is an extract of its own that reads old landing; the old extract never changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cchc.period import now
from cchc.pipeline import ingest as pipeline
from cchc.runs import retry
from cchc.settings import Settings
from cchc.warehouse import engine
from tests.oracle.world import World
from tests.runs.site import Site
from tests.support.cli import cchc, connect
from tests.support.deliveries import dossier, dossier_file
from tests.support.table_rows import differing
from tests.support.warehouse import rows_of

NewSite = Callable[..., Site]
UNKNOWN = "H19.16.99"


@pytest.fixture
def loaded(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Five dossiers as a file, two of them of a unit that the list lacks."""
    units = [UNKNOWN, "H19.16.21", UNKNOWN, "H19.16.21", "H19.16.21"]
    records = [dossier(f"H19.16.21-230605-{number:04d}", MaDonVi=unit) for number, unit in enumerate(units, 1)]
    dossier_file(tmp_path / "drop", "1", records)
    connect(monkeypatch, "one_stop", conn_type="fs", host=str(tmp_path / "drop"))
    done = cchc("ingest", "one_stop", "--to", "2023-07-01")
    assert done.code == 0, done.err
    return warehouse


def add_unit(settings: Settings) -> None:
    """The cause is mended: the list of units gets the one that it lacked."""
    statement = (
        "insert into core.unit (unit_code, name, level, kind, root_code, valid_from) "
        f"values ('{UNKNOWN}', 'Xã mới', 'commune', 'commune', 'H19.16', '2000-01-01')"
    )
    with engine(settings).begin() as connection:
        connection.exec_driver_sql(statement)


def open_entries(settings: Settings) -> list[tuple[object, ...]]:
    return [
        tuple(row.values()) for row in rows_of(settings, "select load_id, key from ops.quarantine where resolved_at is null order by 1, 2")
    ]


def test_rows_come_back_under_their_first_t(loaded: Settings) -> None:
    assert len(open_entries(loaded)) == 2
    add_unit(loaded)
    done = cchc("quarantine", "retry")
    assert done.code == 0, done.err
    assert open_entries(loaded) == []
    extracts = rows_of(loaded, "select kind, retry_of, status from ops.extract order by extract_id")
    assert [tuple(row.values()) for row in extracts] == [("ingest", None, "complete"), ("retry", 1, "complete")]
    versions = rows_of(loaded, "select distinct _first_seen_at, _failed_rules from core.dossier_version")
    assert [(f"{row['_first_seen_at']:%Y-%m-%d}", row["_failed_rules"]) for row in versions] == [("2023-07-01", None)]
    assert len(rows_of(loaded, "select 1 from core.dossier")) == 5
    assert cchc("quarantine", "retry").out.strip() == "nothing to retry"


def test_a_past_moment_says_what_has_come_back_since(loaded: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """The moment lies after T and before the retry: nobody had these rows then, and the answer has them."""
    told = "2 rows of one_stop were in quarantine then"
    for moment, said in (("2023-07-01T00:00:00", False), ("2023-07-02", False)):
        assert cchc("findings", "2023-06", "--as-known-at", moment).code == 0
        assert (told in caplog.text) == said
    assert cchc("quarantine", "retry").code == 0
    assert cchc("findings", "2023-06", "--as-known-at", "2023-07-02").code == 0
    assert "in quarantine then" not in caplog.text, "the retry brought nothing back"
    add_unit(loaded)
    assert cchc("quarantine", "retry").code == 0
    moments = (("2023-06-30", False), ("2023-07-01T00:00:00", True), ("2023-07-02", True), (now().isoformat(), False))
    for moment, said in moments:
        caplog.clear()
        assert cchc("findings", "2023-06", "--as-known-at", moment).code == 0
        assert (told in caplog.text) == said, moment
    assert cchc("reload", "--file", "dossiers_1.ndjson", "--reason", "once more").code == 0
    caplog.clear()
    assert cchc("findings", "2023-06", "--as-known-at", "2023-07-02").code == 0
    assert caplog.text.count(told) == 1, "the past puts back what stood before the reload, with what the retry had brought"
    caplog.clear()
    assert cchc("findings", "2023-06", "--as-known-at", now().isoformat()).code == 0
    assert caplog.text == ""


def test_a_moment_that_has_not_come_is_refused(loaded: Settings) -> None:
    soon = (now() + timedelta(hours=1)).isoformat()
    for command in ("scorecard", "findings", "form", "score", "reconcile"):
        said = cchc(command, "2023-06", "--as-known-at", soon)
        assert (said.code, "has not come yet" in said.err) == (2, True), said


def test_what_still_fails_is_listed_once_under_the_retry(loaded: Settings) -> None:
    for _ in range(2):
        assert cchc("quarantine", "retry").code == 0
    newest = rows_of(loaded, "select max(load_id) as load_id from ops.load")[0]["load_id"]
    assert [load for load, _ in open_entries(loaded)] == [newest, newest]
    assert "NOTE  one_stop dossiers: 2 records in quarantine" in cchc("doctor", "one_stop").out


def test_landing_that_cannot_be_read_costs_the_source_nothing(loaded: Settings) -> None:
    before = rows_of(loaded, "select * from ops.extract order by extract_id")
    kept = rows_of(loaded, "select * from ops.load order by load_id")
    entries = open_entries(loaded)
    shutil.rmtree(urlsplit(loaded.landing_url).path)
    said = cchc("quarantine", "retry")
    assert said.code == 1
    assert "damaged" in said.err
    after = rows_of(loaded, "select * from ops.extract order by extract_id")
    assert after[: len(before)] == before
    assert rows_of(loaded, "select * from ops.load order by load_id")[: len(kept)] == kept
    assert open_entries(loaded) == entries
    assert len(rows_of(loaded, "select 1 from ops.source_clock")) == 1
    assert "one_stop: đã trích xuất đến 01/07/2023" in cchc("close", "2023-06").out
    assert "WRONG one_stop: the last retry from quarantine (extract 2" in cchc("doctor", "one_stop").out


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_retry_that_was_cut_off_can_be_made_again(loaded: Settings, steps: int) -> None:
    """A process that is killed leaves its extract running: nobody has to mend that by hand."""
    add_unit(loaded)
    (cut,) = retry.open_retries(loaded)
    for step in (pipeline.stage_step, pipeline.validate_step)[:steps]:
        step(loaded, cut)
    assert len(rows_of(loaded, "select 1 from ops.source_clock")) == 1
    assert cchc("quarantine", "retry").code == 0
    assert open_entries(loaded) == []
    statuses = rows_of(loaded, "select status, superseded_by from ops.extract order by extract_id")
    assert [row["status"] for row in statuses] == ["complete", "superseded", "complete"]
    assert [row["superseded_by"] for row in statuses] == [None, "newer_retry", None]
    assert rows_of(loaded, "select 1 from pg_tables where schemaname = 'staging' and tablename like 'extract%'") == []


def test_a_blocked_extract_is_tried_again_as_a_whole(new_site: NewSite, world: World, tmp_path: Path) -> None:
    """Nothing of it was published, so the retry brings all of it, and moves T."""
    undisturbed, site = new_site(), new_site()
    undisturbed.ingest("one_stop", world.ts[-1])
    sources = tmp_path / "sources"
    shutil.copytree(site.settings.sources_dir, sources)
    profile = sources / "one_stop.yaml"
    text = profile.read_text(encoding="utf-8")
    profile.write_text(text.replace("quarantine_rows: 20", "quarantine_rows: 0").replace("quarantine_share: 0.05", "quarantine_share: 0"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CCHC_SOURCES_DIR", str(sources))
        assert site.ingest("one_stop", world.ts[-1], code=3).code == 3
        assert site.known_at("one_stop") is None
        loads = site.rows("select load_id from ops.load where status = 'blocked'")
        profile.write_text(text, encoding="utf-8")
        said = site.call("quarantine", "retry", "--load", str(loads[0]["load_id"]))
        assert said.code == 0, said.err
    assert site.known_at("one_stop") == world.ts[-1]
    assert differing(undisturbed.state("core"), site.state("core")) == {}


def test_a_load_without_landing_is_refused_by_name(loaded: Settings) -> None:
    with engine(loaded).begin() as connection:
        connection.exec_driver_sql("update ops.load set landing_path = null")
    said = cchc("quarantine", "retry", "--load", "1", "--load", "77")
    assert said.code == 2
    assert "load 1 has no landing" in said.err and "there is no load 77" in said.err
