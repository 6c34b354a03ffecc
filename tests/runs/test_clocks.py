"""Wrong clocks: known_at (T) is never later than the clock of the source, the database or the files, and a person can set it back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cchc import period
from cchc.cli import main as cli
from cchc.errors import WrongClock
from cchc.pipeline import ingest as pipeline
from cchc.runs import extracts
from cchc.settings import Settings
from tests.oracle.world import World
from tests.runs.site import Site
from tests.support.cli import cchc, connect
from tests.support.deliveries import dossier, dossier_file, payment, payment_file
from tests.support.district import served
from tests.support.table_rows import differing
from tests.support.warehouse import rows_of

NewSite = Callable[..., Site]


def test_a_machine_in_another_year_moves_no_clock(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The demo's sources stand in 2023 and say so in the Date of their answers; this machine stands in another year."""
    first = "2023-12-28T00:00:00+07:00"
    with served(tmp_path / "demo", clock=first) as demo:
        for name, value in demo.connections().items():
            monkeypatch.setenv(name, value)
        assert cchc("ingest", "one_stop", "--to", first).code == 0
        said = cchc("ingest", "one_stop")
        assert said.code == 1
        for words in ("WrongClock", "one_stop", "later than the source's own clock (2023-12-28T00:00:00+07:00", "--to 2023-12-28T00:00:00"):
            assert words in said.err, said.err
        assert rows_of(warehouse, "select known_at from ops.source_clock")[0]["known_at"] == datetime.fromisoformat(first)
        assert "one_stop: the last run (extract 2" in cchc("doctor", "one_stop").out
        # files: the newest day is the only clock that they have; named by a person, T is taken
        assert cchc("ingest", "payments", "--to", first).code in (0, 3)
        late = cchc("ingest", "payments")
        assert late.code == 1
        assert "the newest file in" in late.err and "/12/2023, " in late.err and "within 10 days" in late.err


def test_five_minutes_are_borne_and_six_are_not(new_site: NewSite, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    site, t = new_site(), world.ts[-1]
    handler: Any = site.server._http.RequestHandlerClass
    for minutes, code in ((6, 1), (5, 0)):
        at = t - timedelta(minutes=minutes)
        monkeypatch.setattr(
            handler, "date_time_string", lambda self, timestamp=None, at=at: super(handler, self).date_time_string(at.timestamp())
        )
        said = site.ingest("one_stop", t, code=code)
        assert ("WrongClock" in said.err) == bool(code)
    assert site.known_at("one_stop") == t


def test_the_database_has_a_clock_too(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = period.now() + timedelta(days=40)
    monkeypatch.setattr(extracts, "now", lambda: ahead)
    with pytest.raises(WrongClock, match="later than the database's clock"):
        pipeline.open_extract(warehouse, "one_stop")
    assert rows_of(warehouse, "select 1 from ops.extract") == []


@pytest.fixture
def wrong_year(new_site: NewSite, world: World) -> tuple[Site, dict[str, list[str]]]:
    """A site whose last extract was labelled with a T of the year after, and the rows of one that never was."""
    before, after = world.ts[-2], world.ts[-1]
    right, wrong = new_site(), new_site()
    for site in (right, wrong):
        for source in ("one_stop", "documents", "payments"):
            site.ingest(source, before)
    middle = before + (after - before) / 2
    far = middle + timedelta(days=260)  # in the year after: nine months to come, in the last of which no plan holds
    assert far.year == middle.year + 1
    wrong.server.clock = middle
    for source in ("one_stop", "documents", "payments"):
        with wrong.active():
            assert cli.main(["ingest", source, "--to", far.isoformat()]) in (0, 3)
    wrong.refresh()
    for source in ("one_stop", "documents", "payments"):
        right.ingest(source, middle)
        right.ingest(source, after)
    right.refresh()
    return wrong, right.state("core", "mart", without=["_first_seen_at", "asked_at", "fetched_at", "first_seen_at"])


def test_a_wrong_t_is_set_back(wrong_year: tuple[Site, dict[str, list[str]]], world: World) -> None:
    """What was learnt under it stays, the next run asks again, and the end is as if the clock had been right."""
    site, wanted = wrong_year
    before, after = world.ts[-2], world.ts[-1]
    middle = before + (after - before) / 2
    known = site.known_at("one_stop")
    assert known is not None and known > after
    empty = "select count(*) as n from mart.indicator_value where period_start > :d"
    assert site.rows(empty, d=after.date())[0]["n"] > 1000, "months to come were computed"
    for source in ("one_stop", "documents", "payments"):
        said = site.call("source", "rewind", source, middle.isoformat(), "--why", "the machine's clock stood in another year")
        assert said.code == 0, said.err
        assert f"T of {source} is set back from" in said.out and "no record that they brought is lost" in said.out
        assert site.known_at(source) == middle
    assert site.rows(empty, d=after.date()) == [{"n": 0}]
    kept = site.rows("select source_code, known_at_after, why, by_whom from ops.source_rewind order by rewind_id")
    assert [row["source_code"] for row in kept] == ["one_stop", "documents", "payments"]
    assert all(row["why"] and row["by_whom"] for row in kept)
    for source in ("one_stop", "documents", "payments"):
        site.ingest(source, after)
    site.refresh()
    found = site.state("core", "mart", without=["_first_seen_at", "asked_at", "fetched_at", "first_seen_at"])
    for table, rows in differing(wanted, found).items():
        print(table, *rows, sep="\n")
    assert differing(wanted, found) == {}


def test_set_back_needs_a_later_t_and_a_reason(new_site: NewSite, world: World) -> None:
    site, t = new_site(), world.ts[-1]
    assert "never extracted" in site.call("source", "rewind", "one_stop", t.isoformat(), "--why", "x").err
    site.ingest("payments", t)
    for moment, why, words in ((t, "x", "not later than"), (t - timedelta(days=1), " ", "needs a reason")):
        said = site.call("source", "rewind", "payments", moment.isoformat(), "--why", why)
        assert said.code == 2
        assert words in said.err
    assert site.known_at("payments") == t


def test_dossiers_that_the_source_lists_and_that_are_not_there(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, new_site: NewSite, world: World
) -> None:
    """Rows that vanished on the way are missed by the key list: told, provisional, and whole again after a rewind."""
    site, t = new_site(), world.ts[-1]
    site.ingest("one_stop", t)
    site.refresh()
    lost = site.rows(
        "select d.dossier_id, d.dossier_code, to_char(d.received_date, 'YYYY-MM') as month from mart.dossier as d "
        "inner join core.dossier as c on c.dossier_id = d.dossier_id where d.is_counted and d.received_date >= '2023-02-01' "
        "and d.deleted_at is null and c._changed_at < :t order by d.dossier_code limit 3",
        t=t - timedelta(days=5),
    )
    # the next list is the first that names them, so they are missing from then on
    for table in ("core.dossier_version", "mart.dossier", "core.dossier_due", "core.dossier_supplement", "core.dossier_key"):
        site.execute(f"delete from {table} where dossier_id = any(:d)", d=[row["dossier_id"] for row in lost])
    site.execute("delete from core.dossier_step_version where dossier_id = any(:d)", d=[row["dossier_id"] for row in lost])
    later = t + timedelta(hours=30)
    assert site.ingest("one_stop", later).code == 0
    said = site.call("doctor", "payments")
    # a record without a change time of its own comes with every window
    back = {row["dossier_id"] for row in site.rows("select dossier_id from core.dossier_version")}
    lost = [row for row in lost if row["dossier_id"] not in back]
    assert lost
    for row in lost:
        assert row["dossier_code"] in said.out
        assert f"NOTE  one_stop {row['month']}: the source lists" in said.out, said.out
    again = site.ingest("one_stop", later + timedelta(hours=1))
    for row in lost:
        assert row["dossier_code"] in again.err
    assert "WRONG one_stop" in site.call("doctor", "payments").out, "a second extract misses them: no accident of a moment"
    site.refresh()
    month = lost[0]["month"]
    flags = "select distinct is_provisional from mart.indicator_value where indicator_code = 'online_dossier_rate' and basis = 'period' and period_kind = 'month' and to_char(period_start, 'YYYY-MM') = :m"
    assert site.rows(flags, m=month) == [{"is_provisional": True}]
    card = site.call("scorecard", month)
    assert f"tháng {month[5:]}/{month[:4]} nguồn có" in card.out
    assert "tạm tính" in card.out
    earlier = world.ts[0] - timedelta(days=900)
    assert site.call("source", "rewind", "one_stop", earlier.isoformat(), "--why", "two dossiers are missing").code == 0
    site.ingest("one_stop", later + timedelta(hours=2))
    assert "nguồn có" not in site.call("scorecard", month).out
    assert "is not stored" not in site.call("doctor", "payments").out
    assert site.rows("select count(*) as n from ops.missing_key") == [{"n": 0}]
    assert len(site.rows("select 1 from core.dossier where dossier_code = any(:c)", c=[row["dossier_code"] for row in lost])) == len(lost)


def test_a_window_from_the_first_day_that_the_profile_expects(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A site that begins with 2023 on purpose says so in the profile; otherwise a window alone gives no T."""
    payment_file(tmp_path / "drop", "20230605", [payment()])
    connect(monkeypatch, "payments", conn_type="fs", host=str(tmp_path / "drop"))
    asked = ("ingest", "payments", "--from", "2023-01-01", "--to", "2023-06-10")
    said = cchc(*asked)
    assert said.code == 0
    assert "what changed before 2023-01-01 00:00 was never asked for; there is no T" in said.err
    assert rows_of(warehouse, "select known_at from ops.source_clock") == []
    sources = tmp_path / "sources"
    sources.mkdir()
    text = (warehouse.sources_dir / "payments.yaml").read_text(encoding="utf-8")
    (sources / "payments.yaml").write_text(text.replace("overlap_hours: 24", "overlap_hours: 24\nfirst_day: 2023-01-01"), encoding="utf-8")
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(sources))
    said = cchc(*asked)
    assert (said.code, said.err) == (0, "")
    assert f"{rows_of(warehouse, 'select known_at from ops.source_clock')[0]['known_at']:%Y-%m-%d}" == "2023-06-10"
    (sources / "payments.yaml").write_text(text.replace("overlap_hours: 24", "overlap_hours: 24\nfirst_day: soon"), encoding="utf-8")
    assert "'first_day' must be a day YYYY-MM-DD, found 'soon'" in cchc(*asked).err


def test_files_cover_everything_that_lies_in_the_folder(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dossier_file(tmp_path / "drop", "1", [dossier("H19.16.21-230605-0001")])
    connect(monkeypatch, "one_stop", conn_type="fs", host=str(tmp_path / "drop"))
    assert cchc("ingest", "one_stop", "--from", "2023-06-01", "--to", "2023-07-01").err == ""
    assert json.dumps([row["n"] for row in rows_of(warehouse, "select count(*) as n from ops.source_clock")]) == "[1]"
