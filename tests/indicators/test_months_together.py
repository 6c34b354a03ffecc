"""Months that are refreshed together: every value is what it is when each month is refreshed alone, and each mark is taken."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import text

from cchc.errors import CchcError
from cchc.pipeline import refresh as refreshing
from cchc.waiting import wait_until
from cchc.warehouse import engine
from tests.oracle.server import BY_FILES
from tests.oracle.world import random_world
from tests.support.table_rows import differing, table_rows
from tests.support.warehouse import NewWarehouse, execute, rows_of
from tests.support.world_site import WorldSite, sites

MARKS = """
    insert into ops.dirty_month (source_code, month_start, reason, marked_at)
    select s.source_code, m, 'test', now()
    from ops.source_clock as s
    -- two sources mark other months than the rest, and one marks a month that it knows nothing of yet
    cross join generate_series(date '2023-01-01', date '2023-07-01', interval '1 month') as m
    where s.source_code not in ('payments', 'documents') or extract(month from m) in (2, 3, 7)
    on conflict do nothing
"""
EMPTY = (
    "delete from mart.indicator_value; delete from mart.dossier_open; delete from ops.half_month_counted; delete from ops.half_month_count"
)


@pytest.fixture(scope="module")
def site(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorldSite]:
    world = random_world(43, 30)
    with sites(new_warehouse, tmp_path_factory.mktemp("together"), BY_FILES) as make:
        made = make(world)
        made.call("init")
        for source in ("one_stop", "documents", "payments"):
            made.ingest(source, world.ts[-1])
        yield made


def _refreshed(site: WorldSite, together: int, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, list[str]], dict[str, tuple[int, int]]]:
    for statement in EMPTY.split("; "):
        execute(site.settings, statement)
    execute(site.settings, "delete from ops.dirty_month")
    execute(site.settings, MARKS)
    monkeypatch.setattr(refreshing, "MONTHS_TOGETHER", together)
    done = refreshing.refresh(site.settings)
    assert rows_of(site.settings, "select * from ops.dirty_month") == []
    return table_rows(site.settings, "computed_at"), {f"{item.month:%Y-%m}": (item.periods, item.changed) for item in done}


@pytest.mark.parametrize("together", [3, 12])
def test_months_together_have_the_values_of_months_alone(together: int, site: WorldSite, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, said_alone = _refreshed(site, 1, monkeypatch)
    assert len(alone["mart.indicator_value"]) > 10_000
    rows, said = _refreshed(site, together, monkeypatch)
    marts = ("mart.indicator_value", "mart.dossier_open")
    assert differing({name: alone[name] for name in marts}, {name: rows[name] for name in marts}) == {}
    # how many values a month wrote is told for each month, as if it had been refreshed alone
    assert {month: said[month] for month in said if month < "2023-04"} == {month: said_alone[month] for month in said if month < "2023-04"}


def test_a_second_refresh_writes_nothing(site: WorldSite, monkeypatch: pytest.MonkeyPatch) -> None:
    _refreshed(site, 12, monkeypatch)
    stamped = "select max(computed_at) from mart.indicator_value"
    before = rows_of(site.settings, stamped)
    execute(site.settings, MARKS)
    assert {item.changed for item in refreshing.refresh(site.settings)} == {0}
    assert rows_of(site.settings, stamped) == before


def test_a_mark_that_a_load_holds_stays(site: WorldSite) -> None:
    # a load holds several marks in an order of its own: a refresh of several months that waited for one could wait for ever
    execute(site.settings, "delete from ops.dirty_month")
    execute(site.settings, MARKS)
    holds = "update ops.dirty_month set reason = 'again' where source_code = 'one_stop' and month_start = '2023-03-01'"
    with ThreadPoolExecutor(1) as beside, engine(site.settings).begin() as loading:
        loading.execute(text(holds))
        done = beside.submit(refreshing.refresh, site.settings).result(60)
    assert len(done) == 7
    left = rows_of(site.settings, "select source_code, month_start, reason from ops.dirty_month")
    assert [tuple(row.values()) for row in left] == [("one_stop", date(2023, 3, 1), "again")]
    assert [item.month for item in refreshing.refresh(site.settings)] == [date(2023, 3, 1)]
    assert rows_of(site.settings, "select * from ops.dirty_month") == []


FAILING = """
    create function mart.refuse_february() returns trigger language plpgsql as $$
    begin
        raise exception 'no value of February';
    end $$;
    create trigger refuse_february before insert or update on mart.indicator_value
    for each row when (new.period_kind = 'month' and new.period_start = date '2023-02-01') execute function mart.refuse_february()
"""


@pytest.fixture
def failing_february(site: WorldSite) -> Iterator[WorldSite]:
    """A warehouse in which the values of February 2023 cannot be written, and in which every month is marked."""
    for statement in EMPTY.split("; "):
        execute(site.settings, statement)
    execute(site.settings, "delete from ops.dirty_month")
    execute(site.settings, MARKS)
    execute(site.settings, FAILING)
    yield site
    execute(site.settings, "drop function mart.refuse_february() cascade")


def _waiting(site: WorldSite) -> set[int]:
    return {row["month_start"].month for row in rows_of(site.settings, "select month_start from ops.dirty_month")}


def test_a_month_that_fails_keeps_no_other_month_waiting(failing_february: WorldSite) -> None:
    said = r"^2023-02 was not refreshed and still waits: PostgreSQL refused: no value of February .*\nThe other months, 6 of 7, were refreshed\.$"
    with pytest.raises(CchcError, match=said):
        refreshing.refresh_partition(failing_february.settings, "2023", [])
    assert _waiting(failing_february) == {2}
    written = "select distinct extract(month from period_start) as month from mart.indicator_value where period_kind = 'month'"
    assert {int(row["month"]) for row in rows_of(failing_february.settings, written)} >= {1, 3}


def test_a_run_of_a_year_takes_the_months_of_its_year_alone(site: WorldSite) -> None:
    execute(site.settings, "delete from ops.dirty_month")
    execute(site.settings, MARKS)
    other = "insert into ops.dirty_month (source_code, month_start, reason, marked_at) values ('one_stop', '2022-12-01', 'test', now())"
    execute(site.settings, other)
    said = refreshing.refresh_partition(site.settings, "2023", [])
    assert [sentence[:7] for sentence in said] == [f"2023-{month:02}" for month in range(1, 8)]
    assert _waiting(site) == {12}
    assert [sentence[:7] for sentence in refreshing.refresh_partition(site.settings, "2022-12", [])] == ["2022-12"]


def test_a_run_of_a_year_waits_for_a_mark_that_a_load_holds(site: WorldSite) -> None:
    execute(site.settings, "delete from ops.dirty_month")
    execute(site.settings, MARKS)
    holds = "update ops.dirty_month set reason = 'again' where source_code = 'one_stop' and month_start = '2023-03-01'"
    with ThreadPoolExecutor(1) as beside:
        with engine(site.settings).begin() as loading:
            loading.execute(text(holds))
            run = beside.submit(refreshing.refresh_partition, site.settings, "2023", [])
            wait_until(lambda: _waiting(site) == {3}, 60)
            assert not run.done()
        assert [sentence[:7] for sentence in run.result(60)] == [*(f"2023-{month:02}" for month in range(1, 8)), "2023-03"]
    assert _waiting(site) == set()
