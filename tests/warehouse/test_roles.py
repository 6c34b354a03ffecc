"""The four roles: who writes, who reads what, and that nobody but the loader sees the keyed hash of a person's number (docs/guides/roles.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from cchc.settings import Settings
from cchc.warehouse import engine
from cchc.warehouse.roles import READER_ROLE, WEB_ROLE
from cchc.warehouse.url import LOADER_LOGIN
from tests.support.cli import cchc, connect
from tests.support.deliveries import payment, payment_file
from tests.support.district import CLOCK
from tests.support.warehouse import rows_of

ROLES = ("cchc_loader", "cchc_analyst", "cchc_dashboard", "cchc_unit")


@contextmanager
def acting_as(settings: Settings, role: str) -> Iterator[Connection]:
    """A transaction in the role, rolled back."""
    with engine(settings).connect() as connection, connection.begin() as transaction:
        connection.execute(text(f"set local role {role}"))
        yield connection
        transaction.rollback()


def relations(settings: Settings, *schemas: str) -> list[str]:
    """Tables and views of the schemas."""
    listed = ", ".join(f"'{schema}'" for schema in schemas)
    return [
        row["name"]
        for row in rows_of(
            settings,
            f"select n.nspname || '.' || c.relname as name from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace "
            f"where n.nspname in ({listed}) and c.relkind in ('r', 'v', 'm', 'p') order by 1",
        )
    ]


def columns(settings: Settings, relation: str) -> list[str]:
    schema, _, name = relation.partition(".")
    asked = f"select column_name from information_schema.columns where table_schema = '{schema}' and table_name = '{name}' order by ordinal_position"
    return [row["column_name"] for row in rows_of(settings, asked)]


def calls(settings: Settings, schema: str) -> list[str]:
    """Every function of a schema as it is called: arguments without a default get a period, in the words of its own signature."""
    asked = {"period_kind": "'month'", "period_start": "date '2023-06-01'"}
    found = rows_of(
        settings,
        "select p.oid, n.nspname || '.' || p.proname as name, p.proargnames[1:p.pronargs - p.pronargdefaults] as required "
        f"from pg_proc as p inner join pg_namespace as n on n.oid = p.pronamespace where n.nspname = '{schema}' order by p.oid",
    )
    return [f"select * from {row['name']}({', '.join(asked[name] for name in row['required'] or [])})" for row in found]


def refused(connection: Connection, statement: str) -> bool:
    """Whether the role may not; some views nobody can write to."""
    try:
        with connection.begin_nested():
            connection.execute(text(statement))
    except DBAPIError as error:
        assert "permission denied" in str(error.orig) or "from view" in str(error.orig) or "into view" in str(error.orig), error
        return True
    return False


def test_the_roles_cannot_log_in_and_are_no_administrators(warehouse: Settings) -> None:
    found = rows_of(warehouse, "select rolname, rolcanlogin, rolsuper, rolcreaterole from pg_roles where rolname like 'cchc%' order by 1")
    # the tasks, the pages of the dashboard and `cchc sql` log in with roles of their own, which are no administrators either
    ours = [row for row in found if row["rolname"] in (LOADER_LOGIN, WEB_ROLE, READER_ROLE)]
    assert [row["rolname"] for row in ours] == [LOADER_LOGIN, READER_ROLE, WEB_ROLE]
    assert all(row["rolcanlogin"] and not (row["rolsuper"] or row["rolcreaterole"]) for row in ours)
    found = [row for row in found if row not in ours]
    assert [row["rolname"] for row in found] == sorted(ROLES)
    assert not any(row["rolcanlogin"] or row["rolsuper"] or row["rolcreaterole"] for row in found)


def test_the_reader_reads_every_relation_and_changes_none(warehouse: Settings) -> None:
    with engine(warehouse).begin() as connection:
        connection.execute(text("create table staging.made_by_a_run (a integer)"))
    with acting_as(warehouse, READER_ROLE) as connection:
        for relation in relations(warehouse, "ops", "staging", "core", "mart"):
            assert not refused(connection, f"select * from {relation} limit 1"), relation
            assert refused(connection, f"delete from {relation}"), relation
        assert refused(connection, "create table mart.mine (a integer)")
        assert refused(connection, "select pg_read_file('PG_VERSION')")


def test_the_dashboard_reads_mart_alone(warehouse: Settings) -> None:
    with acting_as(warehouse, "cchc_dashboard") as connection:
        for relation in relations(warehouse, "mart"):
            assert not refused(connection, f"select * from {relation} limit 1"), relation
            assert refused(connection, f"insert into {relation} default values"), relation
        for relation in relations(warehouse, "core", "ops", "staging"):
            assert refused(connection, f"select 1 from {relation} limit 1"), relation
        assert refused(connection, "create table mart.mine (a integer)")


@pytest.mark.parametrize("role", ["cchc_analyst", "cchc_dashboard"])
def test_every_relation_and_function_of_mart_is_read_without_a_right_on_core(warehouse: Settings, role: str) -> None:
    functions = calls(warehouse, "mart")
    assert len(functions) >= 2 and "mart.finding" in relations(warehouse, "mart")
    with engine(warehouse).begin() as connection:
        connection.execute(text(f"revoke all on schema core, ops, staging from {role}"))
    with acting_as(warehouse, role) as connection:
        for statement in [*(f"select * from {name}" for name in relations(warehouse, "mart")), *functions]:
            assert not refused(connection, statement), statement
        assert refused(connection, "select * from core.dossier_open_at('one_stop', now(), date '2023-07-01')")


def test_a_function_with_the_rights_of_its_owner_has_a_search_path_of_its_own(warehouse: Settings) -> None:
    asked = (
        "select n.nspname || '.' || p.proname as name, 'search_path=pg_catalog, pg_temp' = any(coalesce(p.proconfig, '{}')) as is_fixed "
        "from pg_proc as p inner join pg_namespace as n on n.oid = p.pronamespace "
        "where n.nspname in ('core', 'mart', 'ops', 'staging') and p.prosecdef order by 1"
    )
    assert rows_of(warehouse, asked) == [
        {"name": name, "is_fixed": True}
        for name in (
            "core.dossier_open_at",
            "core.own_unit",
            "core.procedure_now",
            "mart.form_06a",
            "mart.form_06a_dossier",
            "mart.payment_reconciliation_between",
            "mart.payment_reconciliation_sums_between",
            "ops.audited",
            "ops.count_rows",
            "ops.publish_edition",
            "ops.show_reference",
        )
    ]


def test_a_function_of_mart_that_reads_core_as_who_asks_is_refused(warehouse: Settings) -> None:
    with engine(warehouse).begin() as connection:
        connection.execute(text("create function mart.planted() returns bigint language sql stable as 'select count(*) from core.unit'"))
    with acting_as(warehouse, "cchc_dashboard") as connection:
        assert [refused(connection, statement) for statement in calls(warehouse, "mart") if "planted" in statement] == [True]


def test_the_analyst_reads_mart_and_core_without_the_key_of_persons(warehouse: Settings) -> None:
    masked = []
    with acting_as(warehouse, "cchc_analyst") as connection:
        for relation in relations(warehouse, "mart", "core"):
            names = columns(warehouse, relation)
            if "applicant_key" in names:
                masked.append(relation)
                assert refused(connection, f"select * from {relation} limit 1"), relation
                for name in {"applicant_key", "_delivered_key"}.intersection(names):  # by it a guess of a key could be tested
                    assert refused(connection, f"select {name} from {relation} limit 1"), relation
                    names.remove(name)
            assert not refused(connection, f"select {', '.join(names)} from {relation} limit 1"), relation
            assert refused(connection, f"delete from {relation}"), relation
        for relation in relations(warehouse, "staging"):
            assert refused(connection, f"select 1 from {relation} limit 1"), relation
        assert refused(connection, "select record from ops.quarantine limit 1")
        assert not refused(connection, "select status from ops.load limit 1")
        assert refused(connection, "create table core.mine (a integer)")
    assert {"core.dossier", "core.dossier_version"} <= set(masked)


def test_a_new_table_is_readable_after_init_and_its_personal_column_is_not(warehouse: Settings) -> None:
    with engine(warehouse).begin() as connection:
        connection.execute(text("create table core.planted (planted_id bigint, applicant_key text)"))
        connection.execute(text("create view core.planted_seen as select planted_id, applicant_key from core.planted"))
        connection.execute(text("create table mart.planted (planted_id bigint)"))
    with acting_as(warehouse, "cchc_analyst") as connection:
        assert refused(connection, "select planted_id from core.planted"), "before init"
    assert cchc("init").code == 0
    with acting_as(warehouse, "cchc_analyst") as connection:
        for relation in ("core.planted", "core.planted_seen", "mart.planted"):
            assert not refused(connection, f"select planted_id from {relation}"), relation
        assert refused(connection, "select applicant_key from core.planted")
        assert refused(connection, "select applicant_key from core.planted_seen")
    with acting_as(warehouse, "cchc_dashboard") as connection:
        assert not refused(connection, "select planted_id from mart.planted")
        assert refused(connection, "select planted_id from core.planted")
    with acting_as(warehouse, "cchc_loader") as connection:
        assert not refused(connection, "insert into core.planted values (1, 'x')")


def test_mart_holds_no_personal_column(warehouse: Settings) -> None:
    personal = ("applicant_key", "applicant_name", "phone", "email", "full_name", "identity_number")
    asked = f"select table_name, column_name from information_schema.columns where table_schema = 'mart' and column_name in {personal}"
    assert rows_of(warehouse, asked) == []


def test_a_user_who_is_only_a_loader_loads(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a server's administrator gives to Airflow: a login in cchc_loader, and nothing else."""
    base = str(warehouse.warehouse_url)
    payment_file(tmp_path / "drop", "20230605", [payment()])
    connect(monkeypatch, "payments", conn_type="fs", host=str(tmp_path / "drop"))
    with engine(warehouse).begin() as connection:
        connection.execute(text("drop role if exists loading_user"))
        connection.execute(text("create role loading_user login password 'only $this test' in role cchc_loader"))
    try:
        address = base.partition("@")[2]
        monkeypatch.setenv("CCHC_WAREHOUSE_URL", f"postgresql+psycopg://loading_user:only%20%24this%20test@{address}")
        mine = Settings.load()
        with psycopg.connect(f"postgresql://loading_user:only%20%24this%20test@{address}") as login:
            assert json.dumps(login.execute("select current_user").fetchone()) == '["loading_user"]'
        said = cchc("ingest", "payments", "--to", CLOCK)
        assert said.code == 0, said.err
        assert cchc("refresh", "2023-06").code == 0
        monkeypatch.setenv("CCHC_SCHEDULE", "off")  # the demo's clock is not ours
        assert cchc("doctor").code == 0
        engine(mine).dispose()
    finally:
        monkeypatch.setenv("CCHC_WAREHOUSE_URL", base)
        with engine(warehouse).begin() as connection:
            connection.execute(text("drop owned by loading_user cascade"))
            connection.execute(text("drop role loading_user"))
    assert rows_of(warehouse, "select count(*) as n from core.payment") == [{"n": 1}]
