"""The product against the oracle: random small worlds, repeated and shuffled loads, a day later, and defects planted in its SQL."""

from __future__ import annotations

import gzip
import itertools
import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from cchc.settings import Settings
from cchc.warehouse import engine
from tests.support.table_rows import differing, table_rows
from tests.support.warehouse import NewWarehouse
from tests.support.world_site import NewSite, WorldSite, sites

from .compare import cli, differences, faults_for, lagging_for, product_values, summary, told
from .indicators import ENTITIES, SOURCES, Knowledge, Run
from .server import ContractServer
from .small_worlds import at, procedure, put
from .sql_mutants import MUTANTS, Mutant, busiest, felt
from .words import midnight
from .world import World, random_world


@pytest.fixture
def new_site(new_warehouse: NewWarehouse, tmp_path: Path) -> Iterator[NewSite]:
    """A function: a site for a world; several in one test are apart."""
    with sites(new_warehouse, tmp_path, ["payments"]) as make:
        yield make


# ================================================================ the numbers
@pytest.mark.parametrize("seed", [4, 29, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in (0, 17, *range(101, 120)))])
def test_every_number_equals_the_oracle(seed: int, new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> None:
    # in every second world units begin, end, are merged, divided and renamed
    home, world = tmp_path_factory.mktemp("world"), random_world(seed, 30, reorganised=seed % 2 == 1)
    world.ts = world.ts[-2:]  # two extracts, so that the second meets what the first left; `tests.oracle.compare` has longer stories
    with new_warehouse(home):
        _, found = told(world, home, {}, faults=faults_for(seed), lagging=lagging_for(seed), in_process=True, is_short=True)
    assert not found, "\n".join([f"seed {seed}", *summary(found)])


# ================================================================ the same again, and in any order
def test_a_second_load_of_the_same_changes_nothing(new_site: NewSite) -> None:
    world = random_world(50, 25)
    world.ts = world.ts[-2:]
    one = new_site(world)
    one.call("init")
    spans = list(zip([None, *world.ts], world.ts, strict=False))
    kept = []
    for start, end in (*spans, *spans):
        for source in SOURCES:
            one.ingest(source, end, *(("--from", start.isoformat()) if start else ("--full",)))
        if end == world.ts[-1]:
            one.refresh()
            kept.append(table_rows(one.settings))
    assert differing(kept[0], kept[1]) == {}
    again = one.query(_AGAIN, first=len(spans) * len(SOURCES))
    assert again and all(tuple(row[1:]) == (0, 0, True) for row in again), again


# what the second round of loads wrote, beside what it met again
_AGAIN = """
    select l.entity, sum(l.inserted), sum(l.updated), sum(l.unchanged) > 0
    from ops.load as l
    where l.extract_id > :first and l.file_name is null and l.entity <> 'documents'  -- secret ones are never kept: none may be left
    group by l.entity
"""


def test_any_order_of_loads_ends_in_the_same_state(new_site: NewSite) -> None:
    world = random_world(43, 30)
    world.ts = world.ts[-2:]
    first = midnight(world.ts[0].date() - timedelta(days=700))
    # the months whose keys are asked for begin with the first stored dossier: one that is there before all others
    put(world, (first - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S"), "000.00.16.H19-200101-0001", NgayTiepNhan=f"{first:%Y%m%d}000000")
    spans = list(itertools.pairwise([first, *world.ts]))
    told_rows: list[dict[str, list[str]]] = []
    for order in (spans, spans[::-1]):
        one = new_site(world)
        one.call("init")
        for source in SOURCES:  # a source has a T only where what is known reaches back to a whole extract
            one.ingest(source, first)
        for start, end in order:
            for source in SOURCES:
                one.ingest(source, end, "--from", start.isoformat())
            if order is spans:
                one.refresh()
        one.refresh()
        told_rows.append(table_rows(one.settings, "_load_id", "computed_at"))
        # of the answers of /keys those in force are kept whatever the order; when an answer was first given, only going forward
        told_rows[-1]["core.dossier_key"] = [str(row) for row in one.query(_ANSWERS)]
    assert differing(told_rows[0], told_rows[1]) == {}


_ANSWERS = "select dossier_id, month_start, deleted_at from core.dossier_key where _ended_at is null order by 1, 2"


def test_payment_files_may_come_in_any_order(new_site: NewSite) -> None:
    world = random_world(43, 10)
    t = world.ts[-1]
    files = world.payment_files
    told_rows = []
    for seed in (0, 1):
        random.Random(seed).shuffle(files)
        one = new_site(world)
        one.call("init")
        for count in (len(files) // 3, 2 * len(files) // 3, len(files)):
            world.payment_files = files[:count]
            one.ingest("payments", t)
        world.payment_files = files
        one.refresh()
        told_rows.append(table_rows(one.settings, "_load_id", "computed_at"))
        values = product_values(str(one.settings.warehouse_url))
        assert differences(Knowledge(world, runs=[one.runs[-1]]), values) == []
    assert differing(told_rows[0], told_rows[1]) == {}


def test_one_stop_as_files(new_site: NewSite) -> None:
    world = random_world(31, 30)
    one = new_site(world)
    one.call("init")
    folder = one.settings.home / "one-stop-files"
    folder.mkdir(parents=True)
    for t in world.ts[-2:]:
        for entity in ENTITIES["one_stop"]:
            one.server.clock = t
            lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in one.server.records(entity, None, None)]
            path = folder / f"{entity}_{t:%Y%m%dT%H%M%S}.ndjson"
            if entity == "dossier_steps":
                path.with_name(path.name + ".gz").write_bytes(gzip.compress("".join(lines).encode()))
            else:
                path.write_text("".join(lines), encoding="utf-8")
        connection = {"AIRFLOW_CONN_SRC_ONE_STOP": json.dumps({"conn_type": "fs", "host": str(folder)})}
        assert cli(["ingest", "one_stop", "--to", t.isoformat()], connection, in_process=True) == 0
        one.runs.append(Run("one_stop", t, has_keys=False))
        one.refresh()
    found = differences(Knowledge(world, runs=one.runs), product_values(str(one.settings.warehouse_url)))
    assert not found, "\n".join(summary(found))


def test_a_unit_that_is_added_brings_its_rows_back(new_site: NewSite, tmp_path: Path) -> None:
    world = World()
    put(world, "2023-03-02T00:00:00", "A", NgayTiepNhan="2023-03-01T08:00:00")
    put(world, "2023-03-05T00:00:00", "A", NgayTiepNhan="2023-03-01T08:00:00", MaDonVi="H19.16.99", KenhThucHien="2")
    put(world, "2023-03-02T00:00:00", "B", NgayTiepNhan="2023-03-01T08:00:00")
    one = new_site(world)
    one.call("init")
    online = ("online_dossier_rate", "all", "month", date(2023, 3, 1), "period")
    for day in ("2023-04-01", "2023-04-02"):
        one.ingest("one_stop", at(f"{day}T00:00:00"))
    one.refresh()
    assert product_values(str(one.settings.warehouse_url))[online][:2] == (0, 1)
    with engine(one.settings).begin() as connection:
        connection.execute(
            text(
                "insert into core.unit (unit_code, name, level, kind, parent_code, root_code, valid_from) "
                "values ('H19.16.99', 'Phòng mới', 'district', 'office', 'H19.16', 'H19.16', '2023-01-01')"
            )
        )
    one.call("quarantine", "retry")
    one.refresh()
    assert product_values(str(one.settings.warehouse_url))[online][:2] == (1, 2)
    assert one.query("select count(*) from ops.quarantine where action = 'quarantine' and resolved_at is null") == [(0,)]


# ================================================================ a day later
def test_a_day_later_only_what_changed_is_pulled_and_computed(new_site: NewSite) -> None:
    world = World()
    for number in range(30):
        received = date(2023, 1, 5) + timedelta(days=8 * number)
        done = f"{received + timedelta(days=3)}T10:00:00"
        put(world, done, f"H19.16.21-{received:%y%m%d}-{number:04d}", NgayTiepNhan=f"{received}T08:00:00", TrangThaiHoSo="9",
            NgayKetThucXuLy=done, NgayHenTra=f"{received + timedelta(days=5)}T17:00:00")  # fmt: skip
    march, august, new = "H19.16.21-230301-1000", "H19.16.21-230820-1001", "H19.16.21-230910-1002"
    ended = {"TrangThaiHoSo": "9", "NgayKetThucXuLy": "2023-03-09T09:00:00"}
    put(world, "2023-03-09T09:00:00", march, **ended)
    put(world, "2023-08-20T09:00:00", august, NgayTiepNhan="2023-08-20T09:00:00", NgayHenTra="2023-09-20T17:00:00")
    one = new_site(world)
    one.call("init")
    first, then, last = at("2023-09-10T00:00:00"), at("2023-09-11T00:00:00"), at("2023-09-12T00:00:00")
    for source in SOURCES:
        one.ingest(source, first)
    one.refresh()
    before = {tuple(row[:5]): row for row in one.query(_STAMPS)}

    put(world, "2023-09-10T09:00:00", new, NgayTiepNhan="2023-09-10T08:59:00", NgayHenTra="2023-09-20T17:00:00")
    put(world, "2023-09-10T10:00:00", august, NgayTiepNhan="2023-08-20T09:00:00", NgayHenTra="2023-09-20T17:00:00",
        TrangThaiHoSo="9", NgayKetThucXuLy="2023-09-10T10:00:00")  # fmt: skip
    put(world, "2023-09-10T11:00:00", march, KenhThucHien="2", **ended)
    one.ingest("one_stop", then)
    asked = {query["changed_from"] for path, query in one.server.log if path.endswith("/dossiers")}
    assert asked == {(first - timedelta(days=1)).isoformat()}  # the profile's overlap
    loads = {row[0]: tuple(row[1:]) for row in one.query(_LOADS, t=then)}
    assert loads["dossiers"] == (3, 1, 2, 0) and loads["dossier_steps"] == (0, 0, 0, 0)
    assert one.query(_WAITING) == [("one_stop", f"2023-{month:02d}") for month in range(3, 10)]
    one.refresh()
    after = {tuple(row[:5]): row for row in one.query(_STAMPS)}
    assert {row[5] for key, row in after.items() if before.get(key) != row} == {"dossier"}
    early = [key for key, row in after.items() if row[6] <= date(2023, 3, 1)]
    assert early and all(before[key] == after[key] for key in early)
    assert differences(Knowledge(world, runs=one.runs), product_values(str(one.settings.warehouse_url))) == []

    one.ingest("one_stop", last)  # nothing happened: only the running periods get another J
    assert {row[0]: tuple(row[1:]) for row in one.query(_LOADS, t=last)}["dossiers"] == (3, 0, 0, 3)
    assert one.query(_WAITING) == [("one_stop", "2023-09")]
    one.refresh()
    assert differences(Knowledge(world, runs=one.runs), product_values(str(one.settings.warehouse_url))) == []


def test_a_limit_that_passes_reaches_the_month_of_the_decision(new_site: NewSite) -> None:
    world = World()
    for code, published in (("1.000001", ""), ("1.000002", "20230207000000")):  # the fifth working day after 30 January is 6 February
        procedure(world, "2023-01-01T00:00:00", MaTTHC=code, NgayQuyetDinhCongBo="20230130000000", NgayCongKhai=published)
    one = new_site(world)
    one.call("init")
    for day, denominator in (("2023-02-03", 1), ("2023-02-06", 1), ("2023-02-07", 2), ("2023-02-08", 2)):
        one.ingest("one_stop", at(f"{day}T00:00:00"))
        one.refresh()
        values = product_values(str(one.settings.warehouse_url))
        assert values["procedure_update_timely_rate", "all", "month", date(2023, 1, 1), "period"][:2] == (0, denominator)
        assert differences(Knowledge(world, runs=one.runs), values) == []


def test_a_procedure_that_comes_late_reaches_back_to_older_dossiers(new_site: NewSite) -> None:
    world = World()
    put(world, "2023-02-10T09:00:00", NgayTiepNhan="2023-02-01T08:00:00", TrangThaiHoSo="9", NgayKetThucXuLy="2023-02-10T09:00:00")
    one = new_site(world)
    one.call("init")
    one.ingest("one_stop", at("2023-05-01T00:00:00"))
    one.refresh()
    procedure(world, "2023-05-10T00:00:00", HieuLucTu="20230501000000", CoKetQuaGiayTo="1")
    one.ingest("one_stop", at("2023-05-20T00:00:00"))
    one.refresh()
    values = product_values(str(one.settings.warehouse_url))
    assert values["electronic_result_rate", "all", "month", date(2023, 2, 1), "period"][:2] == (0, 1)
    assert differences(Knowledge(world, runs=one.runs), values) == []


def a_resolved_dossier(new_site: NewSite) -> WorldSite:
    """One dossier, resolved in February, of a procedure that yields a document; known up to 20 May and computed."""
    world = World()
    put(world, "2023-02-10T09:00:00", NgayTiepNhan="2023-02-01T08:00:00", TrangThaiHoSo="9", NgayKetThucXuLy="2023-02-10T09:00:00")
    procedure(world, "2023-01-01T00:00:00", CoKetQuaGiayTo="1")
    one = new_site(world)
    one.call("init")
    one.ingest("one_stop", at("2023-05-20T00:00:00"))
    one.refresh()
    return one


def test_a_flag_of_a_procedure_touches_no_month_that_is_over(new_site: NewSite) -> None:
    """A period takes flags from the list in force at its end; only the oldest list also serves the time before it."""
    one = a_resolved_dossier(new_site)
    procedure(one.world, "2023-05-25T00:00:00", CoKetQuaGiayTo="0")
    one.ingest("one_stop", at("2023-06-01T00:00:00"))
    assert {month for _, month in one.query(_WAITING)} == {"2023-05"}
    one.refresh()
    assert differences(Knowledge(one.world, runs=one.runs), product_values(str(one.settings.warehouse_url))) == []

    procedure(one.world, "2023-06-10T00:00:00", CoKetQuaGiayTo="0", NgayCongKhai="20220110000000")
    one.ingest("one_stop", at("2023-06-20T00:00:00"))
    assert {"2022-01", "2023-02", "2023-06"} <= {month for _, month in one.query(_WAITING)}, "a date is taken from the newest list"
    one.refresh()
    assert differences(Knowledge(one.world, runs=one.runs), product_values(str(one.settings.warehouse_url))) == []


def test_a_flag_of_the_oldest_list_touches_what_was_before_it(new_site: NewSite) -> None:
    one = a_resolved_dossier(new_site)
    procedure(one.world, "2023-05-10T00:00:00", CoKetQuaGiayTo="0")  # the same T tells another list now
    one.ingest("one_stop", at("2023-05-20T00:00:00"))
    assert "2023-02" in {month for _, month in one.query(_WAITING)}
    one.refresh()
    values = product_values(str(one.settings.warehouse_url))
    assert values["electronic_result_rate", "all", "month", date(2023, 2, 1), "period"][:2] == (0, 0)
    assert differences(Knowledge(one.world, runs=one.runs), values) == []


_STAMPS = """
    select indicator_code, unit_code, period_kind, period_start, basis, case when indicator_code like '%dossier%' then 'dossier' else 'other' end,
        period_end, computed_at
    from mart.indicator_value
"""
_LOADS = """
    select l.entity, l.landed, l.inserted, l.updated, l.unchanged
    from ops.load as l inner join ops.extract as e on l.extract_id = e.extract_id where e.window_to = :t and e.source_code = 'one_stop'
"""
_WAITING = "select source_code, to_char(month_start, 'YYYY-MM') from ops.dirty_month order by 1, 2"


# ================================================================ defects
@pytest.fixture(scope="module")
def known_world(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Knowledge, list[date]]]:
    """One world that is in the product, and what the oracle knows of it."""
    home = tmp_path_factory.mktemp("mutants")
    world = random_world(3001, 120)
    world.ts = world.ts[1:3]  # to the end of 2023: in 2024 no plan holds, and a status says nothing there
    with new_warehouse(home) as options, ContractServer(world, home / "drop", files_of=["payments"]) as server:
        one = WorldSite(world, options, server)
        one.call("init")
        for t, source in itertools.product(world.ts, SOURCES):
            one.ingest(source, t)
        one.refresh()
        kn = Knowledge(world, runs=one.runs)
        found = differences(kn, product_values(str(options.warehouse_url)))
        assert not found, "\n".join(summary(found))
        yield options, kn, busiest(world, kn, 1)


# those that the world above feels in one month; test_mutants.py tries all of them on more, each night
PLANTED = (
    "due of any later version", "a submitted paper is a result", "a pause does not stop the clock",
    "refunds count", "status by the own period",
)  # fmt: skip


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m.name in PLANTED], ids=lambda mutant: mutant.name)
def test_a_defect_in_the_sql_is_felt(mutant: Mutant, known_world: tuple[Settings, Knowledge, list[date]], tmp_path: Path) -> None:
    options, kn, months = known_world
    assert felt(options, kn, mutant, tmp_path / "sql", months)


def test_without_a_defect_deriving_again_changes_nothing(known_world: tuple[Settings, Knowledge, list[date]], tmp_path: Path) -> None:
    options, kn, months = known_world
    assert felt(options, kn, None, tmp_path / "sql", months) == []
