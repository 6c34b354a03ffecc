"""Reconciliation of some days: the rows of the whole log on these days, found by indexes alone, after changes by chance."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from cchc.cli import main as cli
from cchc.period import now
from cchc.warehouse import engine
from cchc.warehouse.queries import run_statement
from tests.support.defects import planted, statement_of

FUNCTION = "mart.payment_reconciliation_between"
BETWEEN = "ops.reconciled_between"  # whose text stands in that of FUNCTION
COMPARED = "ops.compared_orders"  # which compares the orders of these days where nothing is kept
# what a payment becomes, by chance: another day, no moment, no order, the order or dossier of another one, a refund, another state
CHANGES = (
    "paid_at = p.paid_at + (random() - 0.5) * interval '40 days'",
    "paid_at = cast(cast(p.paid_at as date) as timestamptz) - (round(random()) * interval '1 second')",
    "paid_at = null",
    "order_code = null",
    "order_code = o.order_code, dossier_code = o.dossier_code",
    "dossier_code = o.dossier_code",
    "kind_code = 'REFUND', refunded_order_code = o.order_code, amount_vnd = o.amount_vnd",
    "status_code = 3",
    "status_code = 4",
)
CHANGE = "update core.payment_version as p set {change} from core.payment_version as o where p._key = any(:keys) and o._key = :other"
OTHER_CODE = "update mart.dossier set other_dossier_code = :code where dossier_id = any(:d)"
# two orders of a dossier: one names it by MaHoSo, the other by MaHoSoKhac
BY_OTHER_CODE = (
    "update mart.dossier as d set other_dossier_code = 'other ' || d.dossier_code from core.payment_version as p "
    "where p._key = :key and d.dossier_code = p.dossier_code",
    "update core.payment_version as p set dossier_code = o.dossier_code from core.payment_version as o where p._key = :other and o._key = :key",
    "update core.payment_version set dossier_code = 'other ' || dossier_code where _key = :key",
)
SAID_PAID = "update mart.dossier set paid_online_code = 1 where dossier_id = any(:d)"
INDEXES = {
    COMPARED: ("payment_version_moment_ix", "payment_version_order_ix", "payment_version_dossier_ix", "payment_version_refund_ix"),
    BETWEEN: ("payment_version_dossier_ix", "dossier_paid_online_day_ix", "reconciled_order_day_ix"),
}


@pytest.fixture
def connection(demo_warehouse: Any) -> Iterator[Connection]:
    """A transaction on the two years of the demo, which is rolled back; no order is kept (`test_kept_orders.py` has those)."""
    with engine(demo_warehouse.settings).connect() as opened:
        transaction = opened.begin()
        opened.execute(text("delete from ops.reconciliation_context"))
        yield opened
        transaction.rollback()


def rows(connection: Connection, asked: str, **binds: date | None) -> Counter[str]:
    return Counter(connection.execute(text(f"select cast(to_jsonb(r) as text) from {asked}"), binds).scalars())


def differing(connection: Connection, seed: int) -> int:
    """Changes by chance; how many of some spans of days have other rows than the whole log has on them."""
    draw = random.Random(seed)
    connection.execute(text("select setseed(:s)"), {"s": draw.random()})
    keys = connection.execute(text("select _key from core.payment_version where dossier_code is not null order by 1")).scalars().all()
    dossiers = connection.execute(text("select dossier_id from mart.dossier order by 1")).scalars().all()
    for change in CHANGES:
        for _ in range(4):
            connection.execute(text(CHANGE.format(change=change)), {"keys": draw.sample(keys, 3), "other": draw.choice(keys)})
    for _ in range(12):
        code = connection.execute(text("select dossier_code from core.payment_version where _key = :k limit 1"), {"k": draw.choice(keys)})
        connection.execute(text(OTHER_CODE), {"code": code.scalar(), "d": draw.sample(dossiers, 2)})
    for _ in range(12):
        key, other = draw.sample(keys, 2)
        for change in BY_OTHER_CODE:
            connection.execute(text(change), {"key": key, "other": other} if ":other" in change else {"key": key})
    connection.execute(text(SAID_PAID), {"d": draw.sample(dossiers, 40)})
    whole = rows(connection, f"{FUNCTION}() as r")
    assert len({re.search(r'"state": "(\w+)"', row)[1] for row in whole}) >= 6  # type: ignore[index] # every row has a state
    wrong = 0
    days: list[tuple[date | None, date | None]] = [
        (date(2023, 12, 1), date(2024, 1, 1)),
        (None, date(2023, 12, 9)),
        (date(2023, 12, 9), None),
    ]
    for _ in range(12):
        begin = date(2022, 12, 1) + timedelta(days=draw.randint(0, 400))
        days.append((begin, begin + timedelta(days=draw.choice((1, 1, 7, 31)))))
    for first, before in days:
        condition = "r.day >= coalesce(cast(:first as date), '-infinity') and r.day < coalesce(cast(:before as date), 'infinity')"
        expected = rows(connection, f"{FUNCTION}() as r where {condition}", first=first, before=before)
        wrong += rows(connection, f"{FUNCTION}(cast(:first as date), cast(:before as date)) as r", first=first, before=before) != expected
    return wrong


@pytest.mark.parametrize("seed", [3, 4])
def test_some_days_have_the_rows_of_the_whole_log(connection: Connection, seed: int) -> None:
    assert differing(connection, seed) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- interval '2 days'", "+ interval '2 days'"),
        ("+ interval '2 days'", "- interval '2 days'"),
        ("    where p.dossier_code = any(array(select c.code from wanted_code as c))\n", "    where false\n"),
        ("    where d.dossier_code = any(array(select c.dossier_code from further_code as c))\n", "    where false\n"),
    ],
)
def test_a_look_that_finds_too_little_is_told(connection: Connection, old: str, new: str) -> None:
    defect = planted(statement_of(COMPARED), COMPARED, old, new)
    connection.exec_driver_sql(defect.replace("%", "%%"))
    assert differing(connection, 3) > 0


def plan_of(connection: Connection, function: str, *settings: str) -> str:
    """The plan of a function for whatever days, by its own settings and some others."""
    body = statement_of(function).split("$$")[1]
    body = re.sub(r"\bbefore\b", "$2", re.sub(r"\bfirst_day\b", "$1", re.sub(r"--.*", "", body)))
    body = body.replace("is_summed", "false")
    own = connection.execute(text("select unnest(proconfig) from pg_proc where oid = cast(:name as regproc)"), {"name": FUNCTION}).scalars()
    for setting in (*own, "plan_cache_mode=force_generic_plan", *settings):
        if not setting.startswith("search_path"):
            connection.execute(text(f"set local {setting}"))
    connection.exec_driver_sql(f"prepare asked (date, date) as {body}".replace("%", "%%"))
    plan = "\n".join(connection.exec_driver_sql("explain execute asked ('2023-12-01', '2024-01-01')").scalars())
    connection.exec_driver_sql("deallocate asked")
    return plan


@pytest.mark.parametrize("function", INDEXES)
def test_some_days_are_found_by_indexes(connection: Connection, function: str) -> None:
    run_statement(connection, "reconciliation/keep", now=now())
    connection.execute(text("analyze ops.reconciled_order"))
    plan = plan_of(connection, function, "enable_bitmapscan=off")
    for name in INDEXES[function]:
        # a look into the index, not a walk through all of it
        assert re.search(rf"using {name} .*\n\s+Index Cond:", plan), f"{name}\n{plan}"


@pytest.mark.parametrize("function", INDEXES)
def test_no_list_is_read_row_by_row_beside_another(connection: Connection, function: str) -> None:
    """Where indexes look dear, a table would be read as a whole, and each row be compared with all keys; the settings forbid it."""
    plan = plan_of(connection, function, "random_page_cost=1000")
    assert not re.search(r"Seq Scan on (payment_version|dossier|dossier_version|reconciled_order)\b", plan), plan
    # the one source of the log may stand beside each row
    asked = plan[plan.index("CTE asked_order" if function == COMPARED else "CTE changed") :]
    loops = re.findall(r"Nested Loop.*\n(?:.*(?:Join Filter|InitPlan|Disabled).*\n)*\s+->  (.*?)  \(", asked)
    assert {loop for loop in loops if not loop.startswith("CTE Scan on log")} == set(), plan


def test_the_command_compares_the_payments_once(demo_warehouse: Any) -> None:
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    event.listen(engine(demo_warehouse.settings), "before_cursor_execute", note)
    try:
        assert cli.main(["reconcile", "2023-12"]) == 0
    finally:
        event.remove(engine(demo_warehouse.settings), "before_cursor_execute", note)
    assert len([statement for statement in asked if "mart.payment_reconciliation_" in statement]) == 1
