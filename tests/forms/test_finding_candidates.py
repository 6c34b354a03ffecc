"""Findings are looked for among candidates and by indexes: after changes of every kind they are those of all dossiers."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest
from sqlalchemy import Connection, text

from cchc.settings import Settings
from tests.forms.candidates import found, found_among_all

BY_CANDIDATES = ("end_changed", "due_moved_after_passing", "reopened", "ended_in_bulk")
EVERY_CANDIDATE = (
    "insert into ops.finding_candidate select k.finding_code, v.dossier_id from core.finding_kind as k "
    "cross join (select distinct dossier_id from core.dossier_version) as v on conflict do nothing",
    "insert into ops.bulk_minute select distinct unit_code, date_trunc('minute', finished_at) from mart.dossier "
    "where finished_at is not null and unit_code is not null on conflict do nothing",
)
TRIGGERS = (
    "finding_candidate_insert on core.dossier_version",
    "finding_candidate_update on core.dossier_version",
    "finding_candidate_insert on core.dossier_step_version",
    "finding_candidate_update on core.dossier_step_version",
    "bulk_minute_insert on mart.dossier",
    "bulk_minute_update on mart.dossier",
)


def some(connection: Connection, draw: random.Random, table: str, key: str, count: int) -> list[int]:
    known = connection.execute(text(f"select distinct {key} from {table} order by 1")).scalars().all()
    return draw.sample(list(known), count)


def a_moment(draw: random.Random) -> str:
    return f"2023-12-{draw.randint(1, 28):02d} {draw.choice(('00:00:00', '08:30:00', '17:00:00', '23:59:59'))}"


def another_version(connection: Connection, draw: random.Random) -> None:
    """Further versions of some dossiers: other status, end and due, with and without a broken rule."""
    for dossier in some(connection, draw, "core.dossier_version", "dossier_id", 8):
        change = {
            "_changed_at": a_moment(draw),
            "_first_seen_at": "2024-01-02",
            "_is_current": False,
            "status_code": draw.choice((4, 7, 9, 10, None)),
            "processed_at": draw.choice((a_moment(draw), None)),
            "due_at": draw.choice((a_moment(draw), None)),
            "_failed_rules": draw.choice((["K6"], None)),
        }
        connection.execute(
            text(
                "insert into core.dossier_version select r.* from core.dossier_version as v "
                "cross join lateral jsonb_populate_record(v, cast(:c as jsonb)) as r "
                "where v.ctid = (select w.ctid from core.dossier_version as w where w.dossier_id = :d limit 1) on conflict do nothing"
            ),
            {"d": dossier, "c": json.dumps(change)},
        )


def changed_version(connection: Connection, draw: random.Random) -> None:
    """Stored versions become others: of dossiers that have several, where there are such."""
    several = text("select dossier_id from core.dossier_version group by dossier_id order by count(*) desc, dossier_id limit 40")
    for dossier in draw.sample(list(connection.execute(several).scalars()), 12):
        connection.execute(
            text(
                "update core.dossier_version set status_code = cast(:s as smallint), due_at = cast(:due as timestamptz), "
                "processed_at = cast(:end as timestamptz), _failed_rules = null where (dossier_id, _changed_at) in "
                "(select dossier_id, max(_changed_at) from core.dossier_version where dossier_id = :d group by dossier_id)"
            ),
            {"d": dossier, "s": draw.choice((4, 9, 10)), "due": a_moment(draw), "end": a_moment(draw)},
        )


def lost_version(connection: Connection, draw: random.Random) -> None:
    """Versions that are taken away: what was between two of them is gone."""
    for dossier in some(connection, draw, "core.dossier_version", "dossier_id", 4):
        connection.execute(
            text(
                "delete from core.dossier_version where (dossier_id, _changed_at) in (select dossier_id, _changed_at from "
                "core.dossier_version where dossier_id = :d order by _changed_at offset 1 limit 1)"
            ),
            {"d": dossier},
        )


def changed_step(connection: Connection, draw: random.Random) -> None:
    """Steps with another status or time, and hidden ones."""
    for step in some(connection, draw, "core.dossier_step_version", "step_id", 12):
        connection.execute(
            text(
                "update core.dossier_step_version set status_code = cast(:s as smallint), done_at = cast(:m as timestamptz), "
                "deleted_at = cast(:x as timestamptz) where step_id = :i"
            ),
            {"i": step, "s": draw.choice((4, 9, 10)), "m": a_moment(draw), "x": draw.choice((None, None, a_moment(draw)))},
        )


def another_step(connection: Connection, draw: random.Random) -> None:
    """Further steps: work that begins again after the end."""
    for step in some(connection, draw, "core.dossier_step_version", "step_id", 8):
        change = {
            "step_id": draw.getrandbits(40),
            "step_code": f"S{draw.random()}",
            "status_code": draw.choice((4, 9)),
            "done_at": "2024-01-01",
        }
        connection.execute(
            text(
                "insert into core.dossier_step_version select r.* from core.dossier_step_version as v "
                "cross join lateral jsonb_populate_record(v, cast(:c as jsonb)) as r "
                "where v.ctid = (select w.ctid from core.dossier_step_version as w where w.step_id = :i limit 1)"
            ),
            {"i": step, "c": json.dumps(change)},
        )


def ended_together(connection: Connection, draw: random.Random) -> None:
    """Dossiers of one unit that end in one minute, around the number that is told."""
    unit, count = draw.choice(("H19.16.3", "H19.16.22")), draw.randint(19, 23)
    connection.execute(
        text("update mart.dossier set unit_code = :u, finished_at = cast(:m as timestamptz), is_counted = true where dossier_id = any(:d)"),
        {"u": unit, "m": a_moment(draw), "d": some(connection, draw, "mart.dossier", "dossier_id", count)},
    )


def derived_anew(connection: Connection, draw: random.Random) -> None:
    """Dossiers that are deleted and come again, as a load writes them."""
    chosen = some(connection, draw, "mart.dossier", "dossier_id", 22)
    connection.execute(
        text("create temp table again on commit drop as select * from mart.dossier where dossier_id = any(:d)"), {"d": chosen}
    )
    connection.execute(text("delete from mart.dossier where dossier_id = any(:d)"), {"d": chosen})
    connection.execute(
        text("update again set unit_code = 'H19.16.21', finished_at = cast(:m as timestamptz), is_counted = true"), {"m": a_moment(draw)}
    )
    connection.execute(text("insert into mart.dossier select * from again"))
    connection.execute(text("drop table again"))


CHANGES = (another_version, changed_version, lost_version, changed_step, another_step, ended_together, derived_anew)


def story(connection: Connection, seed: int) -> None:
    """Changes by chance; the last one changes versions, which no later one notes."""
    draw = random.Random(seed)
    for _ in range(24):
        draw.choice(CHANGES)(connection, draw)
    changed_version(connection, draw)


def live(connection: Connection, seed: int) -> Counter[str]:
    """A story by chance; how many findings of each kind it ends with. Raises AssertionError where a finding is no candidate."""
    story(connection, seed)
    every = found_among_all(connection, BY_CANDIDATES, EVERY_CANDIDATE)
    assert found(connection, BY_CANDIDATES) == every
    return Counter(code for code, _ in every.elements())


def test_after_changes_by_chance_every_finding_is_a_candidate(connection: Connection) -> None:
    assert set(live(connection, 5)) == set(BY_CANDIDATES)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_without_a_trigger_findings_are_missed(connection: Connection, trigger: str) -> None:
    name, _, table = trigger.partition(" on ")
    connection.execute(text(f"alter table {table} disable trigger {name}"))
    for seed in range(5, 12):
        with connection.begin_nested() as savepoint:
            story(connection, seed)
            missed = found_among_all(connection, BY_CANDIDATES, EVERY_CANDIDATE) - found(connection, BY_CANDIDATES)
            savepoint.rollback()
        if missed:
            return
    raise AssertionError(f"no finding is missed without {trigger}")


def test_what_stands_in_the_warehouse_already_becomes_a_candidate(connection: Connection, settings: Settings) -> None:
    """The migration of a warehouse with dossiers in it notes the same ones as the triggers."""
    live(connection, 5)
    tables = {"ops.finding_candidate": set[tuple[object, ...]](), "ops.bulk_minute": set[tuple[object, ...]]()}
    for table, noted in tables.items():
        noted |= {tuple(row) for row in connection.execute(text(f"select * from {table}"))}
        connection.execute(text(f"delete from {table}"))
    migration = (settings.sql_dir / "migrations" / "0082_finding_candidates.sql").read_text(encoding="utf-8")
    stored = migration.partition("-- what is stored already\n")[2].partition("\nanalyze ")[0]
    connection.exec_driver_sql(stored)
    for table, noted in tables.items():
        filled = {tuple(row) for row in connection.execute(text(f"select * from {table}"))}
        # what was a candidate once stays one, so more may be noted than the migration finds
        assert filled and filled <= noted


USED = {
    "result_is_submitted_paper": "dossier_version_submitted_ix",
    "end_equals_due": "dossier_end_at_due_ix",
    "ended_in_bulk": "dossier_ended_ix",
    "received_on_day_off": "dossier_received_day_ix",
    "deleted_after_counted": "dossier_left_out_ix",
    "late_without_apology": "dossier_late_ix",
    "paid_without_transaction": "dossier_paid_online_ix",
    "transaction_not_recorded": "payment_version_online_ix",
    "double_payment": "payment_version_paid_ix",
    "unit_did_not_exist": "dossier_unit_received_ix",
    "record_unit_did_not_exist": "payment_version_unit_ix",
    "refund_exceeds_payment": "payment_version_order_ix",
    "two_codes": "dossier_other_code_ix",
    "end_changed": "finding_candidate_pk",
    "due_moved_after_passing": "finding_candidate_pk",
    "reopened": "finding_candidate_pk",
}


@pytest.mark.parametrize("code", USED)
def test_a_kind_of_finding_uses_its_index(connection: Connection, code: str) -> None:
    """A small warehouse is read as a whole unless that is forbidden: whether the index fits the query is what is asked here."""
    for setting in ("enable_seqscan", "enable_bitmapscan"):
        connection.execute(text(f"set local {setting} = off"))
    month = "and month_start = '2023-12-01'" if code == "late_without_apology" else ""
    asked = f"explain select * from mart.finding where finding_code = :c {month}"
    plan = "\n".join(connection.execute(text(asked), {"c": code}).scalars())
    assert USED[code] in plan, plan
