"""`cchc withdraw` over HTTP: without an extract the warehouse is the one that never had it, and the next ingest asks again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from cchc.publication.known_at import as_known_at
from tests.runs.site import Site
from tests.support.table_rows import differing

NewSite = Callable[..., Site]
SOURCES = ("one_stop", "documents")


def loads_at(site: Site, source: str, place: int) -> list[str]:
    """The options that name one load of the extract of a source at a T of the world."""
    rows = site.rows(
        "select min(load_id) as n from ops.load where source_code = :s and window_to = :t and status = 'loaded'",
        s=source,
        t=site.world.ts[place],
    )
    return ["--load", str(rows[0]["n"])]


def extracts(site: Site, source: str, without: int | None = None) -> None:
    """An extract at each T of the world, each with the window that it has if none is left out."""
    ts = site.world.ts
    for place, t in enumerate(ts):
        if place != without:
            site.ingest(source, t, *([] if place == 0 else ["--from", (ts[place - 1] - timedelta(hours=24)).isoformat()]))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("place", [1, 2])
def test_an_extract_that_is_withdrawn_was_never_there(new_site: NewSite, source: str, place: int) -> None:
    never, site = new_site(), new_site()
    extracts(never, source, without=place)
    extracts(site, source)
    before = site.state("core")
    said = site.call("withdraw", *loads_at(site, source, place), "--reason", "the test system answered")
    assert said.code == 0, said.err
    assert site.known_at(source) == never.known_at(source) == site.world.ts[place - 1]
    assert differing(never.state("core"), site.state("core")) == {}
    assert differing(before, site.state("core")) != {}
    missing = "select month_start, dossier_id, dossier_code, first_seen_at from ops.missing_key order by 1, 2"
    assert site.rows(missing) == never.rows(missing)
    for each in (never, site):
        each.ingest(source, site.world.ts[-1])
    assert differing(never.state("core"), site.state("core")) == {}
    assert site.known_at(source) == site.world.ts[-1]


def test_the_past_and_the_figures_follow_and_a_reload_changes_nothing(new_site: NewSite) -> None:
    never, site = new_site(), new_site()
    source, first, last = "one_stop", site.world.ts[0], site.world.ts[1]
    for each in (never, site):
        each.ingest(source, first)
    site.ingest(source, last, "--from", (first - timedelta(hours=24)).isoformat())
    for each in (never, site):
        each.refresh()
    before, believed = site.state(), [past(site, t) for t in (first, last)]
    said = site.call("reload", *loads_at(site, source, 1), "--reason", "read the same once more")
    assert said.code == 0, said.err
    site.refresh()
    assert differing(before, site.state()) == {}
    said = site.call("withdraw", *loads_at(site, source, 0), "--reason", "all of it")
    assert (said.code, "the beginning of all that is known" in said.err) == (2, True), said
    assert differing(before, site.state()) == {}
    said = site.call("withdraw", *loads_at(site, source, 1), "--reason", "the test system answered")
    assert said.code == 0, said.err
    site.refresh()
    assert differing(never.state(), site.state()) == {}
    for t, known in zip((first, last), believed, strict=True):
        assert differing(known, past(site, t)) == {}, t


def test_a_field_that_did_not_land_is_asked_over_http_again(new_site: NewSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, site = new_site(), new_site()
    first, last = site.world.ts[:2]
    again = ("--from", (first - timedelta(hours=24)).isoformat())
    for each in (right, site):
        each.ingest("documents", first)
    right.ingest("documents", last, *again)
    sources = tmp_path / "sources"
    shutil.copytree(site.settings.sources_dir, sources)
    text = (sources / "documents.yaml").read_text(encoding="utf-8")
    (sources / "documents.yaml").write_text(text.replace("      certificate_kind_code: LoaiChungThu\n", ""), encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setenv("CCHC_SOURCES_DIR", str(sources))
        site.ingest("documents", last, *again)
    assert differing(right.state("core"), site.state("core")) != {}
    said = site.call("reload", *loads_at(site, "documents", 1), "--reason", "the profile lacked a column")
    assert said.code == 0, said.err
    assert "documents signatures (load" in said.out and "it was read again from http://" in said.out
    assert "the profile names now: LoaiChungThu (certificate_kind_code)" in said.out
    assert "documents work_files (load" in said.out and "its landing was read again" in said.out
    assert differing(right.state("core"), site.state("core")) == {}
    assert right.rows("select * from ops.secret_count order by 1, 2, 3, 4, 5") == site.rows(
        "select * from ops.secret_count order by 1, 2, 3, 4, 5"
    )


def past(site: Site, moment: datetime) -> dict[str, list[str]]:
    """Every row of the versions, lists, keys and dossiers as known at a moment, without the numbers of loads."""
    found = {}
    tables = ("core.dossier_version", "core.dossier_step_version", "core.dossier_key", "core.dossier_key_month", "mart.dossier")
    with as_known_at(site.settings, moment) as (connection, _):
        for table in tables:
            rows = connection.execute(text(f"select cast(to_jsonb(t) - '_load_id' as text) from {table} as t")).scalars()
            found[table] = sorted(rows)
    return found
