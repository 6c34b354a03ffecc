"""Findings about payments look at candidates: after changes of every kind by chance they are those of all payments."""

from __future__ import annotations

import random
import re

import psycopg
import pytest
from sqlalchemy import Connection, text

from cchc.settings import Settings
from tests.forms.candidates import found, found_among_all
from tests.support.defects import planted, statement_of

KINDS = ("double_payment", "transaction_without_dossier")
EVERY_CANDIDATE = (
    "insert into ops.repeated_order (source_code, order_code) "
    "select distinct source_code, order_code from core.payment_version where order_code is not null",
    "insert into ops.unknown_dossier (dossier_code) select distinct dossier_code from core.payment_version where dossier_code is not null",
)
TRIGGERS = (
    "payment_candidate_insert on core.payment_version",
    "payment_candidate_update on core.payment_version",
    "unknown_dossier_update on mart.dossier",
    "unknown_dossier_delete on mart.dossier",
)
# what a payment becomes, by chance
PAYMENT = (
    "order_code = o.order_code",
    "dossier_code = o.dossier_code",
    "dossier_code = 'unknown ' || o.dossier_code",
    "dossier_code = null",
    "kind_code = 'REFUND', refunded_order_code = o.order_code",
    "kind_code = 'PAY', status_code = 1, amount_vnd = o.amount_vnd",
    "status_code = 4",
    "_failed_rules = array['C1']",
    "_failed_rules = null, status_code = 1, order_code = o.order_code",
    "_is_current = not p._is_current",
)
CHANGE = "update core.payment_version as p set {change} from core.payment_version as o where p._key = any(:keys) and o._key = :other"
COPY = (
    "insert into core.payment_version select r.* from core.payment_version as p cross join lateral jsonb_populate_record(p, "
    "jsonb_build_object('_key', p._key || :more, 'dossier_code', coalesce(cast(:code as text), p.dossier_code))) as r where p._key = any(:keys)"
)
MANY = """insert into core.payment_version
select p.* from generate_series(1, 3000) as n
cross join lateral jsonb_populate_record(cast(null as core.payment_version), jsonb_build_object(
    'source_code', 'payments', '_key', 'P' || n, 'order_code', 'O' || n, 'dossier_code', 'D' || n, 'kind_code', 'PAY', 'status_code', 1,
    'amount_vnd', 1000, 'file_date', '2023-01-01', 'file_revision', 1, 'is_time_shifted', false, '_changed_at', '2023-01-01',
    '_first_seen_at', '2023-01-01', '_is_current', false, '_load_id', 1
)) as p"""
DOSSIER = (
    # a dossier goes away, as when its load is withdrawn
    "delete from mart.dossier where dossier_code = any(:codes)",
    "delete from mart.dossier where other_dossier_code = any(:codes)",
    # it loses the code by which a payment names it, or gets it
    "update mart.dossier set other_dossier_code = null where other_dossier_code = any(:codes)",
    "update mart.dossier set other_dossier_code = dossier_code, dossier_code = 'new ' || dossier_code where dossier_code = any(:codes)",
    "update mart.dossier set dossier_code = 'left ' || dossier_code where dossier_code = any(:codes)",
)


def story(connection: Connection, seed: int) -> None:
    """Payments and dossiers change, come and go by chance; each time some dossiers are taken away and come again, as they were."""
    draw = random.Random(seed)
    asked = "select _key from core.payment_version where dossier_code is not null and status_code = 1 order by 1"
    keys = list(connection.execute(text(asked)).scalars())
    of_keys = text("select dossier_code from core.payment_version where _key = any(:k) and dossier_code is not null")
    connection.execute(text("create temp table before on commit drop as select * from mart.dossier"))
    for number in range(40):
        some = draw.sample(keys, 3)
        codes = list(connection.execute(of_keys, {"k": draw.sample(keys, 2)}).scalars())
        kind = draw.randrange(5)
        if kind < 2:
            connection.execute(text(CHANGE.format(change=draw.choice(PAYMENT))), {"keys": some, "other": draw.choice(keys)})
        elif kind == 2:
            code = draw.choice((None, f"nobody's {number}"))
            connection.execute(text(COPY), {"more": f" {seed} {number}", "code": code, "keys": some})
        elif kind == 3:
            connection.execute(text(draw.choice(DOSSIER)), {"codes": codes})
        else:
            back = "insert into mart.dossier select b.* from before as b where b.dossier_code = any(:codes) on conflict do nothing"
            connection.execute(text(back), {"codes": codes})
    connection.execute(text("drop table before"))


def test_after_changes_by_chance_every_finding_is_a_candidate(connection: Connection) -> None:
    for seed in (1, 2, 3):
        with connection.begin_nested() as savepoint:
            story(connection, seed)
            every = found_among_all(connection, KINDS, EVERY_CANDIDATE)
            assert found(connection, KINDS) == every
            assert {code for code, _ in every} == set(KINDS)
            savepoint.rollback()


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_without_a_trigger_findings_are_missed(connection: Connection, trigger: str) -> None:
    name, _, table = trigger.partition(" on ")
    connection.execute(text(f"alter table {table} disable trigger {name}"))
    for seed in range(1, 9):
        with connection.begin_nested() as savepoint:
            story(connection, seed)
            missed = found_among_all(connection, KINDS, EVERY_CANDIDATE) - found(connection, KINDS)
            savepoint.rollback()
        if missed:
            return
    raise AssertionError(f"no finding is missed without {trigger}")


def codes(connection: Connection) -> list[str]:
    return list(connection.execute(text("select dossier_code from ops.unknown_dossier order by 1")).scalars())


def test_a_code_is_no_candidate_any_more_when_its_dossier_comes(connection: Connection) -> None:
    """Or every payment that comes before its dossier would be looked at for ever."""
    before = codes(connection)
    taken = text("create temp table taken on commit drop as select * from mart.dossier where dossier_code = any(:c)")
    named = connection.execute(
        text(
            "select distinct p.dossier_code from core.payment as p inner join mart.dossier as d on p.dossier_code = d.dossier_code limit 5"
        )
    ).scalars()
    gone = list(named)
    connection.execute(taken, {"c": gone})
    connection.execute(text("delete from mart.dossier where dossier_code = any(:c)"), {"c": gone})
    assert set(codes(connection)) >= {*before, *gone}
    connection.execute(text("insert into mart.dossier select * from taken"))
    assert not set(codes(connection)) & set(gone)


def test_what_came_beside_a_load_of_payments_is_taken_back_by_the_next_one(connection: Connection) -> None:
    """Two loads at once do not see each other's rows, so a code may be noted although its dossier is known."""
    before = codes(connection)
    known = "insert into ops.unknown_dossier (dossier_code) select dossier_code from mart.dossier order by dossier_id limit 20"
    connection.execute(text(known))
    assert codes(connection) != before
    connection.execute(text("update core.payment_version set _is_current = _is_current"))
    assert codes(connection) == before


def test_what_stands_in_the_warehouse_already_becomes_a_candidate(connection: Connection, settings: Settings) -> None:
    """The migration of a warehouse with payments in it notes the same ones as the triggers."""
    story(connection, 1)
    every = found_among_all(connection, KINDS, EVERY_CANDIDATE)
    for table in ("ops.repeated_order", "ops.unknown_dossier"):
        connection.execute(text(f"delete from {table}"))
    assert found(connection, KINDS) != every
    migration = (settings.sql_dir / "migrations" / "0090_payment_candidates.sql").read_text(encoding="utf-8")
    stored = migration.partition("-- what is stored already\n")[2].partition("\nanalyze ")[0]
    connection.exec_driver_sql(stored)
    assert found(connection, KINDS) == every


@pytest.mark.parametrize(
    ("code", "index"), [("double_payment", "payment_version_paid_ix"), ("transaction_without_dossier", "payment_version_dossier_ix")]
)
def test_candidates_are_looked_up_by_an_index(connection: Connection, code: str, index: str) -> None:
    """One look for each candidate, and no walk through all payments, whatever PostgreSQL expects."""
    for setting in ("enable_seqscan", "enable_bitmapscan"):
        connection.execute(text(f"set local {setting} = off"))
    plan = "\n".join(connection.execute(text("explain select * from mart.finding where finding_code = :c"), {"c": code}).scalars())
    reads = re.findall(r"Scan[\w ]* using (\w+) on payment_version.*\n\s+(\w+ Cond)?", plan)
    assert (index, "Index Cond") in reads, plan
    assert all(condition for _, condition in reads), plan


def test_dossiers_that_say_they_were_paid_are_found_by_the_month(connection: Connection) -> None:
    """Else those of the whole history are read for each month."""
    for setting in ("enable_seqscan", "enable_bitmapscan"):
        connection.execute(text(f"set local {setting} = off"))
    asked = "explain select * from mart.finding where finding_code = 'paid_without_transaction' and month_start = '2023-12-01'"
    plan = "\n".join(connection.execute(text(asked)).scalars())
    assert re.search(r"using dossier_paid_online_ix on dossier d.*\n\s+Index Cond:", plan), plan


def plans_of_many(settings: Settings, function: str | None = None) -> str:
    """The plans by which the trigger looks at 3,000 payments that PostgreSQL has not counted. `function`: the trigger's, with a defect."""
    told: list[str] = []
    with psycopg.connect(str(settings.warehouse_url).replace("+psycopg", "")) as opened:
        opened.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
        if function is not None:
            opened.execute(function.encode())
        opened.execute(MANY)
        for setting in ("log_min_duration = 0", "log_nested_statements = on", "log_level = notice"):
            opened.execute(b"load 'auto_explain'; set local auto_explain." + setting.encode())
        opened.execute("update core.payment_version set _is_current = true")
        opened.rollback()
    return "\n".join(plan for plan in told if "repeated_order" in plan)


def test_many_payments_at_once_are_not_compared_one_by_one(warehouse: Settings) -> None:
    """The first payments of a warehouse: each was compared with each order, for hours."""
    plans = plans_of_many(warehouse)
    assert re.search("(Hash|Merge) Join", plans) and "Nested Loop" not in plans
    function = statement_of("ops.note_payment_candidates")
    assert "Nested Loop" in plans_of_many(warehouse, planted(function, "ops.note_payment_candidates", "> 1000", "> 3000"))
