"""Counts of half months against counts of whole periods: after any change of dossiers, procedures and units, and beside other transactions."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from cchc.errors import CchcError, NotConfigured
from cchc.indicators import half_months as half_month_counts
from cchc.indicators.count import Asked as AskedSpan
from cchc.indicators.count import binds, measure, measure_additive, work_tables
from cchc.indicators.half_months import half_month_of, half_months, next_half_month
from cchc.indicators.known_procedures import KnownProcedures
from cchc.indicators.refresh import wait_for_others
from cchc.indicators.self_check import count_all_again
from cchc.period import BASES, Period, midnight, month, periods_of_year
from cchc.reference.catalogue import Indicator, catalogue
from cchc.reference.roles import Clocks, role_clocks
from cchc.settings import Settings
from cchc.waiting import wait_until
from cchc.warehouse import asked_binds, composed, engine, sql
from cchc.warehouse.queries import read_statement, run_statement

ROOT = "H19.16"
SOURCE = "one_stop"


def additive(settings: Settings) -> list[Indicator]:
    return [item for item in catalogue(settings).values() if item.is_additive]


def asked(periods: list[Period], clocks: Clocks) -> list[AskedSpan]:
    known_at = clocks.known_at("dossiers")
    assert known_at is not None
    return [
        AskedSpan(number, period, basis, basis, period.effective_last_day(known_at))
        for number, period in enumerate(periods)
        for basis in BASES
        if midnight(period.start) < known_at
    ]


def counts(connection: Connection) -> dict[tuple[object, ...], tuple[int, int]]:
    """What `unit_count` has, summed over the stretches of a unit."""
    rows = connection.execute(
        text(
            "select period_number, basis, indicator_code, unit_code, counted_on, sum(numerator), sum(denominator) from unit_count "
            "where indicator_code is not null group by 1, 2, 3, 4, 5"
        )
    )
    return {tuple(row[:5]): (int(row[5]), int(row[6])) for row in rows}


def by_half_months(
    connection: Connection, settings: Settings, spans: list[AskedSpan], clocks: Clocks
) -> dict[tuple[object, ...], tuple[int, int]]:
    """The counts of the additive parts, by half months."""
    work_tables(connection)
    measure_additive(KnownProcedures(connection), settings, additive(settings), clocks, spans)
    return counts(connection)


def by_periods(
    connection: Connection, settings: Settings, spans: list[AskedSpan], clocks: Clocks
) -> dict[tuple[object, ...], tuple[int, int]]:
    """The counts of the same queries, each run for the whole of each span as it stands in the SQL of the indicator."""
    work_tables(connection)
    for item in additive(settings):
        part, _ = composed.additive_and_other(sql(settings, item.sql))
        for source, known_at in clocks.of(item.role).items():
            for span in spans:
                values = binds(source, span.period, span.counted_from, known_at, item.units)
                connection.execute(
                    text(
                        "insert into unit_count select cast(:number as integer), :basis, :code, x.unit_code, o.from_date, "
                        f"count(*) filter (where x.is_numerator), count(*) from ({part}\n) as x left join core.unit_on_day as o "
                        "on x.unit_code = o.unit_code and x.counted_on between o.from_date and o.to_date group by 4, 5"
                    ),
                    {name: value for name, value in values.items() if re.search(rf"(?<!:):{name}\b", part)}
                    | {"number": span.period_number, "basis": span.basis, "code": item.code},
                )
    return counts(connection)


# ---------------------------------------------------------------- changes of every kind, by chance

DAYS = (date(2021, 12, 1), date(2023, 12, 31))


def _moment(draw: random.Random) -> str:
    """A moment, as often as not at a border of a half month to the microsecond."""
    day = DAYS[0] + timedelta(days=draw.randrange((DAYS[1] - DAYS[0]).days))
    if draw.random() < 0.5:
        border = midnight(half_month_of(day))
        return (border + timedelta(microseconds=draw.choice((-1, 0, 1)))).isoformat()
    return (midnight(day) + timedelta(seconds=draw.randrange(86400))).isoformat()


def _some(draw: random.Random) -> str:
    return f"dossier_id in (select dossier_id from mart.dossier order by md5(dossier_id::text || '{draw.random()}') limit {draw.choice((1, 3, 40))})"


def _received(draw: random.Random) -> str:
    return f"update mart.dossier set received_at = '{_moment(draw)}', received_date = cast('{_moment(draw)}' as date) where {_some(draw)}"


def _finished(draw: random.Random) -> str:
    moment = draw.choice(("null", f"'{_moment(draw)}'"))
    return (
        f"update mart.dossier set finished_at = {moment}, outcome = '{draw.choice(('resolved', 'returned'))}', "
        f"timeliness = '{draw.choice(('early', 'on_time', 'late'))}' where {_some(draw)}"
    )


def _unit(draw: random.Random) -> str:
    return f"update mart.dossier set unit_code = (select unit_code from core.unit order by md5(unit_code || '{draw.random()}') limit 1) where {_some(draw)}"


def _no_unit(draw: random.Random) -> str:
    return f"update mart.dossier set unit_code = null where {_some(draw)}"


def _facts(draw: random.Random) -> str:
    return (
        f"update mart.dossier set is_counted = {draw.choice(('true', 'false'))}, is_digitized = not is_digitized, "
        f"has_signed_result = not has_signed_result, channel = '{draw.choice(('online', 'in_person'))}' where {_some(draw)}"
    )


def _gone(draw: random.Random) -> str:
    return f"delete from mart.dossier where {_some(draw)}"


def _new(draw: random.Random) -> str:
    return (
        "insert into mart.dossier select (jsonb_populate_record(d, jsonb_build_object('dossier_id', "
        f"(select max(dossier_id) from mart.dossier) + row_number() over ()))).* from mart.dossier as d where {_some(draw)}"
    )


def _merged(draw: random.Random) -> str:
    """As a load writes: an insert that updates what is there."""
    return (
        f"insert into mart.dossier select * from mart.dossier where {_some(draw)} on conflict (dossier_id) do update set "
        f"channel = '{draw.choice(('online', 'in_person', 'post'))}'"
    )


def _flags(draw: random.Random) -> str:
    return (
        "update core.procedure_list_item set yields_document = not yields_document, is_certification = not is_certification "
        f"where md5(_key || '{draw.random()}') < '1'"
    )


def _span_of_unit(draw: random.Random) -> str:
    return "update core.unit_on_day set to_date = date '2023-03-07' where to_date > date '2023-03-07' and " + (
        f"unit_code = (select unit_code from core.unit order by md5(unit_code || '{draw.random()}') limit 1)"
    )


def _some_assessments(draw: random.Random) -> str:
    return (
        "assessment_code in (select assessment_code from core.assessment_version "
        f"order by md5(assessment_code || '{draw.random()}') limit {draw.choice((1, 3, 40))})"
    )


def _assessed(draw: random.Random) -> str:
    return f"update core.assessment_version set assessed_at = '{_moment(draw)}' where {_some_assessments(draw)}"


def _rated(draw: random.Random) -> str:
    rating = draw.choice(("null", "'hai_long'", "'khong_hai_long'"))
    return f"update core.assessment_version set rating_code = {rating} where {_some_assessments(draw)}"


def _unit_of_assessment(draw: random.Random) -> str:
    unit = draw.choice(("null", f"(select unit_code from core.unit order by md5(unit_code || '{draw.random()}') limit 1)"))
    return f"update core.assessment_version set unit_code = {unit} where {_some_assessments(draw)}"


def _assessment_judged(draw: random.Random) -> str:
    """A version that fails a check, or is replaced, counts no more."""
    change = draw.choice(("_failed_rules = '{K2}'", "_failed_rules = null", "_is_current = not _is_current"))
    return f"update core.assessment_version set {change} where {_some_assessments(draw)}"


def _assessment_gone(draw: random.Random) -> str:
    return f"delete from core.assessment_version where {_some_assessments(draw)}"


def _new_assessment(draw: random.Random) -> str:
    return (
        "insert into core.assessment_version select (jsonb_populate_record(v, jsonb_build_object('assessment_code', "
        f"v.assessment_code || '{draw.random()}'))).* from core.assessment_version as v where {_some_assessments(draw)}"
    )


def _twin(draw: random.Random) -> str:
    """The assessment of another source counts in place of this one."""
    return (
        f"insert into core.duplicate_record (model, source_code, key, counted_source_code) select 'assessment', '{SOURCE}', "
        f"assessment_code, 'other' from (select distinct assessment_code from core.assessment_version where {_some_assessments(draw)}) as v "
        "on conflict do nothing"
    )


def _no_twin(draw: random.Random) -> str:
    return f"delete from core.duplicate_record where md5(key || '{draw.random()}') < '8'"


def _other_twin(draw: random.Random) -> str:
    """The key of a decision about duplicates becomes another one."""
    return (
        "update core.duplicate_record as d set key = v.assessment_code from core.assessment_version as v "
        f"where v.ctid = (select ctid from core.assessment_version order by md5(assessment_code || '{draw.random()}') limit 1) "
        "and d.key = (select min(key) from core.duplicate_record) "
        "and not exists (select 1 from core.duplicate_record as o where o.key = v.assessment_code)"
    )


CHANGES: tuple[Callable[[random.Random], str], ...] = (
    _received, _finished, _unit, _no_unit, _facts, _gone, _new, _merged, _flags, _span_of_unit,
    _assessed, _rated, _unit_of_assessment, _assessment_judged, _assessment_gone, _new_assessment, _twin, _no_twin, _other_twin,
)  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 100))])
def test_after_any_history_of_changes_half_months_add_up_to_periods(seed: int, connection: Connection, settings: Settings) -> None:
    draw = random.Random(seed)
    clocks = role_clocks(connection, ROOT)
    periods = [period for year in (2022, 2023) for period in periods_of_year(year)]
    for _ in range(8):
        for change in draw.choices(CHANGES, k=draw.choice((0, 1, 6))):
            connection.execute(text(change(draw)))
        spans = asked(draw.sample(periods, 2), clocks)
        found = by_half_months(connection, settings, spans, clocks)
        assert found == by_periods(connection, settings, spans, clocks)
        assert found


def test_what_did_not_change_is_not_counted_again(connection: Connection, settings: Settings) -> None:
    clocks = role_clocks(connection, ROOT)
    spans = asked(list(periods_of_year(2023)), clocks)
    by_half_months(connection, settings, spans, clocks)
    noted = "select xmin::text, ctid::text, context, half_month from ops.half_month_counted order by 3, 4"
    first = connection.execute(text(noted)).all()
    assert first
    with connection.begin_nested():
        by_half_months(connection, settings, spans, clocks)
        assert connection.execute(text(noted)).all() == first
        moved = connection.execute(
            text(
                "update mart.dossier set channel = 'post' where dossier_id = (select min(dossier_id) from mart.dossier where is_counted "
                "and received_at >= '2023-05-16 00:00+07' and received_at < '2023-05-31 00:00+07' and finished_at < '2023-06-01 00:00+07') "
                "returning finished_at"
            )
        ).one()
        by_half_months(connection, settings, spans, clocks)
        changed = {row[3] for row in set(connection.execute(text(noted)).all()) - set(first)}
    assert changed == {date(2023, 5, 16).replace(day=15), half_month_of(moved.finished_at.astimezone().date())}


def test_a_change_that_commits_during_a_count_is_counted_afterwards(settings: Settings) -> None:
    # the count sees the dossiers as they were, and what it notes must not hold once the other transaction has committed
    statement = "update mart.dossier set channel = case channel when 'online' then 'in_person' else 'online' end where is_counted"
    with engine(settings).connect() as counting, engine(settings).connect() as loading:
        clocks = role_clocks(counting, ROOT)
        spans = asked(list(periods_of_year(2023)), clocks)
        counting.rollback()
        other = loading.begin()
        loading.execute(text(statement))
        before = by_half_months(counting, settings, spans, clocks)
        other.commit()
        counting.commit()
        after = by_half_months(counting, settings, spans, clocks)
        assert after == by_periods(counting, settings, spans, clocks)
        assert after != before
        counting.commit()
        with loading.begin():
            loading.execute(text(statement))


def test_counts_that_others_take_away_are_summed_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # `--as-known-at` computes without the lock of a refresh: one that commits between its statements must not move its figures
    real, left = run_statement, 1

    def beside(connection: Connection, name: str, **values: Any) -> None:
        nonlocal left
        if name == "half_months/sum" and left:
            left -= 1
            with engine(settings).begin() as other:
                other.execute(text("delete from ops.half_month_counted"))
                other.execute(text("delete from ops.half_month_count"))
        real(connection, name, **values)

    with engine(settings).connect() as asking:
        clocks = role_clocks(asking, ROOT)
        spans = asked(list(periods_of_year(2023)), clocks)
        before = by_half_months(asking, settings, spans, clocks)
        asking.commit()
        monkeypatch.setattr(half_month_counts, "run_statement", beside)
        assert by_half_months(asking, settings, spans, clocks) == before
        assert left == 0
        asking.rollback()


def test_a_truncated_table_has_no_counts(connection: Connection, settings: Settings) -> None:
    clocks = role_clocks(connection, ROOT)
    spans = asked(list(periods_of_year(2023)), clocks)
    before = by_half_months(connection, settings, spans, clocks)
    assert {key[2] for key in before} == {item.code for item in additive(settings)}
    connection.execute(text("truncate mart.dossier"))
    of_assessments = by_half_months(connection, settings, spans, clocks)
    assert of_assessments == {key: count for key, count in before.items() if key[2] == "procedure_satisfaction_rate"}
    connection.execute(text("insert into core.duplicate_record values ('assessment', 'x', 'x', 'y')"))
    connection.execute(text("truncate core.duplicate_record"))
    assert by_half_months(connection, settings, spans, clocks) == of_assessments
    connection.execute(text("truncate core.assessment_version"))
    assert by_half_months(connection, settings, spans, clocks) == {}


def test_the_weekly_check_tells_a_count_that_is_wrong_and_mends_it(settings: Settings) -> None:
    with engine(settings).begin() as connection:
        clocks = role_clocks(connection, ROOT)
        by_half_months(connection, settings, asked(list(periods_of_year(2023)), clocks), clocks)
    assert re.fullmatch(r"\d{3,} half months of indicators counted again and compared: no differences", count_all_again(settings))
    with engine(settings).begin() as connection:
        connection.execute(text("delete from ops.dirty_month"))
        wrong = connection.execute(
            text(
                "update ops.half_month_count set numerator = numerator + 1 where ctid = (select ctid from ops.half_month_count "
                "where half_month = '2023-05-15' and context in (select context from ops.half_month_counted "
                "where indicator_code = 'online_dossier_rate') limit 1) returning unit_code"
            )
        ).scalar_one()
    with pytest.raises(
        CchcError, match=rf"1 differences\..*online_dossier_rate of one_stop, half month 2023-05-15, unit {re.escape(wrong)}: kept"
    ):
        count_all_again(settings)
    assert "no differences" in count_all_again(settings)
    with engine(settings).begin() as connection:
        assert connection.execute(text("select min(month_start) from ops.dirty_month")).scalar_one() == date(2023, 5, 1)


def test_the_weekly_check_waits_for_a_refresh(settings: Settings) -> None:
    waits = "select count(*) from pg_locks where locktype = 'transactionid' and not granted"
    with engine(settings).connect() as refreshing, ThreadPoolExecutor(1) as beside:
        wait_for_others(refreshing, "dossiers")
        checking = beside.submit(count_all_again, settings)
        assert wait_until(lambda: refreshing.execute(text(waits)).scalar_one() == 1, 30, 0.05), "it did not wait"
        refreshing.rollback()
        assert "no differences" in checking.result(60)


def test_changes_that_are_added_up_keep_their_sums(connection: Connection) -> None:
    summed = "select source_code, half_month, unit_code, sum(change_count) from ops.half_month_change group by 1, 2, 3 order by 1, 2, 3"
    connection.execute(text("update mart.dossier set channel = 'post' where is_counted"))
    before = connection.execute(text(summed)).all()
    run_statement(connection, "half_months/add_changes")
    assert connection.execute(text(summed)).all() == before
    assert connection.execute(text("select count(*) from ops.half_month_change")).scalar_one() == len(before)


def test_parts_that_read_more_than_dossiers_are_counted_by_periods(connection: Connection, settings: Settings) -> None:
    item = catalogue(settings)["dossier_in_time_overall_rate"]
    part, other = composed.additive_and_other(sql(settings, item.sql))
    assert "mart.dossier_open" not in composed.COMMENT.sub("", part) and "mart.dossier_open" in other
    clocks = role_clocks(connection, ROOT)
    work_tables(connection)
    measure(connection, settings, [item], clocks, asked([next(iter(periods_of_year(2023)))], clocks))
    assert connection.execute(text("select count(*) from unit_count where period_number = 0")).scalar_one() > 0


def test_every_call_for_procedures_is_read_once(settings: Settings) -> None:
    called = 0
    for path in (*(settings.sql_dir / "queries" / "indicators").glob("*.sql"), *(settings.sql_dir / "queries" / "coverage").glob("*.sql")):
        statement = composed.COMMENT.sub("", path.read_text(encoding="utf-8"))
        rest, asked_for = composed.procedures_read_once(statement)
        assert re.findall(r"core\.procedure_(?!elsewhere)\w+", rest) == [], path.name
        called += len(asked_for)
    assert called >= 9


@pytest.mark.parametrize("code", ["ecertification_coverage_rate", "feedback_on_time_rate"])
def test_an_indicator_that_is_no_sum_cannot_be_called_additive(code: str, settings: Settings, tmp_path: Path) -> None:
    text_of = (settings.reference_dir / "indicators.yaml").read_text(encoding="utf-8")
    (tmp_path / "indicators.yaml").write_text(text_of.replace(f"{code}:\n", f"{code}:\n  is_additive: true\n"), encoding="utf-8")
    with pytest.raises(NotConfigured, match="is_additive"):
        catalogue(_with_reference(settings, tmp_path))


def test_sql_that_reads_more_cannot_be_called_additive(settings: Settings, tmp_path: Path) -> None:
    text_of = (settings.reference_dir / "indicators.yaml").read_text(encoding="utf-8")
    (tmp_path / "indicators.yaml").write_text(
        text_of.replace("procedure_update_timely_rate:\n", "procedure_update_timely_rate:\n  is_additive: true\n"), encoding="utf-8"
    )
    with pytest.raises(NotConfigured, match=r"procedure_update_timely_rate: is_additive is true, and no query of its SQL"):
        catalogue(_with_reference(settings, tmp_path))


def _with_reference(settings: Settings, folder: Path) -> Settings:
    return dataclasses.replace(settings, reference_dir=folder)


@pytest.mark.parametrize(
    ("first", "following"),
    [("2023-01-01", "2023-01-15"), ("2023-01-15", "2023-02-01"), ("2023-12-15", "2024-01-01"), ("2024-02-15", "2024-03-01")],
)
def test_half_months_follow_each_other(first: str, following: str) -> None:
    assert next_half_month(date.fromisoformat(first)) == date.fromisoformat(following)
    assert half_month_of(date.fromisoformat(following) - timedelta(days=1)) == date.fromisoformat(first)


def test_every_period_begins_and_ends_with_a_half_month() -> None:
    for period in periods_of_year(2024):
        inside = half_months({"start_date": period.start, "end_at": midnight(period.end)})
        assert inside[0] == period.start
        assert next_half_month(inside[-1]) == period.end


def test_a_part_that_asks_for_procedures_in_another_way_is_not_counted_by_half_months(warehouse: Settings) -> None:
    statement = sql(warehouse, catalogue(warehouse)["electronic_result_rate"].sql)
    assert composed.additive_and_other(statement)[0] and composed.reads_flags(statement)
    otherwise = statement.replace("cast(:end_at as timestamptz), cast(:known_at", "(:end_at)::timestamptz, cast(:known_at")
    assert otherwise != statement
    # as of the end of the half month, and not of the period, it would have other procedures
    assert composed.additive_and_other(otherwise) == ("", otherwise)


@pytest.mark.parametrize(
    ("code", "index"),
    [
        ("dossier_on_time_rate", "dossier_unit_finished_ix"),
        ("dossier_on_time_first_due_rate", "dossier_unit_finished_ix"),
        ("dossier_in_time_overall_rate", "dossier_unit_finished_ix"),
        ("electronic_result_rate", "dossier_unit_finished_ix"),
        ("online_dossier_rate", "dossier_unit_received_ix"),
        ("dossier_digitized_rate", "dossier_unit_received_ix"),
    ],
)
def test_the_dossiers_of_a_unit_are_counted_from_an_index_alone(code: str, index: str, connection: Connection, settings: Settings) -> None:
    """Where one has changed, all of its unit and half month are counted again, for each indicator."""
    statement, _ = composed.additive_and_other(sql(settings, catalogue(settings)[code].sql))
    (known_at,) = role_clocks(connection, ROOT).of("dossiers").values()
    values = binds(SOURCE, month(2023, 11), "period", known_at) | {"unit": "H19.16.21"}
    counted = "x.counted_on, count(*) filter (where x.is_numerator), count(*)"
    whole = f"explain select {counted} from (\n{statement}\n) as x where x.unit_code = cast(:unit as text) group by x.counted_on"
    # the month is small, so any index would do; those of all units are away
    connection.execute(text("drop index mart.dossier_finished_ix, mart.dossier_received_ix"))
    for setting in ("enable_seqscan", "enable_bitmapscan"):
        connection.execute(text(f"set local {setting} = off"))
    plan = "\n".join(connection.execute(read_statement(whole), asked_binds(whole, values)).scalars())
    assert re.search(rf"Index Only Scan using {index} on dossier d\b", plan), plan
