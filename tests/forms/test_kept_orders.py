"""What a comparison of orders gave is kept: after changes of every kind the reconciliation is that of all orders compared anew."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from cchc.errors import CchcError
from cchc.findings.kept_orders import compare_all_again, keep_orders
from cchc.period import now
from cchc.warehouse import engine
from cchc.warehouse.queries import run_statement
from tests.support.defects import planted, statement_of
from tests.support.district import LoadedMonth, loaded_month
from tests.support.warehouse import NewWarehouse

FUNCTION = "mart.payment_reconciliation_between"
SUMS = "mart.payment_reconciliation_sums_between"
SPANS = ("", "'2023-03-05', '2023-09-20'", "null, '2023-06-10'", "'2023-06-10', null")

# a few payments of dossiers with fees: changes among them concern one another
FEW = """create temp table few on commit drop as
select p._key, p.order_code, d.dossier_id, d.dossier_code
from core.payment as p
inner join mart.dossier as d on p.dossier_code = d.dossier_code
inner join core.dossier_version as v on d.dossier_id = v.dossier_id and v._is_current
where p.kind_code = 'PAY' and p.order_code is not null and v.fees is not null
order by md5(p._key || :seed) limit 14"""
AWAY = """create temp table away_payment on commit drop as select * from core.payment_version where false;
create temp table away_dossier on commit drop as select * from mart.dossier where false;
create temp table away_version on commit drop as select * from core.dossier_version where false"""
OF = "from few as f, few as o where f._key = :one and o._key = :other and {table}.{key} = f.{key}"
PAYMENTS = "core.payment_version"
DOSSIERS = "mart.dossier"
VERSIONS = "core.dossier_version"
CHANGES = (
    (PAYMENTS, "order_code = o.order_code"),
    (PAYMENTS, "order_code = o.order_code"),
    (PAYMENTS, "order_code = f.order_code"),
    (PAYMENTS, "order_code = null"),
    (PAYMENTS, "dossier_code = o.dossier_code"),
    (PAYMENTS, "dossier_code = f.dossier_code"),
    (PAYMENTS, "dossier_code = null"),
    (PAYMENTS, "dossier_code = 'other ' || o.dossier_code"),
    (PAYMENTS, "kind_code = 'REFUND', refunded_order_code = o.order_code"),
    (PAYMENTS, "kind_code = 'PAY', status_code = 1, _failed_rules = null"),
    (PAYMENTS, "amount_vnd = amount_vnd + 1000"),
    (PAYMENTS, "receipt_number = null"),
    (PAYMENTS, "status_code = 3"),
    (PAYMENTS, "status_code = 4"),
    (PAYMENTS, "paid_at = paid_at + interval '40 days'"),
    (PAYMENTS, "_is_current = not _is_current"),
    (DOSSIERS, "other_dossier_code = o.dossier_code"),
    (DOSSIERS, "other_dossier_code = 'other ' || f.dossier_code"),
    (DOSSIERS, "other_dossier_code = null"),
    (DOSSIERS, "dossier_code = 'another ' || f.dossier_code"),
    (DOSSIERS, "dossier_code = f.dossier_code"),
    (VERSIONS, """fees = cast('[{"amount_vnd": 1}]' as jsonb)"""),
    (VERSIONS, "_is_current = not _is_current"),
)


def taken(rows: str, table: str, condition: str) -> str:
    """A statement that takes rows away into a temporary table."""
    return f"with gone as (delete from {rows} where {condition} returning *) insert into {table} select * from gone"


def back(rows: str, table: str) -> str:
    """A statement that brings the rows of a temporary table back."""
    return f"with gone as (delete from {table} returning *) insert into {rows} select * from gone on conflict do nothing"


@pytest.fixture
def connection(demo_warehouse: Any) -> Iterator[Connection]:
    """A transaction on the two years of the demo, which is rolled back; nothing is noted, and every order is kept."""
    with engine(demo_warehouse.settings).connect() as opened:
        transaction = opened.begin()
        keep(opened)
        assert opened.execute(text("select ops.is_reconciliation_kept()")).scalar()
        assert opened.execute(text("select count(*) from ops.reconciliation_change")).scalar() == 0
        assert opened.execute(text("select count(*) from ops.reconciled_order")).scalar_one() > 500
        yield opened
        transaction.rollback()


def keep(connection: Connection) -> int:
    return run_statement(connection, "reconciliation/keep", now=now()).rowcount


def rows(connection: Connection, span: str = "") -> Counter[str]:
    return Counter(connection.execute(text(f"select cast(to_jsonb(r) as text) from {FUNCTION}({span}) as r")).scalars())


def sums(connection: Connection, span: str = "") -> tuple[Counter[str], Counter[str]]:
    """The sums of those that match and the orders that do not, by the function that makes sums, and of all rows of the other one."""
    plain = "r.state = 'matched' and not r.is_receipt_missing"
    columns = "r.source_code, r.unit_code, r.day, r.state, r.is_receipt_missing, case when not ({0}) then r.order_code end, case when not ({0}) then r.dossier_code end"
    found = []
    for function, count in ((f"{FUNCTION}({span})", "count(*)"), (f"{SUMS}({span})", "sum(r.order_count)")):
        asked = (
            f"select to_jsonb(array_agg(x)) from (select {columns.format(plain)}, cast({count} as bigint) as n, sum(r.fee_vnd) as fee, "
            f"sum(r.paid_vnd) as paid, sum(r.refunded_vnd) as refunded from {function} as r group by 1, 2, 3, 4, 5, 6, 7) as x"
        )
        found.append(Counter(str(row) for row in connection.execute(text(asked)).scalar_one() or []))
    return found[0], found[1]


def differing(connection: Connection, least: int = 500, spans: Sequence[str] = SPANS[:1]) -> int:
    """How many spans of days have other rows than where nothing is kept. `least`: so many rows there are at least."""
    kept = [rows(connection, span) for span in spans]
    savepoint = connection.begin_nested()
    connection.execute(text("delete from ops.reconciliation_context"))
    anew = [rows(connection, span) for span in spans]
    savepoint.rollback()
    assert len(anew[0]) >= least
    for span in spans:
        all_rows, summed = sums(connection, span)
        assert all_rows == summed
    return sum(one != other for one, other in zip(kept, anew, strict=True))


def story(connection: Connection, seed: int, steps: int = 60) -> int:
    """Few payments and their dossiers change, go and come back by chance, and are kept now and then. How often something differed."""
    draw = random.Random(seed)
    connection.execute(text(FEW), {"seed": str(seed)})
    for statement in AWAY.split(";"):
        connection.execute(text(statement))
    keys = list(connection.execute(text("select _key from few order by 1")).scalars())
    assert len(keys) == 14
    away = {PAYMENTS: ("away_payment", "_key"), DOSSIERS: ("away_dossier", "dossier_id"), VERSIONS: ("away_version", "dossier_id")}
    wrong = 0
    for number in range(steps):
        one, other = draw.sample(keys, 2)
        table, change = draw.choice(CHANGES)
        temporary, key = away[table]
        kind = draw.randrange(8)
        if kind == 0:
            condition = f"{key} in (select {key} from few where _key = :one)"
            connection.execute(text(taken(table, temporary, condition)), {"one": one})
        elif kind < 3:
            connection.execute(text(back(table, temporary)))
        else:
            of = OF.format(table=table, key=key)
            with connection.begin_nested() as savepoint:  # a second current version of a dossier is refused
                try:
                    connection.execute(text(f"update {table} set {change} {of}"), {"one": one, "other": other})
                except IntegrityError:
                    savepoint.rollback()
        if number % 12 == 11:
            wrong += differing(connection, spans=SPANS)
            if draw.randrange(2):
                keep(connection)
    return wrong


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(3, 60))])
def test_after_changes_by_chance_the_rows_are_those_of_all_orders(connection: Connection, seed: int) -> None:
    assert story(connection, seed) == 0
    keep(connection)
    assert connection.execute(text("select count(*) from ops.changed_orders()")).scalar() == 0
    assert differing(connection, spans=SPANS) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # the codes that the tries of a changed order name
        ("and p.kind_code = 'PAY' and p.dossier_code is not null\n", "and false\n"),
        ("where k.dossier_code = any(array(select c.dossier_code from code as c))\n", "where false\n"),
        ("where k.other_dossier_code is not null and", "where false and"),
        ("    where n.order_key is not null\n", "    where false\n"),
    ],
)
def test_an_order_that_is_not_followed_is_told(connection: Connection, old: str, new: str) -> None:
    connection.exec_driver_sql(planted(statement_of("ops.changed_orders"), "ops.changed_orders", old, new).replace("%", "%%"))
    connection.execute(text(FEW), {"seed": "1"})
    one, other, third = connection.execute(text("select _key from few order by 1 limit 3")).scalars()
    # two orders of one dossier, which names it by both of its codes, and together pay its fees
    for change in (
        f"update {PAYMENTS} set amount_vnd = 5000, status_code = 1, receipt_number = 'B1' where _key in (:one, :other)",
        f"update {PAYMENTS} as p set dossier_code = 'other ' || f.dossier_code from few as f where f._key = :one and p._key = :other",
        f"""update {VERSIONS} set fees = cast('[{{"amount_vnd": 10000}}]' as jsonb) where dossier_id in (select dossier_id from few where _key = :one)""",
        f"update {DOSSIERS} set other_dossier_code = 'other ' || dossier_code where dossier_id in (select dossier_id from few where _key = :one)",
    ):
        connection.execute(text(change), {"one": one, "other": other})
    keep(connection)
    assert differing(connection) == 0
    wrong = 0
    for change in (
        f"update {PAYMENTS} as p set kind_code = 'REFUND', status_code = 1, refunded_order_code = f.order_code, amount_vnd = 5000, "
        "order_code = null from few as f where f._key = :one and p._key = :third",
        f"update {PAYMENTS} set amount_vnd = amount_vnd + 1000 where _key = :other",
        f"update {PAYMENTS} set amount_vnd = amount_vnd + 1000 where _key = :one",
        f"update {PAYMENTS} set order_code = 'new', dossier_code = null where _key = :third",
    ):
        with connection.begin_nested() as savepoint:
            connection.execute(text(change), {"one": one, "other": other, "third": third})
            wrong += differing(connection)
            savepoint.rollback()
    assert wrong > 0


ONE = "select _key from few order by 1 limit 1"
OF_ONE = "select dossier_id from few order by _key limit 1"
DUPLICATE = "core.duplicate_record"
MARK = f"""insert into {DUPLICATE}
select r.* from core.payment_version as p
cross join lateral jsonb_populate_record(cast(null as {DUPLICATE}), to_jsonb(p) || jsonb_build_object(
    'model', 'payment', 'key', p._key, 'counted_source_code', 'another'
)) as r
where p._current and p._key in ({ONE})""".replace("p._current", "p._is_current")
TAKE_PAYMENT = taken(PAYMENTS, "away_payment", f"_key in ({ONE})")
TAKE_DOSSIER = taken(DOSSIERS, "away_dossier", f"dossier_id in ({OF_ONE})")
TAKE_VERSION = taken(VERSIONS, "away_version", f"dossier_id in ({OF_ONE})")
# each kind of change: what comes before it, and is kept, and the change
EVENTS = {
    f"reconciliation_insert on {PAYMENTS}": (TAKE_PAYMENT, back(PAYMENTS, "away_payment")),
    f"reconciliation_update on {PAYMENTS}": ("select 1", f"update {PAYMENTS} set amount_vnd = 1 where _key in ({ONE})"),
    f"reconciliation_delete on {PAYMENTS}": ("select 1", TAKE_PAYMENT),
    f"reconciliation_truncate on {PAYMENTS}": ("select 1", f"truncate {PAYMENTS}"),
    f"reconciliation_insert on {DOSSIERS}": (TAKE_DOSSIER, back(DOSSIERS, "away_dossier")),
    f"reconciliation_update on {DOSSIERS}": ("select 1", f"update {DOSSIERS} set dossier_code = 'new' where dossier_id in ({OF_ONE})"),
    f"reconciliation_delete on {DOSSIERS}": ("select 1", TAKE_DOSSIER),
    f"reconciliation_truncate on {DOSSIERS}": ("select 1", f"truncate {DOSSIERS}"),
    f"reconciliation_insert on {VERSIONS}": (TAKE_VERSION, back(VERSIONS, "away_version")),
    f"reconciliation_update on {VERSIONS}": ("select 1", f"update {VERSIONS} set fees = null where dossier_id in ({OF_ONE})"),
    f"reconciliation_delete on {VERSIONS}": ("select 1", TAKE_VERSION),
    f"reconciliation_truncate on {VERSIONS}": ("select 1", f"truncate {VERSIONS}"),
    f"reconciliation_insert on {DUPLICATE}": ("select 1", MARK),
    f"reconciliation_update on {DUPLICATE}": (MARK, f"update {DUPLICATE} set key = 'another' where model = 'payment'"),
    f"reconciliation_delete on {DUPLICATE}": (MARK, f"delete from {DUPLICATE} where model = 'payment'"),
    f"reconciliation_truncate on {DUPLICATE}": (MARK, f"truncate {DUPLICATE}"),
}


@pytest.mark.parametrize("trigger", EVENTS)
def test_each_kind_of_change_is_noted(connection: Connection, trigger: str) -> None:
    """And without its trigger, old rows would be told."""
    before, change = EVENTS[trigger]
    connection.execute(text(FEW), {"seed": "1"})
    for statement in AWAY.split(";"):
        connection.execute(text(statement))
    connection.execute(text(before))
    keep(connection)
    name, _, table = trigger.partition(" on ")
    with connection.begin_nested() as savepoint:
        connection.execute(text(change))
        assert differing(connection, least=0) == 0
        savepoint.rollback()
    connection.execute(text(f"alter table {table} disable trigger {name}"))
    connection.execute(text(change))
    assert differing(connection, least=0) > 0


def test_many_changes_are_one_note(connection: Connection) -> None:
    note = planted(statement_of("ops.note_reconciliation_change"), "ops.note_reconciliation_change", "limit 10001)", "limit 31)")
    connection.exec_driver_sql(note.replace("<= 10000 ", "<= 30 ").replace("> 10000'", "> 30'").replace("%", "%%"))
    asked = "select count(*), count(order_key) from ops.reconciliation_change"
    connection.execute(text(f"update {PAYMENTS} set amount_vnd = amount_vnd + 1 where _key in (select _key from {PAYMENTS} limit 5)"))
    assert connection.execute(text(asked)).one() == (5, 5)
    connection.execute(text(f"update {PAYMENTS} set amount_vnd = amount_vnd + 1"))
    assert connection.execute(text(asked)).one() == (6, 5)
    assert differing(connection) == 0
    assert keep(connection) > 500
    assert differing(connection) == 0


@pytest.mark.parametrize(
    "change",
    [
        "update core.authority set zone = 'America/New_York'",
        "update core.source_role set role = 'other' where role = 'payments'",
        "delete from ops.reconciliation_context",
        "create or replace view core.dossier_fee as select v.dossier_id, cast(7 as numeric) as fee_vnd from core.dossier_version as v "
        "where v._is_current and v.fees is not null",
    ],
)
def test_what_else_a_comparison_depends_on_is_asked(connection: Connection, change: str) -> None:
    connection.execute(text(change))
    assert not connection.execute(text("select ops.is_reconciliation_kept()")).scalar()
    assert differing(connection, least=0) == 0
    keep(connection)
    assert connection.execute(text("select ops.is_reconciliation_kept()")).scalar()
    assert differing(connection, least=0) == 0


def test_a_clock_that_goes_on_needs_no_comparison(connection: Connection) -> None:
    """What is pending becomes late, and what has no dossier is told as such."""
    connection.execute(text(FEW), {"seed": "1"})
    connection.execute(text(f"update {PAYMENTS} set status_code = 3 where _key in ({ONE})"))
    connection.execute(
        text(f"update {PAYMENTS} set dossier_code = 'nobody' where _key in (select _key from few order by 1 offset 1 limit 1)")
    )
    keep(connection)
    states = set()
    for clock in ("2022-01-01", "2030-01-01"):
        connection.execute(text("update ops.coverage set to_at = :t"), {"t": clock})
        assert connection.execute(text("select ops.is_reconciliation_kept()")).scalar()
        assert differing(connection) == 0
        states |= {tuple(sorted(Counter(connection.execute(text(f"select state from {FUNCTION}()")).scalars()).items()))}
    assert len(states) == 2


def test_a_load_beside_a_refresh_is_not_lost(new_warehouse: NewWarehouse, month_template: LoadedMonth, tmp_path: Any) -> None:
    """A refresh keeps the orders while a load that it cannot see yet has changed one; the load is committed after it."""
    with loaded_month(new_warehouse, month_template, tmp_path) as settings:
        keep_orders(settings)
        assert keep_orders(settings) == 0
        with engine(settings).connect() as load:
            change = f"update {PAYMENTS} set amount_vnd = amount_vnd + 1 where _is_current and status_code = 1 and kind_code = 'PAY'"
            assert load.execute(text(change)).rowcount > 10
            with engine(settings).begin() as other:
                other.execute(text(f"update {PAYMENTS} set receipt_number = null where _is_current and status_code <> 1"))
            keep_orders(settings)
            load.commit()
        with engine(settings).connect() as connection:
            assert connection.execute(text("select count(*) from ops.reconciliation_change")).scalar_one() > 0
            assert differing(connection, least=10) == 0
        assert keep_orders(settings) > 10
        with engine(settings).connect() as connection:
            assert differing(connection, least=10) == 0


def test_the_weekly_check_compares_all_orders(new_warehouse: NewWarehouse, month_template: LoadedMonth, tmp_path: Any) -> None:
    with loaded_month(new_warehouse, month_template, tmp_path) as settings:
        keep_orders(settings)
        assert "no differences" in compare_all_again(settings)
        with engine(settings).begin() as connection:
            connection.execute(text("alter table core.payment_version disable trigger reconciliation_update"))
            connection.execute(text(f"update {PAYMENTS} set amount_vnd = amount_vnd + 1 where _is_current and status_code = 1"))
        with pytest.raises(CchcError, match=r"was not up to date: .+ of payments"):
            compare_all_again(settings)
        assert "no differences" in compare_all_again(settings)
        with engine(settings).connect() as connection:
            assert differing(connection, least=10) == 0
