"""A warehouse that is built from landing alone is the one that landed it, row for row; what landing no longer holds is named."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cchc.errors import WrongUse
from cchc.pipeline.rebuild import rebuild
from cchc.runs import journal
from cchc.runs.maintenance import remove_old_landing
from cchc.settings import Settings
from tests.oracle.server import ContractServer
from tests.oracle.world import World
from tests.runs.site import Site
from tests.support.cli import cchc
from tests.support.environment import environment
from tests.support.table_rows import differing, table_rows
from tests.support.warehouse import NewWarehouse, rows_of

SOURCES = ("one_stop", "documents", "payments")


@pytest.fixture(scope="module")
def original(new_warehouse: NewWarehouse, world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A warehouse with two extracts of each source, computed, and a retry of what was in quarantine."""
    home = tmp_path_factory.mktemp("original")
    with new_warehouse(home) as settings, ContractServer(world, home / "drop") as server:
        site = Site(settings, server, world)
        for t in world.ts[-2:]:
            for source in SOURCES:
                site.ingest(source, t)
        retried = site.call("quarantine", "retry")
        assert retried.code in (0, 3), retried.err
        refresh(site)
        yield site


def refresh(site: Site) -> None:
    """Compute the last two months that wait: the others would be sixty times the same."""
    site.execute("delete from ops.dirty_month where month_start < :m", m=site.world.ts[-1] - timedelta(days=62))
    assert site.call("refresh").code == 0


def copied(original: Site, folder: Path) -> Path:
    """A copy of the landing of the original, to be damaged."""
    shutil.copytree(original.settings.home / "landing", folder)
    return folder


def test_it_is_the_same_row_for_row(new_warehouse: NewWarehouse, original: Site, tmp_path: Path) -> None:
    before = table_rows(original.settings, "computed_at")
    landed = sorted(path.name for path in (original.settings.home / "landing").rglob("*"))
    with new_warehouse(tmp_path / "home") as settings:
        done = rebuild(settings, original.settings.landing_url)
        assert (done.notes, done.runs > len(SOURCES) * 2) == ([], True)
        refresh(Site(settings, original.server, original.world))
        assert differing(before, table_rows(settings, "computed_at")) == {}
        assert sorted(path.name for path in (settings.home / "landing").rglob("*")) == landed
        assert differing(of_runs(original.settings), of_runs(settings)) == {}
        # it goes on: the next ingest begins at the T of the original, and gets a number of its own
        t = original.world.ts[-1]
        Site(settings, original.server, original.world).ingest("documents", t)
        last = "select max(extract_id) as n from ops.extract"
        assert rows_of(settings, last)[0]["n"] == rows_of(original.settings, last)[0]["n"] + 1
        with pytest.raises(WrongUse, match="nothing is overwritten"):
            rebuild(settings, original.settings.landing_url)


def of_runs(settings: Settings) -> dict[str, list[str]]:
    """What ops tells of runs, without when and in which words."""
    without = ("started_at", "ended_at", "seconds", "message", "resolved_at", "manifest")
    tables = table_rows(settings, *without, schemas=("ops",))
    return {name: tables[name] for name in ("ops.extract", "ops.load", "ops.coverage", "ops.load_field")}


def test_what_landing_no_longer_holds_is_named_and_refused(new_warehouse: NewWarehouse, original: Site, tmp_path: Path) -> None:
    landing = copied(original, tmp_path / "landing")
    runs = sorted(path for path in landing.glob("documents/*"))
    shutil.rmtree(runs[0])  # as retention does
    part = next(landing.glob("payments/*/*/*/part-*"))
    part.write_bytes(b"damaged")
    first = next(landing.glob("one_stop/*"))
    (first / journal.NAME).unlink()
    home = tmp_path / "home"
    with environment(CCHC_HOME=str(home), CCHC_PRIVACY_KEY=os.environ.get("CCHC_PRIVACY_KEY", "a key for tests")):
        said = cchc("rebuild", "--landing", str(landing))
        assert said.code == 2
        assert f"extract {int(runs[0].name)} of documents is gone from landing" in said.err
        assert f"one_stop/{first.name} has landed and has no journal" in said.err
        assert "its landing is gone or is not what landed" in said.err
        assert not home.exists(), "nothing was changed"
    with environment(CCHC_HOME=str(home), CCHC_PRIVACY_KEY="another key"):
        assert "it landed under another privacy key" in cchc("rebuild", "--landing", original.settings.landing_url).err


def test_a_run_that_is_left_out_on_purpose_is_told(new_warehouse: NewWarehouse, original: Site, tmp_path: Path) -> None:
    landing = copied(original, tmp_path / "landing")
    last = max(landing.glob("documents/*"))
    shutil.rmtree(landing / "one_stop")
    shutil.rmtree(last)
    for run in landing.glob("payments/*"):
        shutil.rmtree(run)
    with new_warehouse(tmp_path / "home") as settings:
        # of a source of which nothing is left, no later run misses what is gone
        newest = journal.newest_runs(landing.as_uri())
        with pytest.raises(WrongUse) as refused:
            rebuild(settings, landing.as_uri())
        for source in SOURCES:
            assert f"extract {newest[source]} of {source}, the newest that was published, is gone from landing" in str(refused.value)
        done = rebuild(settings, landing.as_uri(), newest.values())
        assert done.notes == [f"extract {number} is left out, as asked" for number in sorted(newest.values())]
        assert rows_of(settings, "select max(window_to) as t from ops.extract where status = 'complete'")[0]["t"] == original.world.ts[-2]


def test_journals_of_an_earlier_version_are_written_and_retention_takes_them(original: Site, tmp_path: Path) -> None:
    landing = original.settings.home / "landing"
    before = {path: path.read_bytes() for path in landing.rglob(journal.NAME)}
    assert len(before) == len(list(landing.glob("*/*"))), "each run has one"
    for path in before:
        path.unlink()
    assert journal.write(original.settings) == len(before)
    assert {path: path.read_bytes() for path in landing.rglob(journal.NAME)} == before
    assert remove_old_landing(original.settings, 90) == []


def test_what_was_withdrawn_and_reloaded_stays_so(new_warehouse: NewWarehouse, world: World, tmp_path: Path) -> None:
    with new_warehouse(tmp_path / "original") as settings, ContractServer(world, tmp_path / "drop", files_of=()) as server:
        site = Site(settings, server, world)
        for source in ("one_stop", "documents"):
            for place, t in enumerate(world.ts):
                site.ingest(source, t, *([] if place == 0 else ["--from", (world.ts[place - 1] - timedelta(hours=24)).isoformat()]))
        loads = site.rows("select source_code, max(load_id) filter (where entity like '%.keys') as keys, max(load_id) as last from ops.load "
                          "where window_to = :t and status = 'loaded' group by 1 order by 1", t=world.ts[1])  # fmt: skip
        documents, one_stop = loads
        for word, load in (("reload", one_stop["keys"]), ("withdraw", documents["last"]), ("withdraw", one_stop["last"])):
            said = site.call(word, "--load", str(load), "--reason", "the test system answered")
            assert said.code == 0, said.err
        before, known = site.state(), {source: site.known_at(source) for source in ("one_stop", "documents")}
        with new_warehouse(tmp_path / "rebuilt") as fresh:
            rebuild(fresh, settings.landing_url)
            rebuilt = Site(fresh, server, world)
            assert differing(before, rebuilt.state()) == {}
            assert {source: rebuilt.known_at(source) for source in known} == known
