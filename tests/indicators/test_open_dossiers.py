"""The open dossiers that are kept against days judged as a whole: after any change, beside other transactions, and at past moments."""

from __future__ import annotations

import random
import re
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from cchc.errors import CchcError
from cchc.indicators.open_dossiers import keep_open_dossiers
from cchc.indicators.open_dossiers_check import judge_all_again
from cchc.period import Period, midnight, periods_of_year
from cchc.reference.roles import role_clocks
from cchc.settings import Settings
from cchc.warehouse import engine
from tests.support.dossier_changes import SOURCE, change, some

Row = tuple[object, ...]
COLUMNS = "dossier_id, dossier_code, unit_code, field_code, received_date, due_date, is_paused, paused_since_date, is_past_due"


def days_of(connection: Connection, periods: list[Period]) -> tuple[dict[date, datetime], datetime]:
    """The last days of some periods, each with its moment J; and T of the source."""
    known_at = role_clocks(connection, "H19.16").known_at("dossiers")
    assert known_at is not None
    begun = [period for period in periods if midnight(period.start) < known_at]
    return {period.effective_last_day(known_at): period.end_at(known_at) for period in begun}, known_at


def keep(connection: Connection, settings: Settings, periods: list[Period]) -> dict[date, datetime]:
    """What a refresh of some periods does."""
    days, known_at = days_of(connection, periods)
    keep_open_dossiers(connection, settings, SOURCE, days, known_at)
    return days


def kept(connection: Connection) -> dict[date, list[Row]]:
    """What is kept of each day that is noted as up to date."""
    days = connection.execute(text("select as_of_date from ops.open_dossier_day where source_code = :s order by 1"), {"s": SOURCE})
    asked = text(f"select {COLUMNS} from mart.dossier_open where source_code = :s and as_of_date = :d order by 1")
    return {day: [tuple(row) for row in connection.execute(asked, {"s": SOURCE, "d": day})] for day in days.scalars()}


def judged(connection: Connection) -> dict[date, list[Row]]:
    """The same days, judged as a whole by the function that the form and the findings ask."""
    days = connection.execute(text("select as_of_date, end_at from ops.open_dossier_day where source_code = :s order by 1"), {"s": SOURCE})
    asked = text(f"select {COLUMNS} from core.dossier_open_at(:s, :j, :d) order by 1")
    return {day: [tuple(row) for row in connection.execute(asked, {"s": SOURCE, "j": end_at, "d": day})] for day, end_at in days.all()}


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 60))])
def test_after_any_history_of_changes_the_kept_days_are_what_whole_days_give(seed: int, connection: Connection, settings: Settings) -> None:
    draw = random.Random(seed)
    periods = list(periods_of_year(2023))
    keep(connection, settings, periods)
    assert sum(len(rows) for rows in kept(connection).values()) > 10
    # so that PostgreSQL's count of the rows lets changed dossiers be judged alone
    connection.execute(text("analyze mart.dossier_open"))
    for _ in range(6):
        for _ in range(draw.choice((0, 1, 4))):
            change(connection, settings, draw)
        keep(connection, settings, draw.sample(periods, draw.choice((1, 3))))
        assert kept(connection) == judged(connection)


def test_a_day_that_did_not_change_is_not_judged_again(connection: Connection, settings: Settings) -> None:
    periods = list(periods_of_year(2023))
    keep(connection, settings, periods)
    connection.execute(text("analyze mart.dossier_open"))
    stored = "select ctid::text, xmin::text, source_code, as_of_date, dossier_id from mart.dossier_open order by 3, 4, 5"
    before = connection.execute(text(stored)).all()
    with connection.begin_nested():
        keep(connection, settings, periods)
        assert connection.execute(text(stored)).all() == before
        one = connection.execute(
            text(
                "update mart.dossier set field_code = 'other' where dossier_id = (select dossier_id from mart.dossier_open "
                "group by dossier_id having count(*) > 1 order by 1 limit 1) returning dossier_id"
            )
        ).scalar_one()
        keep(connection, settings, periods[:1])
        after = connection.execute(text(stored)).all()
    moved = set(after) ^ set(before)
    assert {row.dossier_id for row in moved} == {one}
    assert len({row.as_of_date for row in moved}) > 1, "the other days are brought up to date, too"


def test_many_changes_are_judged_by_whole_days(connection: Connection, settings: Settings) -> None:
    periods = list(periods_of_year(2023))
    keep(connection, settings, periods)
    connection.execute(text("analyze mart.dossier_open"))
    connection.execute(text("update mart.dossier set field_code = 'other'"))
    days = keep(connection, settings, periods[:2])
    assert set(kept(connection)) == set(days), "of the other days nothing is known any more"
    assert kept(connection) == judged(connection)


def test_other_rules_or_another_zone_judge_whole_days(connection: Connection, settings: Settings) -> None:
    periods = list(periods_of_year(2023))
    keep(connection, settings, periods)
    connection.execute(text("update core.source set zone = 'UTC' where source_code = :s"), {"s": SOURCE})
    keep(connection, settings, periods)
    assert kept(connection) == judged(connection)
    body = connection.execute(text("select pg_get_functiondef('core.dossier_open_of'::regproc)")).scalar_one()
    other = body.replace("coalesce(g.due_date < case", "coalesce(g.due_date <= case")
    assert other != body
    connection.exec_driver_sql(other)
    keep(connection, settings, periods)
    assert kept(connection) == judged(connection)


def test_a_moved_t_judges_the_running_day_anew(connection: Connection, settings: Settings) -> None:
    periods = list(periods_of_year(2023))
    days, known_at = days_of(connection, periods)
    running = max(days)
    earlier = known_at - timedelta(hours=7)
    keep_open_dossiers(connection, settings, SOURCE, days | {running: earlier}, earlier)
    keep_open_dossiers(connection, settings, SOURCE, days, known_at)
    assert kept(connection) == judged(connection)
    assert set(kept(connection)) == set(days)


def test_a_day_on_which_no_period_ends_any_more_is_forgotten(connection: Connection, settings: Settings) -> None:
    stored = text("select distinct as_of_date from mart.dossier_open where as_of_date between '2023-06-16' and '2023-06-28'")
    for running in (date(2023, 6, 21), date(2023, 6, 22)):
        known_at = midnight(running + timedelta(days=1))
        keep_open_dossiers(connection, settings, SOURCE, {date(2023, 5, 31): midnight(date(2023, 6, 1)), running: known_at}, known_at)
        assert connection.execute(stored).scalars().all() == [running]
        assert {date(2023, 5, 31), running} <= kept(connection).keys()


def test_rows_that_somebody_deletes_come_back(connection: Connection, settings: Settings) -> None:
    periods = list(periods_of_year(2023))
    for deletes in ("delete from mart.dossier_open where as_of_date = '2023-06-30'", "truncate mart.dossier_open"):
        keep(connection, settings, periods)
        before = kept(connection)
        connection.execute(text(deletes))
        keep(connection, settings, periods)
        assert kept(connection) == before == judged(connection)


def test_a_past_moment_notes_nothing(connection: Connection, settings: Settings) -> None:
    periods = list(periods_of_year(2023))
    keep(connection, settings, periods)
    connection.execute(text("analyze mart.dossier_open"))
    connection.execute(text(f"update mart.dossier set is_counted = false where dossier_id in {some(random.Random(1))}"))
    changes = connection.execute(text("select dossier_id from ops.open_dossier_change order by 1")).all()
    assert changes
    days, known_at = days_of(connection, periods)
    day = sorted(days)[len(days) // 2]
    stored = text(f"select {COLUMNS} from mart.dossier_open where source_code = :s and as_of_date = :d order by 1")
    asked = text(f"select {COLUMNS} from core.dossier_open_at(:s, :j, :d) order by 1")
    for end_at in (days[day], days[day] - timedelta(hours=3)):
        others = connection.execute(text("select * from mart.dossier_open where as_of_date <> :d order by 1, 2, 3"), {"d": day}).all()
        keep_open_dossiers(connection, settings, SOURCE, {day: end_at}, known_at, is_past=True)
        found = connection.execute(stored, {"s": SOURCE, "d": day}).all()
        assert found == connection.execute(asked, {"s": SOURCE, "j": end_at, "d": day}).all()
        left = connection.execute(text("select * from mart.dossier_open where as_of_date <> :d order by 1, 2, 3"), {"d": day}).all()
        assert left == others
    assert connection.execute(text("select dossier_id from ops.open_dossier_change order by 1")).all() == changes


def test_a_change_that_commits_during_a_refresh_is_judged_afterwards(settings: Settings) -> None:
    periods = list(periods_of_year(2023))
    flip = "update mart.dossier set is_counted = not is_counted where dossier_id = (select min(dossier_id) from mart.dossier_open)"
    with engine(settings).connect() as refreshing, engine(settings).connect() as loading:
        keep(refreshing, settings, periods)
        refreshing.commit()
        other = loading.begin()
        changed = loading.execute(text(flip + " returning dossier_id")).scalar_one()
        keep(refreshing, settings, periods)  # it does not see what the load will commit, and takes no note of it away
        other.commit()
        refreshing.commit()
        keep(refreshing, settings, periods)
        assert kept(refreshing) == judged(refreshing)
        refreshing.commit()
        with loading.begin():
            loading.execute(text("update mart.dossier set is_counted = not is_counted where dossier_id = :d"), {"d": changed})


def test_a_truncated_table_has_no_open_dossiers(connection: Connection, settings: Settings) -> None:
    periods = list(periods_of_year(2023))
    keep(connection, settings, periods)
    connection.execute(text("truncate mart.dossier"))
    keep(connection, settings, periods)
    assert sum(len(rows) for rows in kept(connection).values()) == 0


def test_the_weekly_check_tells_a_day_that_is_wrong_and_mends_it(settings: Settings) -> None:
    periods = list(periods_of_year(2023))
    with engine(settings).begin() as connection:
        days = keep(connection, settings, periods)
    assert judge_all_again(settings) == f"open dossiers of {len(days)} days judged again and compared: no differences"
    with engine(settings).begin() as connection:
        connection.execute(text("delete from ops.dirty_month"))
        wrong = connection.execute(
            text(
                "update mart.dossier_open set is_past_due = not is_past_due where ctid = (select ctid from mart.dossier_open "
                "where as_of_date = '2023-06-30' order by dossier_id limit 1) returning dossier_code"
            )
        ).scalar_one()
        connection.execute(
            text(
                "insert into mart.dossier_open (source_code, as_of_date, dossier_id, dossier_code, received_date, is_paused, is_past_due) "
                "values ('one_stop', '2023-09-14', 1, 'is not open', '2023-09-01', false, false)"
            )
        )
    found = rf"2 differences\..*{re.escape(wrong)} of one_stop on 2023-06-30; is not open of one_stop on 2023-09-14"
    with pytest.raises(CchcError, match=found):
        judge_all_again(settings)
    assert "no differences" in judge_all_again(settings)
    with engine(settings).begin() as connection:
        assert connection.execute(text("select min(month_start) from ops.dirty_month")).scalar_one() == date(2023, 6, 1)
