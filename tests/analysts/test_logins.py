"""Logins of persons: what `cchc user` prints opens the door, each role reads what it may, and every other act is refused."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql
from sqlalchemy import make_url

from cchc.settings import Settings
from cchc.warehouse import accounts
from tests.analysts.conftest import logged_in
from tests.support.cli import cchc
from tests.support.warehouse import execute, rows_of

UNIT, OTHER = "H19.16.21", "H19.16.22"
# Every table and view of mart, by what its rows are. A new one gets its place here: one that shows single dossiers, payments or answers has
# to be confined to the unit of a login (docs/guides/roles.md), by a policy or by its own condition.
ROWS_OF_A_UNIT = {
    "assessment",
    "dossier",
    "dossier_detail",
    "dossier_open",
    "feedback",
    "finding",
    "left_out",
    "payment",
    "payment_reconciliation",
    "publication_item",
    "restatement_item",
    "survey_answer",
    "work_file",
}
ROWS_OF_TWO_UNITS = {"document": ("handling_unit_code", "issuing_unit_code")}
SUMS_AND_LISTS = {
    "calendar",
    "code_label",
    "declared_figure",
    "indicator",
    "indicator_detail",
    "indicator_value",
    "procedure",
    "publication",
    "publication_bundle",
    "publication_report",
    "publication_unit",
    "publication_value",
    "published_value",
    "restatement",
    "score_766",
    "score_766_total",
    "scorecard",
    "source_coverage",
    "source_gap",
    "unit",
}
# an edition with an item, and a restatement with one, of each of two units: nothing is published in this warehouse
PUBLISHED = """
    with publication as (
        insert into mart.publication (
            plan_code, period_kind, period_start, period_end, edition, source_clocks, definitions, missing, findings, approval, approved_by,
            note, published_at
        )
        values ('p', 'month', '2023-12-01', '2024-01-01', 1, '{}', '{}', '{}', '{}', 'person', 'a test', '', now())
        returning publication_id
    ),
    item as (
        insert into mart.publication_item
        select p.publication_id, u.unit_code, 'dossier_on_time_rate', 'period', '{}', '{}'
        from publication as p cross join (values (:unit), (:other)) as u (unit_code)
    ),
    restatement as (
        insert into mart.restatement (
            publication_id, state, numerator, published_numerator, unit_code, level, basis, source_clocks, found_at, indicator_code
        )
        select p.publication_id, 'open', 1, 1, 'all', 'all', 'period', '{}', now(), 'dossier_on_time_rate' from publication as p
        returning restatement_id
    )
    insert into mart.restatement_item (restatement_id, unit_code, item, change, reason)
    select r.restatement_id, u.unit_code, 'x', 'added', 'late'
    from restatement as r cross join (values (:unit), (:other)) as u (unit_code)
"""
PERSONS = ("an_analyst", "a_screen", "a_commune", "a_neighbour")


@pytest.fixture(scope="module")
def logins(district: Settings) -> Iterator[dict[str, accounts.Login]]:
    """One login of each role, and one of another unit."""
    execute(district, PUBLISHED, unit=UNIT, other=OTHER)
    made = {
        "analyst": accounts.add(district, "an_analyst", "analyst", None, "test"),
        "dashboard": accounts.add(district, "a_screen", "dashboard", None, "test"),
        "unit": accounts.add(district, "a_commune", "unit", UNIT, "test"),
        "other": accounts.add(district, "a_neighbour", "unit", OTHER, "test"),
    }
    yield made
    for name in PERSONS:
        if rows_of(district, "select 1 from ops.account where user_name = :name", name=name):
            accounts.remove(district, name)


def one(connection: psycopg.Connection[Any], statement: str, *values: object) -> Any:
    """The first value that a statement gives."""
    row = connection.execute(statement.encode(), values).fetchone()
    assert row is not None
    return row[0]


def of_mart(settings: Settings) -> set[str]:
    listed = rows_of(
        settings,
        "select c.relname from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace "
        "where n.nspname = 'mart' and c.relkind in ('r', 'p', 'v', 'm')",
    )
    return {row["relname"] for row in listed}


def test_every_relation_of_mart_is_said_to_be_confined_or_not(district: Settings) -> None:
    assert of_mart(district) == ROWS_OF_A_UNIT | set(ROWS_OF_TWO_UNITS) | SUMS_AND_LISTS


def test_a_relation_with_the_code_of_a_dossier_is_confined(district: Settings) -> None:
    found = rows_of(
        district,
        "select distinct table_name from information_schema.columns where table_schema = 'mart' and column_name like '%dossier_code%'",
    )
    assert {row["table_name"] for row in found} <= ROWS_OF_A_UNIT | set(ROWS_OF_TWO_UNITS)


@pytest.mark.parametrize("name", sorted(ROWS_OF_A_UNIT))
def test_a_login_of_a_unit_sees_the_rows_of_its_unit_alone(district: Settings, logins: dict[str, accounts.Login], name: str) -> None:
    """And an analyst sees all of them."""
    all_rows = f"select count(*) from mart.{name}"
    own_rows = f"{all_rows} where unit_code = %s"
    with logged_in(logins["analyst"]) as analyst, logged_in(logins["unit"]) as unit, logged_in(logins["other"]) as other:
        expected = one(analyst, own_rows, UNIT)
        assert one(unit, all_rows) == expected
        assert one(other, own_rows, UNIT) == 0
        assert one(analyst, all_rows) >= expected + one(other, all_rows)
        assert 0 < expected < one(analyst, all_rows)


def test_a_login_of_a_unit_sees_the_documents_that_it_handles_or_has_issued(logins: dict[str, accounts.Login]) -> None:
    office = "H19.16.21"
    with logged_in(logins["analyst"]) as analyst, logged_in(logins["unit"]) as unit:
        either = " or ".join(f"{column} = %s" for column in ROWS_OF_TWO_UNITS["document"])
        expected = one(analyst, f"select count(*) from mart.document where {either}", office, office)
        assert one(unit, "select count(*) from mart.document") == expected
        assert 0 < expected < one(analyst, "select count(*) from mart.document")


def test_a_function_gives_a_login_of_a_unit_no_row_of_others(district: Settings, logins: dict[str, accounts.Login]) -> None:
    """Each function of mart that gives codes of dossiers, orders or items is refused, or confined as the tables are."""
    found = rows_of(
        district,
        "select p.proname as name, p.proargnames[1:p.pronargs - p.pronargdefaults] as required from pg_proc as p "
        "inner join pg_namespace as n on n.oid = p.pronamespace "
        "where n.nspname = 'mart' and p.proargnames && array['dossier_code', 'order_code', 'item']",
    )
    assert "form_06a_dossier" in {row["name"] for row in found}
    asked = {"period_kind": "'month'", "period_start": "date '2023-12-01'"}
    with logged_in(logins["unit"]) as unit:
        for row in found:
            call = f"mart.{row['name']}({', '.join(asked[name] for name in row['required'] or [])})"
            try:
                seen = unit.execute(f"select distinct unit_code from {call}".encode()).fetchall()
            except errors.InsufficientPrivilege:
                continue
            assert seen == [(UNIT,)], call


def test_the_policies_stand_on_every_table_with_rows_of_a_unit(district: Settings) -> None:
    found = rows_of(
        district,
        "select c.relname as name, c.relkind = 'v' as is_view, c.relrowsecurity as has_policy, "
        "coalesce('security_barrier=true' = any(c.reloptions), false) as has_barrier "
        "from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace where n.nspname = 'mart'",
    )
    confined = {row["name"]: row["has_barrier"] if row["is_view"] else row["has_policy"] for row in found}
    assert {name: confined[name] for name in [*ROWS_OF_A_UNIT, *ROWS_OF_TWO_UNITS]} == dict.fromkeys(
        [*ROWS_OF_A_UNIT, *ROWS_OF_TWO_UNITS], True
    )


@pytest.mark.parametrize(("name", "number"), [("dossier", "dossier_id"), ("dossier_detail", "dossier_id"), ("payment", "amount_vnd")])
def test_no_condition_of_the_person_is_evaluated_on_rows_of_others(logins: dict[str, accounts.Login], name: str, number: str) -> None:
    """A lock with the number of a row is a trace of it. Without security_barrier, PostgreSQL evaluates the cheaper condition first."""
    with logged_in(logins["unit"]) as unit:
        unit.execute("set default_transaction_read_only = off")
        unit.execute(
            "create function pg_temp.trace(number bigint) returns boolean language plpgsql cost 0.0001 "
            "as 'begin return pg_try_advisory_lock(number); end'"
        )
        seen = one(unit, f"select count(distinct {number}) from mart.{name}")
        unit.execute(f"select count(*) from mart.{name} where pg_temp.trace({number})".encode())
        assert one(unit, "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()") == seen


def test_a_login_of_a_unit_without_its_account_sees_nothing(district: Settings, logins: dict[str, accounts.Login]) -> None:
    """After a restore of an older warehouse the login is there, and its row is not."""
    execute(district, "update ops.account set user_name = 'elsewhere' where user_name = 'a_neighbour'")
    try:
        with logged_in(logins["other"]) as other:
            assert [one(other, f"select count(*) from mart.{name}") for name in ("dossier", "payment", "finding")] == [0, 0, 0]
    finally:
        execute(district, "update ops.account set user_name = 'a_neighbour' where user_name = 'elsewhere'")


def test_set_role_opens_nothing(logins: dict[str, accounts.Login]) -> None:
    with logged_in(logins["unit"]) as unit:
        expected = one(unit, "select count(*) from mart.dossier")
        unit.execute("set role cchc_unit")
        assert one(unit, "select count(*) from mart.dossier") == expected
        unit.execute("reset role")
        for role in ("cchc_analyst", "cchc_dashboard", "cchc_loader", "postgres", "a_neighbour"):
            with pytest.raises(errors.InsufficientPrivilege):
                unit.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        with pytest.raises(errors.InsufficientPrivilege):
            unit.execute("set session authorization an_analyst")


def test_numbers_of_all_units_are_the_same_for_every_role(logins: dict[str, accounts.Login]) -> None:
    """A unit compares itself with the others: what is summed is not confined, so it never shows a smaller number under the same name."""
    for statement in (
        "select sum(numerator), sum(denominator) from mart.indicator_value",
        "select sum(received_count), sum(late_count) from mart.form_06a('month', '2023-12-01')",
    ):
        told = []
        for role in ("analyst", "dashboard", "unit"):
            with logged_in(logins[role]) as session:
                told.append(session.execute(statement).fetchall())
        assert told[0] == told[1] == told[2] and told[0][0][0] > 0


REFUSED: dict[str, list[str]] = {
    "read core": ["select 1 from core.dossier_version limit 1", "select 1 from core.unit limit 1"],
    "read the hash of a person": [
        "select applicant_key from core.dossier limit 1",
        "select applicant_key from core.dossier_version limit 1",
    ],
    "read what the pipeline keeps": ["select record from ops.quarantine limit 1", "select 1 from ops.account limit 1"],
    "list the dossiers behind the form": ["select 1 from mart.form_06a_dossier('month', '2023-12-01') limit 1"],
    "write": [
        "update mart.dossier set unit_code = 'x'",
        "delete from mart.indicator_value",
        "insert into mart.dossier_open (source_code, as_of_date, dossier_id, dossier_code, received_date, is_paused, is_past_due) "
        "values ('x', '2023-01-01', 1, 'x', '2023-01-01', false, false)",
        "truncate mart.publication",
        "update ops.account set unit_code = null",
        "insert into ops.account values ('x', 'warehouse', 'analyst', null, now(), 'x')",
    ],
    "build": [
        "create table mart.mine (a integer)",
        "create table public.mine (a integer)",
        "create schema mine",
        "create view mart.mine as select 1 as one",
        "create function mart.mine() returns integer language sql as 'select 1'",
        "alter table mart.dossier disable row level security",
        "drop policy own_unit on mart.dossier",
    ],
    "govern": [
        "create role mine login",
        "alter role a_neighbour password 'x'",
        "grant cchc_analyst to a_commune",
        "alter role a_commune connection limit 1000",
        "alter system set work_mem = '1GB'",
    ],
    "leave the database": [
        "copy (select 1) to program 'cat'",
        f"copy (select 1) to '{tempfile.gettempdir()}/mine.csv'",  # anybody may write there, so only the rights refuse it
        "select pg_read_file('postgresql.conf')",
        "select lo_import('/etc/passwd')",
        "select pg_ls_dir('.')",
    ],
}
ALLOWED = {("analyst", "read core"), ("analyst", "list the dossiers behind the form"), ("dashboard", "list the dossiers behind the form")}


@pytest.mark.parametrize("role", ["analyst", "dashboard", "unit"])
@pytest.mark.parametrize("act", sorted(REFUSED))
def test_what_a_role_may_not_do_is_refused(logins: dict[str, accounts.Login], role: str, act: str) -> None:
    """Also when the session has switched off that it only reads: the rights refuse it, not the setting."""
    with logged_in(logins[role]) as session:
        session.execute("set default_transaction_read_only = off")
        session.execute("set search_path = pg_catalog")
        for statement in REFUSED[act]:
            if (role, act) in ALLOWED:
                session.execute(statement.encode())
                continue
            with pytest.raises(errors.InsufficientPrivilege):
                session.execute(statement.encode())


def test_a_session_only_reads_and_a_long_query_ends(logins: dict[str, accounts.Login]) -> None:
    for role in ("analyst", "dashboard", "unit"):
        with logged_in(logins[role]) as session:
            assert one(session, "show default_transaction_read_only") == "on"
            assert one(session, "show statement_timeout") == "5min"
            assert one(session, "show idle_in_transaction_session_timeout") == "10min"
            assert one(session, "show transaction_timeout") == "1h"
            assert one(session, "show timezone") == "Asia/Ho_Chi_Minh"
            assert one(session, "select count(*) from indicator_value") > 0, "mart need not be written"
            with pytest.raises(errors.ReadOnlySqlTransaction):
                session.execute("create temp table mine (a integer)")
            session.execute("set statement_timeout = 20")
            with pytest.raises(errors.QueryCanceled):
                session.execute("select pg_sleep(30)")


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_prints_what_a_tool_asks_for_and_it_opens(district: Settings) -> None:
    said = cchc("user", "add", "lan", "--role", "unit", "--unit", UNIT, "--by", "chief")
    assert said.code == 0, said.err
    try:
        told = dict(re.findall(r"^  (\w+) +(.+)$", said.out, re.MULTILINE))
        url = make_url(str(district.warehouse_url))
        assert (told["Host"], told["Port"], told["Database"], told["User"]) == (url.host, str(url.port), url.database, "lan")
        assert told["URL"] == f"postgresql://lan:{told['Password']}@{url.host}:{url.port}/{url.database}"
        assert told["Password"] not in told["psql"] and "user=lan" in told["psql"]
        with psycopg.connect(told["URL"]) as session:
            assert one(session, "select current_user") == "lan"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(told["URL"].replace(told["Password"], "guessed"))
        listed = cchc("user", "list")
        assert re.search(rf"lan +unit +{UNIT} +\S.* chief", listed.out), listed.out
        assert told["Password"] not in listed.out
        again = cchc("user", "add", "lan", "--role", "analyst")
        assert again.code == 2 and "--anew" in again.err
        anew = cchc("user", "add", "lan", "--role", "dashboard", "--anew")
        assert anew.code == 0, anew.err
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(told["URL"])
        assert rows_of(district, "select role, unit_code from ops.account where user_name = 'lan'") == [
            {"role": "dashboard", "unit_code": None}
        ]
        member = "select r.rolname from pg_auth_members as m inner join pg_roles as r on r.oid = m.roleid inner join pg_roles as p on p.oid = m.member"
        assert rows_of(district, f"{member} where p.rolname = 'lan'") == [{"rolname": "cchc_dashboard"}]
        stored = rows_of(district, "select rolpassword from pg_authid where rolname = 'lan'")[0]["rolpassword"]
        assert stored.startswith("SCRAM-SHA-256$")
    finally:
        gone = cchc("user", "remove", "lan")
    assert gone.code == 0 and "removed" in gone.out
    assert rows_of(district, "select 1 from pg_roles where rolname = 'lan'") == []
    assert "lan " not in cchc("user", "list").out


def test_removing_ends_the_sessions(district: Settings) -> None:
    login = accounts.add(district, "binh", "analyst", None, "test")
    session = psycopg.connect(login.url, autocommit=True)
    accounts.remove(district, "binh")
    with pytest.raises(psycopg.OperationalError):
        session.execute("select 1 from mart.dossier")
    session.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "lan"), "needs --role"),
        (("add",), "needs NAME"),
        (("add", "lan", "--role", "unit"), "needs --unit"),
        (("add", "lan", "--role", "unit", "--unit", "H19.16.2l"), "did you mean 'H19.16.2"),
        (("add", "lan", "--role", "analyst", "--unit", UNIT), "sees every unit"),
        (("add", "Lan", "--role", "analyst"), "cannot be the name"),
        (("add", "pg_lan", "--role", "analyst"), "cannot be the name"),
        (("add", "cchc_owner", "--role", "analyst"), "cannot be the name"),
        (("add", "lan'; drop table x", "--role", "analyst"), "cannot be the name"),
        (("add", "postgres", "--role", "analyst", "--anew"), "has not made"),
        (("remove", "postgres"), "no account postgres"),
        (("remove", "an_analist"), "no account an_analist"),
    ],
)
def test_wrong_use_is_told_and_changes_nothing(district: Settings, arguments: tuple[str, ...], words: str) -> None:
    before = rows_of(district, "select user_name from ops.account order by 1"), rows_of(district, "select rolname from pg_roles order by 1")
    said = cchc("user", *arguments)
    assert said.code == 2 and words in said.err, said.err
    assert before == (
        rows_of(district, "select user_name from ops.account order by 1"),
        rows_of(district, "select rolname from pg_roles order by 1"),
    )


def test_a_login_that_owns_something_stays(district: Settings) -> None:
    accounts.add(district, "chi", "analyst", None, "test")
    execute(district, "create schema of_chi authorization chi")
    try:
        said = cchc("user", "remove", "chi")
        assert said.code == 2 and "of_chi" in said.err
        assert rows_of(district, "select role from ops.account where user_name = 'chi'") == [{"role": "analyst"}]
    finally:
        execute(district, "drop schema of_chi")
        accounts.remove(district, "chi")


def test_an_account_whose_login_is_gone_is_told(district: Settings) -> None:
    accounts.add(district, "dung", "dashboard", None, "test")
    execute(district, "drop role dung")
    assert "dung cannot log in" in cchc("user", "list").err
    accounts.remove(district, "dung")


def test_the_owner_of_a_server_makes_logins_without_being_its_administrator(district: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in docker-compose: the owner may create roles and is no superuser; and one who may not is told what to ask for."""
    url = make_url(str(district.warehouse_url))
    execute(district, "create role an_owner login createrole password 'owner'")
    execute(district, "create role a_reader login password 'reader'")
    try:
        for group in ("ops", "core", "mart"):
            execute(district, f"grant usage on schema {group} to an_owner, a_reader")
            execute(district, f"grant all on all tables in schema {group} to an_owner, a_reader")
            execute(district, f"grant execute on all functions in schema {group} to an_owner, a_reader")
        execute(district, "grant cchc_analyst, cchc_unit, cchc_dashboard to an_owner with admin true, inherit false, set false")
        monkeypatch.setenv("CCHC_WAREHOUSE_URL", url.set(username="an_owner", password="owner").render_as_string(hide_password=False))
        made = cchc("user", "add", "em", "--role", "analyst")
        assert made.code == 0, made.err
        assert cchc("user", "remove", "em").code == 0
        monkeypatch.setenv("CCHC_WAREHOUSE_URL", url.set(username="a_reader", password="reader").render_as_string(hide_password=False))
        refused = cchc("user", "add", "em", "--role", "analyst")
        assert refused.code == 1 and "may not make logins" in refused.err and "createrole" in refused.err, refused.err
        assert rows_of(district, "select 1 from ops.account where user_name = 'em'") == []
    finally:
        monkeypatch.undo()
        for name in ("an_owner", "a_reader"):
            execute(district, f"drop owned by {name}")
            execute(district, f"drop role {name}")


def test_the_address_for_people_may_differ_from_that_of_the_pipeline(district: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(accounts.PUBLIC_ADDRESS, "warehouse.example:6432")
    login = accounts.login_of(district, "lan", "secret")
    assert login.url.startswith("postgresql://lan:secret@warehouse.example:6432/")
    monkeypatch.setenv(accounts.PUBLIC_ADDRESS, "warehouse.example")
    said = cchc("user", "add", "lan", "--role", "analyst")
    assert said.code == 1 and "host:port" in said.err
    assert rows_of(district, "select 1 from pg_roles where rolname = 'lan'") == []
