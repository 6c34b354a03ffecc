"""Retention of the landing: what is old goes, whatever became of it, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cchc.errors import CchcError
from cchc.period import now
from cchc.runs.maintenance import NEWEST_LOADS, forget_counts, remove_old_landing
from cchc.sources.landing import place_below, place_of
from tests.oracle.world import World
from tests.runs.site import Site


@pytest.fixture
def site(new_site: Callable[..., Site], world: World) -> Site:
    """A site with one whole run of the one-stop."""
    made = new_site()
    made.ingest("one_stop", world.ts[0])
    return made


def landing(site: Site) -> Path:
    return site.settings.home / "landing"


def runs(site: Site) -> set[str]:
    """The folders of runs that are there."""
    return {str(path.relative_to(landing(site))) for path in landing(site).glob("*/*")}


def age(site: Site, days: int, which: str = "true") -> None:
    """Make runs as old as that."""
    at = now() - timedelta(days=days)
    site.execute(
        f"update ops.extract set started_at = :at, ended_at = case when ended_at is not null then cast(:at as timestamptz) end where {which}",
        at=at,
    )
    site.execute(
        f"update ops.load set started_at = :at, ended_at = :at where extract_id in (select extract_id from ops.extract where {which})",
        at=at,
    )


def left_behind(site: Site, status: str) -> int:
    """A run that was killed before it registered a load: its number. Its folder has a part and no manifest."""
    site.execute(
        "insert into ops.extract (source_code, window_to, status, started_at, ended_at, kind) "
        "values ('one_stop', now(), :s, now(), case when :s <> 'running' then now() end, 'ingest')",
        s=status,
    )
    run = site.rows("select max(extract_id) as extract_id from ops.extract")[0]["extract_id"]
    folder = landing(site) / "one_stop" / f"{run:08d}" / "dossiers"
    folder.mkdir(parents=True)
    (folder / "part-00001.ndjson.zst").write_bytes(b"")
    return int(run)


def test_new_landing_stays_and_old_landing_goes(site: Site, world: World) -> None:
    age(site, 100)
    site.ingest("one_stop", world.ts[1])
    old, new = sorted(runs(site))
    removed = remove_old_landing(site.settings, 90)
    assert runs(site) == {new}
    assert removed
    assert all(path.startswith(old) for path in removed)
    assert site.rows("select count(*) as n from ops.load where landing_path like :old", old=f"{old}/%") == [{"n": 0}]
    assert remove_old_landing(site.settings, 90) == []


def test_what_failed_was_blocked_or_was_killed_goes_too(site: Site) -> None:
    killed = left_behind(site, "failed")
    site.execute("update ops.load set status = 'blocked' where entity = 'dossiers'")
    site.execute("update ops.load set status = 'failed' where entity <> 'dossiers'")
    assert remove_old_landing(site.settings, 1) == []
    age(site, 2)
    assert f"one_stop/{killed:08d}" in remove_old_landing(site.settings, 1)
    assert runs(site) == set()


def test_what_a_run_works_on_and_what_nobody_knows_stays(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    running = left_behind(site, "running")
    age(site, 100)
    foreign = landing(site) / "one_stop" / "90000001"
    foreign.mkdir()
    (landing(site) / "one_stop" / "notes").mkdir()
    remove_old_landing(site.settings, 1)
    assert runs(site) == {f"one_stop/{running:08d}", "one_stop/90000001", "one_stop/notes"}
    assert "2 folders of the landing belong to no run of this warehouse and stay: one_stop/90000001, one_stop/notes" in caplog.text


def test_landing_that_a_newer_retry_uses_stays(site: Site) -> None:
    site.execute(
        "insert into ops.quarantine (load_id, source_code, entity, file, line, rule, action, reason, record, first_seen_at) "
        "select load_id, source_code, entity, 'f', 1, 'K1', 'quarantine', 'planted', '{}', now() from ops.load where entity = 'dossiers'"
    )
    age(site, 100)
    assert site.call("quarantine", "retry").code == 0
    remove_old_landing(site.settings, 90)
    kept = site.rows("select entity from ops.load where landing_path is not null and retry_of is null")
    assert [row["entity"] for row in kept] == ["dossiers"]
    first = min(landing(site).glob("one_stop/*"))  # the folder of the retry comes after it
    assert {path.name for path in first.iterdir() if path.is_dir()} == {"dossiers"}


def test_a_copy_of_the_installation_removes_its_own_landing_alone(site: Site, tmp_path: Path) -> None:
    shutil.copytree(site.settings.home / "landing", tmp_path / "copy")
    before = runs(site)
    age(site, 100)
    copy = replace(site.settings, landing_url=(tmp_path / "copy").as_uri())
    assert remove_old_landing(copy, 90)
    assert runs(site) == before
    assert not list((tmp_path / "copy").glob("*/*"))


def counts(site: Site) -> dict[str, int]:
    """How many results of checks there are, passed and failed, and how many counts of fields."""
    return site.rows(
        "select (select count(*) from ops.check_result where is_success) as passed, "
        "(select count(*) from ops.check_result where not is_success) as failed, (select count(*) from ops.load_field) as fields"
    )[0]


def test_old_counts_go_and_what_failed_or_is_compared_with_stays(site: Site, world: World) -> None:
    site.execute("update ops.check_result set is_success = false, message = 'planted' where rule = 'KEY'")
    before = counts(site)
    assert before["passed"] > before["failed"] > 0
    assert forget_counts(site.settings, 400) == 0
    age(site, 401)
    assert forget_counts(site.settings, 400) == before["passed"]
    assert counts(site) == before | {"passed": 0}, "the only load of an entity keeps its fields, however old it is"

    site.ingest("one_stop", world.ts[1])
    now_there = counts(site)
    old = "insert into ops.load (extract_id, source_code, entity, window_to, status, started_at, ended_at) "
    old += "select extract_id, source_code, entity, window_to, status, started_at, ended_at from ops.load where entity = 'dossiers' "
    old += "order by load_id limit 1 returning load_id"
    site.execute(
        f"with made as ({old}) insert into ops.load_field (load_id, field, record_count, present_count, filled_count) "
        "select load_id, 'MaHoSo', 1, 1, 1 from made"
    )
    assert counts(site)["fields"] == now_there["fields"] + 1
    assert forget_counts(site.settings, 400) == 0, "it is among the newest loads of its entity"
    site.execute("update ops.load set entity = 'documents' where entity = 'dossiers' and landing_path is null")
    site.execute(
        "with made as (insert into ops.load (extract_id, source_code, entity, window_to, status, started_at) select extract_id, source_code, "
        f"'documents', window_to, 'loaded', now() from ops.load, generate_series(1, {NEWEST_LOADS}) where entity = 'documents' "
        "returning load_id) insert into ops.load_field (load_id, field, record_count, present_count, filled_count) "
        "select load_id, 'MaHoSo', 1, 1, 1 from made"
    )
    assert forget_counts(site.settings, 400) == 1
    assert counts(site) == now_there | {"fields": now_there["fields"] + NEWEST_LOADS}


def planted_entries(site: Site, key: str, *days: tuple[int, int | None]) -> None:
    """Entries of quarantine of one key, each (days ago first seen, days ago resolved or None), of a load as old as its entry."""
    for seen, resolved in days:
        site.execute(
            "with made as (insert into ops.load (extract_id, source_code, entity, window_to, status, started_at) select extract_id, "
            "source_code, 'procedures', window_to, 'loaded', now() - make_interval(days => :seen) from ops.load limit 1 returning load_id) "
            "insert into ops.quarantine (load_id, source_code, entity, key, rule, action, reason, first_seen_at, resolved_at) "
            "select load_id, 'one_stop', 'procedures', :key, 'W_UNIT', 'warn', 'planted', now() - make_interval(days => :seen), "
            "now() - make_interval(days => cast(:resolved as integer)) from made",
            seen=seen,
            resolved=resolved,
            key=key,
        )


def test_old_entries_that_only_repeat_others_go(site: Site) -> None:
    age(site, 500)  # the run of the planted loads, whose own time is that of their entry
    site.execute("delete from ops.quarantine")
    forget_counts(site.settings, 400)
    planted_entries(site, "daily", (700, None), (600, None), (500, None), (399, None), (1, None))
    planted_entries(site, "twice", (700, 650), (600, None), (500, None), (1, None))
    planted_entries(site, "once", (700, None))
    site.execute("update ops.load as l set ended_at = started_at where landing_path is null")
    assert forget_counts(site.settings, 400) == 3
    left = site.rows("select key, round(extract(epoch from now() - first_seen_at) / 86400) as days from ops.quarantine order by 1, 2 desc")
    assert [(row["key"], int(row["days"])) for row in left] == [
        ("daily", 700), ("daily", 399), ("daily", 1),
        ("once", 700),
        ("twice", 700), ("twice", 600), ("twice", 1),
    ]  # fmt: skip


def test_the_landing_is_for_its_own_account(site: Site) -> None:
    assert landing(site).stat().st_mode & 0o777 == 0o700


def test_a_folder_outside_the_landing_is_refused() -> None:
    assert place_below("file:///a/landing/", "file:///a/landing/one_stop/00000001/x") == "one_stop/00000001/x"
    assert place_of("file:///a/landing", "one_stop/00000001/x") == "file:///a/landing/one_stop/00000001/x"
    assert (place_below("file:///a", ""), place_of("file:///a", None)) == (None, "")
    with pytest.raises(CchcError, match="is not below file:///a/landing"):
        place_below("file:///a/landing", "file:///b/landing/one_stop/00000001/x")


def test_whole_addresses_of_before_are_shortened(site: Site) -> None:
    before = site.rows("select load_id, landing_path from ops.load order by 1")
    site.execute("update ops.load set landing_path = 'file:///somewhere/one_stop/landing/' || landing_path")
    statements = (site.settings.sql_dir / "migrations" / "0038_landing_below.sql").read_text(encoding="utf-8")
    site.execute(statements[statements.index("update") :].split(";")[0].replace(":", "\\:"))
    assert site.rows("select load_id, landing_path from ops.load order by 1") == before
