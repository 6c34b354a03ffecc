"""Every DAG runs with the login of the tasks, which may load and compute and nothing else: on a server that is made as in docker-compose.

The owner of the warehouse is no superuser there, and nobody has rights in its database that were not given.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import make_url

from cchc.airflow.cleanup import METADATA, URL
from cchc.airflow.databases import ADMIN, OWNER, WAREHOUSE, ensure_databases
from cchc.embedded.backup_database import restore_dump
from cchc.embedded.backup_database import rows_of as all_rows
from cchc.errors import NotConfigured
from cchc.pipeline.initialise import initialise
from cchc.settings import Settings
from cchc.sources.profile import list_profiles
from cchc.warehouse import accounts, engine
from cchc.warehouse import embedded as postgres
from cchc.warehouse.roles import READER_ROLE, WEB_ROLE, url_of
from cchc.warehouse.url import LOADER_LOGIN
from demo.server import Demo
from tests.dags.conftest import Box
from tests.support.cli import cchc
from tests.support.district import CLOCK, PERIOD, surroundings
from tests.support.environment import environment
from tests.support.warehouse import rows_of

UNIT, OTHER = "H19.16.21", "H19.16.22"
ENTERED = re.compile(r"connection authorized: user=(\w+) database=warehouse")
NOTED = "select category, action, database_login from ops.audit where action in ('publish', 'privacy rotate') order by 1"


@dataclass
class Site:
    """A server as the job `init` of docker-compose leaves it, what the DAGs did on it, and who logged in to the warehouse meanwhile."""

    server: postgres.Server
    settings: Settings
    urls: dict[str, str]
    runs: dict[str, Any] = field(default_factory=dict)
    log: str = ""

    @property
    def as_postgres(self) -> str:
        """The address of the superuser, for looking."""
        return plain(self.server.url("warehouse"))


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def prepared(district_sources: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site as the job `init` leaves it."""
    home = tmp_path_factory.mktemp("loader")
    server = postgres.start(home / "server", durable=False)
    try:
        with psycopg.connect(plain(server.url("postgres")), autocommit=True) as connection:
            connection.execute("alter system set log_connections = on")
            connection.execute("select pg_reload_conf()")
        variables = {
            ADMIN: plain(server.url("postgres")),
            METADATA: server.url("airflow", user="airflow", password="of-airflow"),
            OWNER: server.url("warehouse", user="cchc_owner", password="of-the-owner"),
            WAREHOUSE: server.url("warehouse", user=LOADER_LOGIN, password="of-the-tasks"),
        }
        assert ensure_databases(variables) == ["airflow", "warehouse"]
        ours = {name: variables[name] for name in (OWNER, WAREHOUSE)}
        with environment(CCHC_HOME=str(home / "home"), CCHC_PRIVACY_KEY="a key for tests", **ours), surroundings(district_sources, home):
            made = Site(server, Settings.load(), variables)
            initialise(made.settings)
            yield made
            engine(made.settings).dispose()
    finally:
        postgres.stop(home / "server")


def given(site: Site) -> dict[str, str]:
    """The environment of the tasks: the address of their login alone."""
    kept = ("CCHC_HOME", "CCHC_PRIVACY_KEY", "CCHC_SOURCES_DIR", "CCHC_PDF")
    of_sources = {name: value for name, value in os.environ.items() if name in kept or name.startswith("AIRFLOW_CONN_SRC_")}
    backups = str(site.settings.home.parent / "backups")
    ours = {WAREHOUSE: site.urls[WAREHOUSE], URL: site.urls[METADATA], "CCHC_LANDING_URL": site.settings.landing_url}
    return of_sources | ours | {"CCHC_BACKUP_DIR": backups}


@contextmanager
def listening(site: Site) -> Iterator[None]:
    """What PostgreSQL logs meanwhile is added to the log of the site."""
    log = site.server.home / "postgres" / "data" / "server.log"
    before = log.stat().st_size
    yield
    with log.open(encoding="utf-8") as file:
        file.seek(before)
        site.log += file.read()


@pytest.fixture(scope="module")
def ingested(prepared: Site, box: Box) -> Site:
    """The site with all sources, as Airflow loads them. Apart from what follows, so that no test takes too long on a busy machine."""
    with listening(prepared):
        prepared.runs["check_connections"] = box.run("check_connections", None, **given(prepared))
        for source in list_profiles(prepared.settings.sources_dir):
            prepared.runs[f"ingest_{source}"] = box.run(f"ingest_{source}", {"to": CLOCK}, **given(prepared))
    return prepared


@pytest.fixture(scope="module")
def site(ingested: Site, box: Box) -> Site:
    """The site after a refresh, a closing that a person approves, upkeep and a backup, too."""
    variables, reference = given(ingested), ingested.settings.authority_dir
    with listening(ingested):
        ingested.runs["refresh_indicators"] = box.run("refresh_indicators", {"periods": [PERIOD]}, **variables)
        ingested.runs["close_month"] = box.close("2023-11", variables, answer={"chosen": "Approve", "note": "đã xem"}, reference=reference)
        ingested.runs["maintenance"] = box.run("maintenance", {"keep_days": 1}, **variables)
        ingested.runs["alerts"] = box.run("alerts", None, **variables)
        ingested.runs["backup"] = box.run("backup", {"test": False}, **variables)
    return ingested


def test_every_source_is_ingested(ingested: Site) -> None:
    assert {name: run["errors"] for name, run in ingested.runs.items() if run["state"] != "success"} == {}


def test_every_dag_is_green(site: Site) -> None:
    assert {name: run["errors"] for name, run in site.runs.items() if run["state"] != "success"} == {}
    assert len(site.runs) == 12
    assert {row["status"] for row in rows_of(site.settings, "select status from ops.load")} <= {"loaded", "repeated"}
    assert rows_of(site.settings, "select count(*) > 20 as is_full from mart.indicator_value where value is not null") == [
        {"is_full": True}
    ]
    assert rows_of(site.settings, NOTED) == [{"category": "approval", "action": "publish", "database_login": LOADER_LOGIN}]


def test_nobody_but_the_tasks_login_was_there_and_nothing_was_refused_it(site: Site) -> None:
    """PostgreSQL passes over an `analyze` of somebody else's table with a mere warning, and the task is green all the same."""
    assert set(ENTERED.findall(site.log)) == {LOADER_LOGIN}
    assert [line for line in site.log.splitlines() if "permission denied" in line or "WARNING" in line] == []


def test_the_statistics_are_those_of_the_loaded_rows(site: Site) -> None:
    with psycopg.connect(site.as_postgres) as connection:
        asked = "select count(*) from pg_stats where schemaname = 'mart' and tablename in ('dossier', 'indicator_value')"
        assert connection.execute(asked).fetchone() != (0,)
        counted = "select count(*) from pg_stat_user_tables where schemaname in ('core', 'mart') and analyze_count = 0"
        assert connection.execute(counted).fetchone() == (0,), "the DAG maintenance counts every table"


def test_the_backup_has_every_row(site: Site) -> None:
    """By the login of the tasks, also of the tables with policies, as the superuser counts them."""
    (folder,) = Path(site.settings.home).parent.glob("backups/*")
    told = json.loads((folder / "backup.json").read_text())["databases"]["warehouse"]["rows"]
    with psycopg.connect(site.as_postgres) as connection:
        assert told == all_rows(connection) | {"ops.audit": told["ops.audit"]}
    assert told["mart.dossier"] > 0 and told["mart.publication_item"] > 0
    with psycopg.connect(plain(site.server.url("postgres")), autocommit=True) as connection:
        connection.execute("create database restored owner cchc_owner")
    target = site.server.url("restored", user="cchc_owner", password="of-the-owner")
    with environment(CCHC_HOME=str(folder.parents[1] / "restored"), **{OWNER: target, WAREHOUSE: target}):
        described = json.loads((folder / "backup.json").read_text())["databases"]["warehouse"]
        restore_dump(target, described, folder / "warehouse.dump")
    with psycopg.connect(plain(site.server.url("restored"))) as connection:
        assert all_rows(connection) == told


def test_every_command_works_with_this_login(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in the embedded installation, where a person runs them."""
    monkeypatch.delenv(OWNER)
    monkeypatch.setenv("CCHC_SCHEDULE", "off")  # the demo's clock is not ours
    wrong = {}
    for command in (
        ("scorecard", PERIOD, "--as-known-at", "2024-01-01"),
        ("explain", "dossier_on_time_rate", "--period", PERIOD, "--query"),
        *((word, PERIOD) for word in ("findings", "reconcile", "outlook", "score", "form", "late-lists")),
        ("report", PERIOD, "--kind", "06a"),
        ("export", "--dataset", str(tmp_path / "dataset")),
        ("bundle", "2023-11"),
        ("restatements", "2023-11"),
        ("quarantine", "retry"),
        ("source", "rewind", "documents", "2023-12-31", "--why", "a test"),
        ("ingest", "documents", "--to", CLOCK),
        ("withdraw", "--source", "feedback", "--since", "2023-12-20", "--reason", "a test"),
        ("reload", "--source", "survey", "--since", "2023-12-20", "--reason", "a test"),
        ("refresh",),
        ("sql", "select count(*) from core.dossier"),
        *((word, "list") for word in ("user", "account", "quarantine")),
        ("audit",),
        ("doctor",),
    ):
        said = cchc(*command)
        if said.code:
            wrong[" ".join(command)] = said.err or said.out
    assert wrong == {}


# --- what each login may not do --------------------------------------------------------------------------------------

PUBLISHED = ("publication", "publication_value", "publication_item", "publication_unit", "publication_report", "publication_bundle")
REFUSED: dict[str, list[str]] = {
    "change what is published": [
        "update mart.publication set approved_by = 'another'",
        "insert into mart.publication (plan_code) values ('p')",
        *(f"update mart.{name} set publication_id = publication_id" for name in PUBLISHED[1:]),
        *(f"delete from mart.{name}" for name in PUBLISHED),
        *(f"truncate mart.{name} cascade" for name in PUBLISHED),
        "insert into mart.publication_unit select publication_id, 'H99', 'x', 'commune', 'commune' from mart.publication",
        "do 'begin lock table mart.publication in access exclusive mode; end'",
    ],
    "change the audit log": [
        "update ops.audit set by_whom = 'another'",
        "delete from ops.audit",
        "truncate ops.audit",
        "insert into ops.audit (happened_at, category, action, subject, by_whom, database_login) values (now(), 'sql', 'x', 'x', 'x', 'x')",
        "update ops.audit_category set keep_days = 365",
    ],
    "say who may see what": [
        "update ops.account set unit_code = null",
        "insert into ops.account values ('x', 'warehouse', 'analyst', null, now(), 'x')",
        "delete from ops.account",
    ],
    "say how it is counted": [
        "update core.indicator set formula_version = formula_version + 1",
        "update core.plan_target set ended_at = now()",
        "delete from core.unit",
        "update core.working_day set is_working = not is_working",
        "insert into core.waived_rule values ('one_stop', 'dossiers', 'K1', 'x')",
        "update core.authority set name_vi = 'x'",
    ],
    "pretend another version": ["delete from ops.migration", "update ops.applied_file set sha256 = 'x'"],
    "empty a table at once": [
        "truncate mart.dossier",
        "truncate core.dossier_version cascade",
        "truncate ops.quarantine",
        "truncate ops.load cascade",
    ],
    "build": [
        *(f"create table {schema}.mine (a integer)" for schema in ("ops", "core", "mart", "public")),
        "create schema mine",
        "create view mart.mine as select 1 as one",
        "create function mart.mine() returns integer language sql as 'select 1'",
        "create index on mart.dossier (unit_code)",
    ],
    "rebuild": [
        "alter table mart.dossier add column mine integer",
        "alter table mart.publication disable trigger all",
        "alter table ops.audit disable trigger audit_keep",
        "drop trigger audit_keep on ops.audit",
        "create trigger mine after insert on mart.dossier for each row execute function ops.keep_audit()",
        "alter table mart.dossier disable row level security",
        "drop policy own_unit on mart.dossier",
        "drop table core.dossier_version cascade",
        "drop view mart.scorecard",
        "alter table mart.dossier owner to current_user",
        "reindex table mart.dossier",
        "comment on table mart.dossier is 'x'",
        "alter table staging.model_dossier add column mine text",
        "insert into staging.model_dossier default values",
    ],
    "change a function": [
        "create or replace function ops.audited(category text, action text, subject text, by_whom text) returns void language sql as ''",
        "drop function ops.publish_edition",
        "alter function ops.publish_edition security invoker",
        "alter function core.own_unit() owner to current_user",
    ],
    "change roles": [
        "create role mine login",
        "alter role a_neighbour password 'x'",
        "alter role cchc_owner password 'x'",
        "alter role current_user createrole",
        "grant cchc_owner to current_user",
        "grant cchc_analyst to a_neighbour",
        "revoke cchc_unit from a_neighbour",
        "drop role a_neighbour",
        "set role cchc_owner",
        "set role postgres",
        "set session authorization postgres",
        "select rolpassword from pg_authid limit 1",
    ],
    "leave the database": [
        "alter system set work_mem = '1GB'",
        "set session_replication_role = replica",
        "copy (select 1) to program 'cat'",
        "copy (select 1) to '/tmp/mine.csv'",
        "select pg_read_file('postgresql.conf')",
        "select lo_import('/etc/passwd')",
        "select pg_ls_dir('.')",
        "select setval(pg_get_serial_sequence('ops.load', 'load_id'), 1)",
    ],
}
ROLES = ("loader", "analyst", "dashboard", "unit", "web", "reader")


@pytest.fixture(scope="module")
def logins(site: Site) -> dict[str, str]:
    """The address of a login of each role."""
    persons = (
        ("analyst", "an_analyst", None),
        ("dashboard", "a_screen", None),
        ("unit", "a_neighbour", OTHER),
        ("unit", "a_commune", UNIT),
    )
    made = {role: accounts.add(site.settings, name, role, unit, "test") for role, name, unit in persons}
    return {
        "loader": plain(site.urls[WAREHOUSE]),
        "web": plain(url_of(WEB_ROLE, site.settings)),
        "reader": plain(url_of(READER_ROLE, site.settings)),
        **{role: login.url for role, login in made.items()},
    }


@contextmanager
def untouched(site: Site) -> Iterator[None]:
    """Nothing of the warehouse is another one afterwards: rows, tables, functions, triggers, policies, roles."""

    def state() -> list[Any]:
        with psycopg.connect(site.as_postgres) as connection:
            sums = [
                connection.execute(
                    f"select count(*), md5(string_agg(cast(t as text), '' order by oid)) from {name} as t".encode()
                ).fetchone()
                for name in ("pg_trigger", "pg_policy", "pg_proc", "pg_auth_members", "pg_namespace", "pg_attrdef")
            ]
            owners = "select oid, relname, relowner, relkind, relnatts, relhastriggers, relrowsecurity from pg_class order by oid"
            sums += connection.execute(owners.encode()).fetchall()
            roles = connection.execute("select rolname, rolsuper, rolcreaterole, rolpassword from pg_authid order by 1").fetchall()
            return [*sums, roles, all_rows(connection)]

    before = state()
    yield
    assert state() == before


@pytest.mark.parametrize("role", ROLES)
def test_every_forbidden_act_is_refused(site: Site, logins: dict[str, str], role: str) -> None:
    """By the rights alone: what a session of a person switches on for itself, that it only reads, is switched off."""
    done = []
    with untouched(site), psycopg.connect(logins[role], autocommit=True) as session:
        session.execute("set default_transaction_read_only = off")
        session.execute("set cchc.opens_publications = 'on'")
        for act, statements in REFUSED.items():
            for statement in statements:
                try:
                    session.execute(statement.encode())
                except errors.InsufficientPrivilege:
                    continue
                except psycopg.Error as error:  # it came as far as that
                    statement += f": {error}"
                done.append((act, statement))
    assert done == []


@pytest.mark.parametrize("role", ROLES)
def test_no_login_of_the_warehouse_opens_the_database_of_airflow(site: Site, logins: dict[str, str], role: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(logins[role].removesuffix("/warehouse") + "/airflow")


@pytest.mark.parametrize(
    "command",
    [
        ("init",),
        ("user", "add", "mai", "--role", "analyst"),
        ("user", "remove", "a_commune"),
        ("account", "add", "mai", "--role", "operator"),
        ("privacy", "rotate"),
    ],
    ids=" ".join,
)
def test_a_command_of_the_owner_says_so(
    site: Site, logins: dict[str, str], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.delenv(OWNER)
    with untouched(site):
        said = cchc(*command)
    assert said.code == 1
    assert f"only the owner of the warehouse may do this, and {LOADER_LOGIN} only loads it" in said.err, said.err
    assert OWNER in said.err and "docker compose run --rm init cchc" in said.err


def test_init_says_so_where_it_cannot_let_the_tasks_in(site: Site) -> None:
    with psycopg.connect(plain(site.server.url("postgres")), autocommit=True) as connection:
        connection.execute("alter role cchc_owner nocreaterole")
        with pytest.raises(NotConfigured, match="no task could log in"):
            initialise(site.settings)
        connection.execute("alter role cchc_owner createrole")
    initialise(site.settings)


# --- the owner, beside it --------------------------------------------------------------------------------------------


def test_the_owner_reads_and_drops_what_a_run_of_the_tasks_has_left(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rotation needs it; and what the owner itself has left, by a rebuild or an older version, becomes the loader's."""
    made = "create table staging.extract_00099999__x as select 1 as a"
    with psycopg.connect(plain(site.urls[WAREHOUSE]), autocommit=True) as loader:
        loader.execute(made)
        with psycopg.connect(plain(site.urls[OWNER]), autocommit=True) as owner:
            assert owner.execute("select a from staging.extract_00099999__x").fetchone() == (1,)
            with psycopg.connect(plain(url_of(READER_ROLE, site.settings))) as reader:
                assert reader.execute("select a from staging.extract_00099999__x").fetchone() == (1,)
            owner.execute("drop table staging.extract_00099999__x")
            owner.execute(made)
        with pytest.raises(errors.InsufficientPrivilege):
            loader.execute("drop table staging.extract_00099999__x")
        initialise(site.settings)
        loader.execute("drop table staging.extract_00099999__x")
    assert cchc("privacy", "rotate").code == 2, "the key comes from the environment and was not replaced"
    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")
    said = cchc("privacy", "rotate")
    assert said.code == 0, said.err
    assert rows_of(site.settings, NOTED)[1]["database_login"] == "cchc_owner"
