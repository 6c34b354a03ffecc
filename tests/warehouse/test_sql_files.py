"""Views and functions as files: they are applied when they change, in their order, completely or not at all. An old warehouse becomes equal to a fresh one."""

from __future__ import annotations

import hashlib
import itertools
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from cchc.errors import CchcError, NotConfigured
from cchc.reference import finding_kinds as findings
from cchc.settings import PROJECT, Settings
from cchc.warehouse import Applied, engine, migrate, require_migrated
from cchc.warehouse import embedded as postgres
from cchc.warehouse.files import read_files, statements, with_users
from tests.support.cli import cchc
from tests.support.environment import environment
from tests.support.warehouse import NewWarehouse, admin, rows_of

SQL = PROJECT / "include" / "sql"
FILES = [path for folder in ("views", "functions") for path in sorted(SQL.glob(f"*/{folder}/*.sql"))]
_numbers = itertools.count(1)

# everything that is told of a view or function: definition, owner, comments, rights
CATALOGUE = """
select n.nspname || '.' || c.relname as name, '' as part, pg_get_viewdef(c.oid) as definition, pg_get_userbyid(c.relowner) as owner,
    obj_description(c.oid, 'pg_class') as words,
    array(select cast(a as text) from aclexplode(c.relacl) as a order by 1) as rights
from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'v' and n.nspname in ('ops', 'core', 'mart')
union all
select n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, a.atttypmod), cast(a.attnum as text),
    col_description(c.oid, a.attnum),
    array(select cast(x as text) from aclexplode(a.attacl) as x order by 1)
from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
where c.relkind = 'v' and n.nspname in ('ops', 'core', 'mart')
union all
select n.nspname || '.' || p.proname, pg_get_function_identity_arguments(p.oid), pg_get_functiondef(p.oid), pg_get_userbyid(p.proowner),
    obj_description(p.oid, 'pg_proc'),
    array(select cast(a as text) from aclexplode(p.proacl) as a order by 1)
from pg_proc as p inner join pg_namespace as n on n.oid = p.pronamespace
where n.nspname in ('ops', 'core', 'mart')
order by 1, 2
"""
# which rows of PostgreSQL's own catalogue there are: whatever is executed on a view or function leaves another one
TRACES = """
select 'relation ' || c.oid || ' ' || c.xmin as trace from pg_class as c where c.relkind = 'v'
union all select 'function ' || p.oid || ' ' || p.xmin from pg_proc as p
union all select 'rule ' || r.oid || ' ' || r.xmin from pg_rewrite as r
union all select 'comment ' || d.objoid || ' ' || d.objsubid || ' ' || d.xmin from pg_description as d
where d.objoid in (select oid from pg_class where relkind = 'v' union all select oid from pg_proc)
union all select 'applied ' || f.name || ' ' || f.xmin from ops.applied_file as f
order by 1
"""


class Office:
    """A warehouse, and a copy of include/sql in which files are edited."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        shutil.copytree(SQL, folder)
        self.settings = replace(settings, sql_dir=folder)
        self.sql = folder

    def edit(self, name: str, old: str, new: str) -> int:
        """Write `new` for `old` in a file; the line where it stands."""
        path = self.sql / f"{name}.sql"
        content = path.read_text(encoding="utf-8")
        assert old in content
        path.write_text(content.replace(old, new), encoding="utf-8")
        return content.count("\n", 0, content.index(old)) + 1

    def write(self, name: str, content: str) -> None:
        (self.sql / f"{name}.sql").write_text(content, encoding="utf-8")

    def init(self) -> Applied:
        return migrate(self.settings, [findings.view(self.settings)])

    def catalogue(self) -> list[dict[str, Any]]:
        return rows_of(self.settings, CATALOGUE)

    def traces(self) -> set[str]:
        return {row["trace"] for row in rows_of(self.settings, TRACES)}

    def do(self, statement: str) -> None:
        with engine(self.settings).begin() as connection:
            connection.execute(text(statement))

    def refused(self) -> str:
        """What `cchc init` says when it refuses; it must have left everything as it was."""
        before, traces = self.catalogue(), self.traces()
        with pytest.raises(CchcError) as error:
            self.init()
        assert self.catalogue() == before and self.traces() == traces
        return str(error.value)


@pytest.fixture
def office(warehouse: Settings, tmp_path: Path) -> Office:
    return Office(warehouse, tmp_path / "sql")


@pytest.fixture
def empty(postgres_server: postgres.Server, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a database without anything in it."""
    name = f"empty_{next(_numbers)}"
    admin(postgres_server, f"create database {name}")
    with environment(CCHC_HOME=str(tmp_path / "home"), CCHC_WAREHOUSE_URL=postgres_server.url(name), CCHC_PRIVACY_KEY="a key for tests"):
        settings = Settings.load()
        yield settings
        engine(settings).dispose()
    admin(postgres_server, f"drop database {name} with (force)")


def migrated_before_files(settings: Settings) -> None:
    """A warehouse as the versions before 0022 left it: every view and function made by migrations, mart.finding, and the rights."""
    with psycopg.connect(str(settings.warehouse_url).replace("+psycopg", ""), options="-c timezone=Asia/Ho_Chi_Minh") as connection:
        connection.execute("create schema ops")
        connection.execute(
            "create table ops.migration (name text constraint migration_pk primary key, sha256 text not null, applied_at timestamptz not null)"
        )
        for path in sorted((SQL / "migrations").glob("*.sql")):
            if path.stem < "0022":
                connection.execute(path.read_bytes())
                sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
                connection.execute("insert into ops.migration values (%s, %s, now())", (path.stem, sha256))
        connection.execute(
            "create view mart.finding as select k.finding_code, k.finding_order, k.name_vi, d.source_code, d.unit_code, "
            "d.received_date as month_start, d.dossier_code as item, d.dossier_code, d.received_date as event_date, "
            "cast(null as jsonb) as detail from mart.dossier as d cross join core.finding_kind as k"
        )
        connection.execute((SQL / "roles" / "roles.sql").read_bytes())


def test_an_old_warehouse_becomes_what_a_fresh_one_is(empty: Settings, new_warehouse: NewWarehouse, tmp_path: Path) -> None:
    migrated_before_files(empty)
    said = cchc("init")
    assert said.code == 0 and f"views and functions made from their files: {len(FILES)} of them" in said.out
    after = rows_of(empty, CATALOGUE)
    with new_warehouse(tmp_path / "fresh") as fresh:
        assert after == rows_of(fresh, CATALOGUE)
    assert {row["name"] for row in after} == {f"{path.parts[-3]}.{path.stem}" for path in FILES} | {
        "mart.finding",
        "core.document_sign_key",
        "core.own_unit",
        "ops.keep_audit",
        "ops.keep_published",
        "ops.note_assessment_change",
        "ops.note_bulk_minutes",
        "ops.note_changed_dossiers",
        "ops.note_derived_dossiers",
        "ops.note_half_month_change",
        "ops.note_known_dossiers",
        "ops.note_open_dossier_change",
        "ops.note_open_dossiers_deleted",
        "ops.note_payment_candidates",
        "ops.note_reconciliation_change",
        "ops.note_step_candidates",
        "ops.note_version_candidates",
        "ops.refuse_commit",
    }


def test_files_that_have_not_changed_are_not_executed(office: Office) -> None:
    before = office.traces()
    assert office.init() == Applied([], [])
    assert office.traces() == before
    assert "views and functions made" not in cchc("init").out


def test_a_changed_file_is_applied_with_those_that_use_it_alone(office: Office) -> None:
    office.edit("ops/views/coverage_hole", "with placed as", "-- edited\nwith placed as")
    before = {row["name"]: row["applied_at"] for row in rows_of(office.settings, "select * from ops.applied_file")}
    assert office.init() == Applied([], ["ops.coverage_hole", "mart.source_gap"])
    after = {row["name"]: row["applied_at"] for row in rows_of(office.settings, "select * from ops.applied_file")}
    assert {name for name in after if after[name] != before[name]} == {"ops/views/coverage_hole", "mart/views/source_gap"}
    assert office.init() == Applied([], [])


def test_what_uses_a_file_uses_it_through_others_too() -> None:
    made = [file.made for file in with_users(read_files(SQL), {"core.unit_span"})]
    assert made[0] == "core.unit_span" and {"core.unit_at", "core.unit_scope", "mart.form_06a_dossier", "mart.form_06a"} <= set(made)
    assert "core.dossier" not in made


def test_columns_that_cannot_be_replaced_are_made_anew_and_keep_their_rights(office: Office) -> None:
    office.do("grant select on mart.source_gap to cchc_loader with grant option")
    office.do("grant select (source_code, to_at) on ops.coverage_hole to cchc_dashboard")
    office.do("revoke all on function core.unit_at(date) from public")
    office.do("grant execute on function core.unit_at(date) to cchc_analyst")
    before = {(row["name"], row["part"]): row for row in office.catalogue()}
    office.edit("ops/views/coverage_hole", "    p.entity,\n", "    p.entity as entity_name,\n")
    office.edit("ops/views/coverage_hole", "ops.coverage_hole.entity is", "ops.coverage_hole.entity_name is")
    office.edit("mart/views/source_gap", "h.entity, ', ' order by h.entity", "h.entity_name, ', ' order by h.entity_name")
    office.edit("core/views/unit_span", "    s.kind,\n", "    s.kind as unit_kind,\n")
    office.edit("core/views/unit_span", "core.unit_span.kind is", "core.unit_span.unit_kind is")
    for file in ("core/functions/unit_at", "mart/views/scorecard"):
        path = office.sql / f"{file}.sql"
        path.write_text(
            path.read_text(encoding="utf-8").replace("s.kind", "s.unit_kind").replace("du.kind", "du.unit_kind"), encoding="utf-8"
        )
    office.edit("mart/views/score_766_total", "u.kind = 'commune'", "u.unit_kind = 'commune'")
    done = office.init().made
    assert {"ops.coverage_hole", "mart.source_gap", "core.unit_span", "core.unit_at", "mart.scorecard"} <= set(done)
    after = {(row["name"], row["part"]): row for row in office.catalogue()}
    renamed = {("ops.coverage_hole", "entity"), ("core.unit_span", "kind")}
    assert set(before) - set(after) == renamed
    for key in set(before) & set(after):
        assert after[key]["rights"] == before[key]["rights"], key
        assert after[key]["words"] == before[key]["words"], key
    assert ("mart.finding", "") in after
    rights = rows_of(
        office.settings,
        "select has_table_privilege('cchc_loader', 'mart.source_gap', 'select with grant option') as grant_option, "
        "has_column_privilege('cchc_dashboard', 'ops.coverage_hole', 'to_at', 'select') as one_column, "
        "has_column_privilege('cchc_dashboard', 'ops.coverage_hole', 'entity_name', 'select') as another_column, "
        "has_function_privilege('cchc_dashboard', 'core.unit_at(date)', 'execute') as taken_back, "
        "has_function_privilege('cchc_analyst', 'core.unit_at(date)', 'execute') as given",
    )
    assert rights == [{"grant_option": True, "one_column": True, "another_column": False, "taken_back": False, "given": True}]


def test_a_function_with_other_arguments_takes_the_place_of_the_former(office: Office) -> None:
    office.edit("core/functions/unit_at", "core.unit_at(d date)", "core.unit_at(d date, all_of_them boolean default true)")
    assert {"core.unit_at", "core.unit_scope", "mart.form_06a"} <= set(office.init().made)
    asked = "select pg_get_function_identity_arguments(p.oid) as arguments from pg_proc as p where p.proname = 'unit_at'"
    assert rows_of(office.settings, asked) == [{"arguments": "d date, all_of_them boolean"}]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    p.entity,\n", "    p.entety,\n", "column p.entety does not exist"),
        ("where (coalesce(", "wear (coalesce(", 'syntax error at or near "wear"'),
        ("comment on column ops.coverage_hole.entity is", "comment on column ops.coverage_hole.entety is", 'column "entety" of relation'),
    ],
)
def test_of_a_broken_file_nothing_is_applied(office: Office, old: str, new: str, words: str) -> None:
    office.edit("core/views/dossier_event", "select distinct on", "-- edited\nselect distinct on")
    office.write("migrations/0900_planted", "create table ops.planted (a integer);")
    line = office.edit("ops/views/coverage_hole", old, new)
    said = office.refused()
    assert f"{office.sql / 'ops/views/coverage_hole.sql'}, line {line}: {words}" in said and "Nothing was applied" in said
    assert rows_of(office.settings, "select to_regclass('ops.planted') as there") == [{"there": None}]


def test_the_line_of_a_fault_in_a_function_is_that_of_the_file(office: Office) -> None:
    line = office.edit("core/functions/unit_at", "from core.unit_span as s", "from core.unit_spam as s")
    assert f"unit_at.sql, line {line}: relation " in office.refused()


def test_a_file_that_makes_something_else_is_refused(office: Office) -> None:
    line = office.edit("ops/views/coverage_hole", "create or replace view ops.coverage_hole", "create or replace view ops.hole")
    assert f"coverage_hole.sql, line {line}: the path says what the file makes" in office.refused()


def test_a_file_that_does_more_is_refused(office: Office) -> None:
    office.edit("ops/views/coverage_hole", "comment on view", "drop table ops.load cascade;\ncomment on view")
    assert "only `comment on`, `grant` and `revoke` may follow" in office.refused()


def test_files_that_use_each_other_are_refused(office: Office) -> None:
    office.edit(
        "ops/views/covered_stretch", "    from ops.extract as e\n    where", "    from ops.extract as e, mart.source_gap\n    where"
    )
    said = office.refused()
    assert "use each other in a circle: " in said
    assert {"ops.covered_stretch", "ops.coverage_hole", "mart.source_gap"} <= set(re.findall(r"\w+\.\w+", said))


def test_what_a_migration_changes_under_the_views_is_changed(office: Office, empty: Settings) -> None:
    office.write("migrations/0900_planted", "alter table mart.dossier alter column dossier_code type varchar(40);\n")
    before = office.catalogue()
    done = office.init()
    assert done.migrations == ["0900_planted"] and len(done.made) == len(FILES)
    after = office.catalogue()
    assert [(row["name"], row["part"], row["rights"], row["words"]) for row in after] == [
        (row["name"], row["part"], row["rights"], row["words"]) for row in before
    ]
    types = {row["part"]: row["definition"] for row in after if row["name"] == "mart.left_out"}
    assert types["dossier_code"] == "character varying(40)"
    # and a warehouse that is made with it from the start is the same
    fresh = replace(empty, sql_dir=office.sql)
    migrate(fresh, [findings.view(fresh)])
    types = {row["part"]: row["definition"] for row in rows_of(fresh, CATALOGUE) if row["name"] == "mart.left_out"}
    assert types["dossier_code"] == "character varying(40)"


def test_a_migration_that_fails_after_the_views_were_dropped_leaves_everything(office: Office) -> None:
    office.write("migrations/0900_planted", "alter table mart.dossier alter column dossier_code type varchar(40);\n")
    office.write("migrations/0901_broken", "alter table mart.dossier drop column no_such_column;\n")
    before, traces = office.catalogue(), office.traces()
    with pytest.raises(psycopg.Error, match="no_such_column"):
        office.init()
    assert office.catalogue() == before and office.traces() == traces


def test_views_of_others_are_never_dropped(office: Office) -> None:
    office.do("create view public.my_holes as select source_code, entity from ops.coverage_hole")
    office.edit("ops/views/coverage_hole", "with placed as", "-- edited\nwith placed as")
    assert office.init().made == ["ops.coverage_hole", "mart.source_gap"], "in its place it can be changed"
    office.edit("ops/views/coverage_hole", "    p.entity,\n", "    p.entity as entity_name,\n")
    office.edit("ops/views/coverage_hole", "ops.coverage_hole.entity is", "ops.coverage_hole.entity_name is")
    office.edit("mart/views/source_gap", "h.entity, ', ' order by h.entity", "h.entity_name, ', ' order by h.entity_name")
    said = office.refused()
    assert "the view my_holes uses ops.coverage_hole" in said and 'cannot change name of view column "entity"' in said
    office.do("drop view public.my_holes")
    assert office.init().made == ["ops.coverage_hole", "mart.source_gap"]


def test_a_view_whose_file_is_gone_is_dropped(office: Office) -> None:
    (office.sql / "mart/views/source_coverage.sql").unlink()
    assert office.init() == Applied([], [])
    assert rows_of(office.settings, "select to_regclass('mart.source_coverage') as there") == [{"there": None}]
    assert office.init() == Applied([], [])


def test_a_view_whose_file_is_gone_and_that_another_uses_is_refused(office: Office) -> None:
    (office.sql / "ops/views/coverage_hole.sql").unlink()
    assert "the view mart.source_gap uses ops.coverage_hole" in office.refused()


def test_a_view_that_somebody_dropped_is_made_again(office: Office) -> None:
    office.do("drop view ops.coverage_hole cascade")
    assert office.init().made == ["ops.coverage_hole", "mart.source_gap"]


def test_commands_say_that_init_is_due(office: Office) -> None:
    require_migrated(office.settings)
    office.edit("ops/views/coverage_hole", "with placed as", "-- edited\nwith placed as")
    with pytest.raises(NotConfigured, match=r"another form of ops\.coverage_hole; run `cchc init`"):
        require_migrated(office.settings)


def test_each_file_comes_after_those_that_it_uses() -> None:
    files = read_files(SQL)
    place = {file.made: number for number, file in enumerate(files)}
    assert len(files) == len(FILES) and all(place[used] < place[file.made] for file in files for used in file.uses)
    uses = {file.made: set(file.uses) for file in files}
    assert uses["mart.source_gap"] == {"ops.coverage_hole"}
    assert uses["mart.form_06a"] == {"core.form_06a_group", "core.vietnamese_order"}
    assert uses["ops.covered_stretch"] == set()


def test_statements_are_cut_where_they_end() -> None:
    content = "-- a; b\n\nselect 'a;''b', \"c;d\" /* e;f */;\n-- g\ncreate function f() as $x$ h; $$ i; $x$;\n  select 1\n"
    assert [(one.line, one.text.split()[0], one.text.strip()[-3:]) for one in statements(content)] == [
        (3, "select", "*/;"),
        (5, "create", "x$;"),
        (6, "select", "t 1"),
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.with_suffix("").parts[-3:]))
def test_a_file_says_grain_source_and_traps(path: Path) -> None:
    head, _, _ = path.read_text(encoding="utf-8").partition("\n\n")
    assert [line.split(":")[0] for line in head.splitlines() if not line.startswith("--        ")] == ["-- grain", "-- source", "-- traps"]


def test_migrations_hold_tables_alone_now() -> None:
    """And of a view or function there is one file, not a form in each migration."""
    makes = re.compile(r"^\s*(create (?:or replace )?|alter |drop |comment on )(view|function)\b", re.MULTILINE)
    later = [path for path in (SQL / "migrations").glob("*.sql") if path.stem > "0022"]
    # policies and triggers of tables use these functions, so they cannot be dropped and made anew
    with_functions = [
        "0033_unit_rows.sql", "0056_reference_history.sql", "0060_audit.sql", "0061_frozen.sql", "0069_half_months.sql",
        "0077_assessed_half_months.sql", "0078_open_dossiers.sql", "0082_finding_candidates.sql", "0090_payment_candidates.sql",
        "0096_changed_dossiers.sql", "0100_reconciled_orders.sql", "0101_payment_candidates_of_many.sql",
    ]  # fmt: skip
    assert sorted(path.name for path in later if makes.search(path.read_text(encoding="utf-8"))) == with_functions
    assert makes.search((SQL / "migrations" / "0020_units.sql").read_text(encoding="utf-8"))


def test_no_table_stands_on_a_function_that_a_file_makes(warehouse: Settings) -> None:
    """An index, a constraint, a default, a policy, a trigger: such a function cannot be made anew under the rows, so it stays in a migration."""
    asked = """
        select distinct n.nspname || '.' || p.proname as name
        from pg_depend as d
        inner join pg_proc as p on d.refclassid = cast('pg_proc' as regclass) and d.refobjid = p.oid
        inner join pg_namespace as n on n.oid = p.pronamespace
        where n.nspname in ('ops', 'core', 'mart') and d.deptype = 'n' and d.classid <> cast('pg_rewrite' as regclass)
    """
    found = {row["name"] for row in rows_of(warehouse, asked)}
    assert found == {
        "core.document_sign_key",
        "core.own_unit",
        "ops.keep_audit",
        "ops.keep_published",
        "ops.note_assessment_change",
        "ops.note_bulk_minutes",
        "ops.note_changed_dossiers",
        "ops.note_derived_dossiers",
        "ops.note_half_month_change",
        "ops.note_known_dossiers",
        "ops.note_open_dossier_change",
        "ops.note_open_dossiers_deleted",
        "ops.note_payment_candidates",
        "ops.note_reconciliation_change",
        "ops.note_step_candidates",
        "ops.note_version_candidates",
        "ops.refuse_commit",
    }
    assert found & {file.made for file in read_files(SQL)} == set()
