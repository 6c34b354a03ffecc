"""A municipality's permit intake from the Netherlands, loaded by its profile alone, through the CLI as an operator would."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine
from demo.server import Demo
from tests.support.cli import cchc
from tests.support.district import CLOCK
from tests.support.permits import EXPORTS, PROFILE, Export
from tests.support.warehouse import counted, rows_of

# a case that ends on the day of its deadline is not late, whatever the hour: the day is that of Amsterdam, summer time or not
NOT_LATE = """
    select count(*) as n from mart.dossier as d
    where d.source_code = 'dutch_permits' and d.finished_at is not null and d.timeliness in ('early', 'on_time')
"""
BY_HAND = """
    select count(*) as n from core.dossier where source_code = 'dutch_permits' and processed_at is not null
        and cast(processed_at at time zone 'Europe/Amsterdam' as date) <= cast(due_at at time zone 'Europe/Amsterdam' as date)
"""


def test_the_example_is_no_source_of_the_district() -> None:
    assert PROFILE.exists()
    assert not (PROJECT / "include" / "sources" / PROFILE.name).exists(), "there it would be a DAG of the district"


@pytest.mark.parametrize("export", EXPORTS)
def test_one_profile_and_no_code(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, export: Export) -> None:
    drop = tmp_path / "drop"
    delivered = export.deliver(drop)
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(PROFILE.parent))
    monkeypatch.setenv("AIRFLOW_CONN_SRC_DUTCH_PERMITS", json.dumps({"conn_type": "fs", "host": str(drop)}))
    assert cchc("init").code == 0
    assert "files by entity: dossier" in cchc("doctor", "dutch_permits").out

    said = cchc("ingest", "dutch_permits")
    assert said.code == 0, said.err
    counts = {
        "dossiers": "select count(*) as n from core.dossier where source_code = 'dutch_permits'",
        "steps": "select count(*) as n from core.dossier_step where source_code = 'dutch_permits'",
        "finished": "select count(*) as n from mart.dossier where source_code = 'dutch_permits' and finished_at is not null and is_counted",
        "not late": NOT_LATE,
        "by hand": BY_HAND,
        "open": "select count(*) as n from mart.dossier where source_code = 'dutch_permits' and finished_at is null and is_counted",
    }
    assert {name: rows_of(warehouse, statement)[0]["n"] for name, statement in counts.items()} == {
        "dossiers": export.cases,
        "steps": export.events,
        "finished": export.ended,
        "not late": export.not_late,
        "by hand": export.not_late,
        "open": export.cases - export.ended,
    }
    assert rows_of(warehouse, "select 1 from ops.quarantine where action = 'quarantine' and resolved_at is null") == []

    before = counted(warehouse)
    again = cchc("ingest", "dutch_permits")
    assert again.code == 0, again.err
    assert counted(warehouse) == before
    # the same export under another name is read again: the file has no time of change, so versions are added, but no fact changes
    facts = (
        "select md5(string_agg(concat_ws(',', dossier_code, received_at, finished_at, outcome, due_at, timeliness, channel, is_counted), '|' "
        "order by dossier_code)) as facts from mart.dossier"
    )
    known = rows_of(warehouse, facts)
    delivered.rename(drop / "dutch_permits_again.csv")
    third = cchc("ingest", "dutch_permits")
    assert third.code == 0, third.err
    assert "dutch_permits_again.csv" in third.out
    assert rows_of(warehouse, facts) == known
    assert rows_of(warehouse, counts["steps"]) == [{"n": export.events}]


OF_THE_DISTRICT = (
    "select v.indicator_code, v.unit_code, v.period_kind, v.period_start, v.basis, v.numerator, v.denominator, v.value, v.target, v.status, "
    "v.gap_count, v.coverage, v.is_provisional, v.no_target_reason, v.computed_at from mart.indicator_value as v "
    "where v.period_start > '2012-12-31' and v.unit_code not like 'NL%' order by 1, 2, 3, 4, 5"
)
# May 2011 in the zone of the authority; what is late is judged by the days of the municipality
MAY = "between '2011-05-01 00:00+07' and '2011-05-31 23:59:59.999999+07'"
BY_HAND_IN_MAY = f"""
    select d.unit_code, 'online_dossier_rate' as indicator_code,
        count(*) filter (where d.channel_code = 2) as numerator, count(*) as denominator
    from core.dossier as d where d.source_code = 'dutch_permits' and d.received_at {MAY} group by d.unit_code
    union all
    select d.unit_code, 'dossier_on_time_rate' as indicator_code,
        count(*) filter (
            where cast(d.processed_at at time zone 'Europe/Amsterdam' as date) <= cast(d.due_at at time zone 'Europe/Amsterdam' as date)
        ) as numerator,
        count(*) as denominator
    from core.dossier as d
    where d.source_code = 'dutch_permits' and d.processed_at {MAY} and d.due_at is not null group by d.unit_code
"""


@pytest.mark.parametrize("export", EXPORTS)
def test_beside_the_district(
    warehouse: Settings, district_sources: Demo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, export: Export
) -> None:
    """A neighbour's system in the same warehouse: the district's numbers stay, the neighbour's are counted by themselves."""
    sources, drop = tmp_path / "sources", tmp_path / "drop"
    sources.mkdir()
    export.deliver(drop)
    shutil.copy(PROJECT / "include" / "sources" / "one_stop.yaml", sources)
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(sources))
    monkeypatch.setenv("AIRFLOW_CONN_SRC_ONE_STOP", district_sources.connections()["AIRFLOW_CONN_SRC_ONE_STOP"])
    assert cchc("init").code == 0
    assert cchc("ingest", "one_stop", "--to", CLOCK).code == 0
    assert cchc("refresh", "2023-12").code == 0
    before = rows_of(warehouse, OF_THE_DISTRICT)
    assert len(before) > 5_000
    clock = rows_of(warehouse, "select * from core.role_clock where role = 'dossiers'")
    form = cchc("sql", "select * from mart.form_06a('month', '2023-12-01')").out
    with engine(warehouse).begin() as connection:
        connection.execute(text("delete from ops.dirty_month"))

    shutil.copy(PROFILE, sources)
    monkeypatch.setenv("AIRFLOW_CONN_SRC_DUTCH_PERMITS", json.dumps({"conn_type": "fs", "host": str(drop)}))
    assert cchc("init").code == 0
    said = cchc("ingest", "dutch_permits", "--to", "2023-12-20T00:00:00+07:00")
    assert said.code == 0, said.err
    # some cases are open for ever and stand in each month of the years that are computed; of the years of the other records no month is marked
    waiting = rows_of(warehouse, "select distinct to_char(month_start, 'YYYY-MM') as m from ops.dirty_month order by 1")
    assert [row["m"] for row in waiting] == [f"{year}-{month:02d}" for year in (2022, 2023) for month in range(1, 13)]
    with engine(warehouse).begin() as connection:
        connection.execute(text("delete from ops.dirty_month where month_start < '2023-12-01'"))
    assert cchc("refresh").code == 0
    assert cchc("refresh", "2023-12").code == 0
    assert rows_of(warehouse, OF_THE_DISTRICT) == before, "a neighbour changed the district's numbers"
    own = "select * from core.role_clock where role = 'dossiers' and root_code = (select root_code from core.authority)"
    assert rows_of(warehouse, own) == clock, "the T of a neighbour is none of the district's"
    assert cchc("sql", "select * from mart.form_06a('month', '2023-12-01')").out == form

    refreshed = cchc("refresh", "2011-05")
    assert refreshed.code == 0, refreshed.err
    by_hand = {
        (row["unit_code"], row["indicator_code"]): (row["numerator"], row["denominator"]) for row in rows_of(warehouse, BY_HAND_IN_MAY)
    }
    assert by_hand["NL.1", "online_dossier_rate"][1] == export.in_may
    values = rows_of(
        warehouse,
        "select * from mart.indicator_value where unit_code like 'NL%' and period_kind = 'month' and period_start = '2011-05-01' "
        "and basis = 'period' and indicator_code in ('online_dossier_rate', 'dossier_on_time_rate')",
    )
    assert {
        (row["unit_code"], row["indicator_code"]): (row["numerator"], row["denominator"]) for row in values if row["denominator"]
    } == by_hand
    assert {row["unit_code"] for row in values} == {"NL.1", "NL.1.1", "NL.1.2"}
    assert {(row["target"], row["status"]) for row in values} == {(None, None)}
    assert {row["level"] for row in values} == {"other"}
    of_may = (
        "select unit_code from mart.indicator_value where period_start = '2011-05-01' and (unit_code = 'all' or unit_code like 'level%')"
    )
    whole = rows_of(
        warehouse,
        of_may + " and (level = 'other' or coalesce(numerator, 0) <> 0 or coalesce(denominator, 0) <> 0) and "
        "indicator_code in ('online_dossier_rate', 'dossier_on_time_rate', 'dossier_in_time_overall_rate')",
    )
    assert whole == [], "the neighbour's dossiers count in no level and no whole"
    explained = cchc("explain", "online_dossier_rate", "--unit", "NL.1", "--period", "2011-05", "--rows", "-1")
    assert explained.code == 0, explained.err
    some = rows_of(warehouse, f"select dossier_code from core.dossier where unit_code = 'NL.1' and received_at {MAY}")
    assert len(some) == by_hand["NL.1", "online_dossier_rate"][1]
    assert all(row["dossier_code"] in explained.out for row in some)
