"""The catalogue of the database: everything in it says what it is, and everything people or the pipeline read has a case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from cchc.quality.audit import refresh_good_view
from cchc.settings import PROJECT, Settings
from cchc.sources.profile import list_profiles, load_profile
from cchc.staging.tables import prepare, staged_entities, table_of
from cchc.warehouse.files import read_files
from tests.sql.runner import CASES, read
from tests.support.warehouse import NewWarehouse

FILED = {file.made for file in read_files(PROJECT / "include" / "sql")}  # views and functions that files make, of any schema
SCHEMAS = ["ops", "staging", "core", "mart"]
# tables that one function fills from everything else: tests/publication proves them row by row against the independent calculation,
# tests/forms/test_score.py the score from parts that are counted by hand; tests/dags/test_loader_login.py what PostgreSQL has counted,
# tests/forms/test_kept_orders.py the orders that are kept
PROVEN_ELSEWHERE = {
    "mart.publication",
    "mart.publication_value",
    "mart.publication_item",
    "mart.publication_bundle",
    "mart.publication_report",
    "mart.publication_unit",
    "mart.restatement",
    "mart.restatement_item",
    "mart.score_766",
    "ops.audited",
    "ops.count_rows",
    "ops.changed_orders",
    "ops.compared_orders",
    "ops.is_reconciliation_kept",
    "ops.reconciled_between",
    "ops.reconciliation_context_now",
    "mart.payment_reconciliation_sums_between",
    "ops.keep_reference",
    "ops.open_dossier_rule",
    "ops.publish_edition",
    "ops.show_reference",
}

# name of the thing → its comment; a function is one of our own
THINGS = """
select 'schema ' || nspname, obj_description(oid, 'pg_namespace') from pg_namespace where nspname = any(%(schemas)s)
union all
select 'relation ' || n.nspname || '.' || r.relname, obj_description(r.oid, 'pg_class')
from pg_class as r inner join pg_namespace as n on n.oid = r.relnamespace
where n.nspname = any(%(schemas)s) and r.relkind in ('r', 'p', 'v', 'm', 'f')
union all
select 'column ' || n.nspname || '.' || r.relname || '.' || a.attname, col_description(r.oid, a.attnum)
from pg_class as r inner join pg_namespace as n on n.oid = r.relnamespace
inner join pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = any(%(schemas)s) and r.relkind in ('r', 'p', 'v', 'm', 'f')
union all
select 'function ' || n.nspname || '.' || p.proname, obj_description(p.oid, 'pg_proc')
from pg_proc as p inner join pg_namespace as n on n.oid = p.pronamespace where n.nspname = any(%(schemas)s)
"""


@pytest.fixture(scope="module")
def connection(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection[Any]]:
    """A warehouse after `cchc init`, with the staging tables and views that the first loads of every source make."""
    with (
        new_warehouse(tmp_path_factory.mktemp("catalogue")) as settings,
        psycopg.connect(str(settings.warehouse_url).replace("+psycopg", "")) as opened,
    ):
        _stage_everything(opened, settings)
        yield opened
        opened.rollback()


def _stage_everything(connection: Connection[Any], settings: Settings) -> None:
    for number, name in enumerate(list_profiles(settings.sources_dir), 1):
        profile = load_profile(settings.sources_dir, name)
        for entity in staged_entities(profile).values():
            prepare(connection, table_of(entity, number))
            refresh_good_view(connection, entity, number)


def things(connection: Connection[Any]) -> dict[str, str | None]:
    """Everything in our schemas, with its comment."""
    return dict(connection.execute(THINGS, {"schemas": SCHEMAS}).fetchall())


def cased() -> set[str]:
    """What has a case: `schema.name` of its folder, and every relation that an expect.yaml names."""
    found = set()
    for path in CASES.glob("*/*/*/expect.yaml"):
        found.add(".".join(path.parts[-4:-2]))
        expected = read(path)
        found |= set(expected) if isinstance(expected, dict) else set()
    return found


def silent(found: dict[str, str | None]) -> list[str]:
    """The things without a comment; in mart, and of tables, views and columns of core, without one in both languages.

    The columns of a view staging.good_… are those of its staging table, to the letter: they are commented there.
    """
    both = ("relation mart.", "column mart.", "function mart.", "relation core.", "column core.")
    return sorted(
        name
        for name, comment in found.items()
        if not name.startswith("column staging.good_") and (not comment or (name.startswith(both) and not all(_languages(comment))))
    )


def _languages(comment: str) -> tuple[str, str]:
    """The English and the Vietnamese words of a comment; of a function those of its first line, which is about the whole."""
    english, _, vietnamese = comment.splitlines()[0].partition(" | ")
    return english.strip(), vietnamese.strip()


def test_everything_has_a_comment(connection: Connection[Any]) -> None:
    found = things(connection)
    assert {kind.split(" ")[0] for kind in found} == {"schema", "relation", "column", "function"}
    assert silent(found) == [], "add `comment on …` in its file, of a table in a new migration (mart and core: 'English | Tiếng Việt')"


def test_a_thing_without_a_comment_is_named(connection: Connection[Any]) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute("create table mart.planted (bare text, english text, both_languages text)")
        connection.execute("comment on table mart.planted is 'A table | Một bảng'")
        connection.execute("comment on column mart.planted.english is 'English alone'")
        connection.execute("comment on column mart.planted.both_languages is 'Both | Cả hai'")
        connection.execute("create view core.planted as select 1 as one")
        connection.execute("create table core.planted_table (english text, no_vietnamese text, both_languages text)")
        connection.execute("comment on table core.planted_table is 'A table | Một bảng'")
        connection.execute("comment on column core.planted_table.english is 'English alone'")
        connection.execute("comment on column core.planted_table.no_vietnamese is 'English | '")
        connection.execute("comment on column core.planted_table.both_languages is 'Both | Cả hai'")
        connection.execute("create function core.planted_function() returns integer language sql as 'select 1'")
        assert silent(things(connection)) == [
            "column core.planted.one",
            "column core.planted_table.english",
            "column core.planted_table.no_vietnamese",
            "column mart.planted.bare",
            "column mart.planted.english",
            "function core.planted_function",
            "relation core.planted",
        ]


def test_every_table_view_and_function_of_core_and_mart_has_a_case(connection: Connection[Any]) -> None:
    names = {name.split(" ")[1] for name in things(connection) if name.startswith(("relation ", "function "))}
    assert "core.dossier" in names and "core.procedure_at" in names and "mart.scorecard" in names
    assert "ops.coverage_hole" in FILED and names >= FILED
    assert (FILED | {name for name in names if name.startswith(("core.", "mart."))}) - cased() - PROVEN_ELSEWHERE == set(), (
        "add tests/sql/<schema>/<name>/<case>"
    )
