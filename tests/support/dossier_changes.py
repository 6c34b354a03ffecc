"""Changes of dossiers by chance: of their facts, and of what a source has delivered, from which the facts are derived again."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

from cchc.core import facts
from cchc.period import midnight
from cchc.settings import Settings

SOURCE = "one_stop"
DAYS = (date(2022, 12, 1), date(2023, 12, 31))


def _moment(draw: random.Random) -> str:
    """A moment, as often as not at the border of two days to the microsecond."""
    day = DAYS[0] + timedelta(days=draw.randrange((DAYS[1] - DAYS[0]).days))
    if draw.random() < 0.5:
        return (midnight(day) + timedelta(microseconds=draw.choice((-1, 0, 1)))).isoformat()
    return (midnight(day) + timedelta(seconds=draw.randrange(86400))).isoformat()


def some(draw: random.Random) -> str:
    """Some dossiers, and more of those that are open somewhere."""
    among = draw.choice(("mart.dossier", "mart.dossier_open"))
    few = draw.choice((1, 2, 5))
    return f"(select dossier_id from {among} group by dossier_id order by md5(dossier_id::text || '{draw.random()}') limit {few})"


def _finished(draw: random.Random) -> str:
    moment = draw.choice(("null", f"'{_moment(draw)}'"))
    return f"update mart.dossier set finished_at = {moment} where dossier_id in {some(draw)}"


def _received(draw: random.Random) -> str:
    moment = _moment(draw)
    day = datetime.fromisoformat(moment).date()
    return f"update mart.dossier set received_at = '{moment}', received_date = '{day}' where dossier_id in {some(draw)}"


def _facts(draw: random.Random) -> str:
    unit = f"(select unit_code from core.unit order by md5(unit_code || '{draw.random()}') limit 1)"
    change = draw.choice(("is_counted = not is_counted", f"unit_code = {unit}", "unit_code = null", "field_code = 'other'"))
    return f"update mart.dossier set {change} where dossier_id in {some(draw)}"


def _gone(draw: random.Random) -> str:
    return f"delete from mart.dossier where dossier_id in {some(draw)}"


def _new(draw: random.Random) -> str:
    return (
        "insert into mart.dossier select (jsonb_populate_record(d, jsonb_build_object('dossier_id', "
        "(select max(dossier_id) from mart.dossier) + row_number() over (), "
        f"'dossier_code', d.dossier_code || ' {draw.random()}'))).* from mart.dossier as d where dossier_id in {some(draw)}"
    )


def _versions(draw: random.Random) -> str:
    """Another due or end in the delivered versions: the dossiers are derived again."""
    change = draw.choice((f"due_at = '{_moment(draw)}'", "due_at = null", f"processed_at = '{_moment(draw)}'", "supplements = null"))
    return f"update core.dossier_version set {change} where dossier_id in {some(draw)}"


def _round(draw: random.Random) -> str:
    back = draw.choice(("null", f"'{_moment(draw)}'"))
    rounds = f"jsonb_build_array(jsonb_build_object('asked_at', '{_moment(draw)}', 'received_back_at', {back}))"
    return f"update core.dossier_version set supplements = {rounds} where dossier_id in {some(draw)}"


def _steps(draw: random.Random) -> str:
    status = draw.choice((4, 6, 8, 9))
    change = draw.choice(
        (f"status_code = {status}", f"done_at = '{_moment(draw)}'", f"deleted_at = '{_moment(draw)}'", "deleted_at = null")
    )
    return f"update core.dossier_step_version set {change} where dossier_id in {some(draw)}"


FACTS: tuple[Callable[[random.Random], str], ...] = (_finished, _received, _facts, _gone, _new)
DELIVERED: tuple[Callable[[random.Random], str], ...] = (_versions, _round, _steps)


def change(connection: Connection, settings: Settings, draw: random.Random) -> None:
    """A change of the facts themselves, or of what a source has delivered, from which the facts are derived again."""
    if draw.random() < 0.4:
        connection.execute(text(draw.choice(FACTS)(draw)))
        return
    touched = connection.execute(text(draw.choice(DELIVERED)(draw) + " returning dossier_id")).scalars().all()
    connection.execute(
        text("insert into ops.dirty_dossier select distinct unnest(cast(:d as bigint[])) on conflict do nothing"), {"d": touched}
    )
    facts.no_changed_steps(connection)
    facts.derive_dossiers(connection, settings, SOURCE, datetime.fromisoformat("2024-01-01 00:00:00+07:00"), None)
    connection.execute(text("drop table if exists due_before, supplement_before, judged_version, derived_dossier, dossier_change"))
