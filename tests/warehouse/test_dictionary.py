"""The committed data dictionary matches the comments in the database, and everything in the database has a comment."""

from __future__ import annotations

import difflib
import re

import pytest
from sqlalchemy import text

from cchc.documentation.diagram import JOINS, diagram
from cchc.documentation.dictionary import dictionary
from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine
from tests.support.warehouse import rows_of

PAGE = PROJECT / "docs" / "data-dictionary.md"
HOW = "docs/data-dictionary.md is old; write it anew: make dictionary"
SILENT = """
    select n.nspname || '.' || c.relname || coalesce('.' || a.attname, '') as name
    from pg_class as c
    inner join pg_namespace as n on n.oid = c.relnamespace
    left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname in ('core', 'mart', 'ops', 'staging') and c.relkind in ('r', 'p', 'v', 'm')
        and (coalesce(col_description(c.oid, a.attnum), '') = '' or coalesce(obj_description(c.oid, 'pg_class'), '') = '')
    order by 1
"""


def test_the_committed_page_is_fresh(warehouse: Settings) -> None:
    fresh, kept = dictionary(warehouse).splitlines(), PAGE.read_text(encoding="utf-8").splitlines()
    assert fresh == kept, "\n".join([HOW, *list(difflib.unified_diff(kept, fresh, "committed", "fresh", lineterm="", n=0))[:40]])


def test_every_table_and_column_has_a_comment(warehouse: Settings) -> None:
    assert rows_of(warehouse, SILENT) == []


def test_the_functions_of_mart_are_told_with_arguments_and_columns() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "### mart.form_06a (function)" in page
    assert "`mart.form_06a(period_kind text, period_start date, scope text = 'all', source text = NULL)`" in page
    told = page.partition("### mart.form_06a_dossier (function)")[2].partition("###")[0]
    assert "| `dossier_code` | text | MaHoSo · Mã hồ sơ |" in told
    assert "| `scope` | argument: text | A unit, level:district, level:commune, or all · Đơn vị, cấp, hoặc toàn bộ |" in told


def test_every_column_of_a_function_of_mart_has_words(warehouse: Settings) -> None:
    page = dictionary(warehouse)
    told = [part for part in page.split("\n### ")[1:] if part.partition("\n")[0].endswith("(function)")]
    assert len(told) >= 2
    assert [line for part in told for line in part.splitlines() if line.endswith("|  |")] == []


def test_a_change_of_the_database_makes_the_page_stale(warehouse: Settings) -> None:
    with engine(warehouse).begin() as connection:
        connection.execute(text("create table mart.planted (planted_id bigint not null constraint planted_pk primary key)"))
        connection.execute(text("comment on column mart.planted.planted_id is 'What it is | Nó là gì'"))
    page = dictionary(warehouse)
    assert page != PAGE.read_text(encoding="utf-8")
    assert "### mart.planted (table)" in page
    assert "Key: `planted_id`" in page
    assert "| `planted_id` | bigint not null | What it is · Nó là gì |" in page
    assert [row["name"] for row in rows_of(warehouse, SILENT)] == ["mart.planted.planted_id"]


def test_the_committed_diagram_is_fresh(warehouse: Settings) -> None:
    fresh, kept = diagram(warehouse).splitlines(), (PROJECT / "docs" / "mart-diagram.md").read_text(encoding="utf-8").splitlines()
    assert fresh == kept, "\n".join([HOW, *list(difflib.unified_diff(kept, fresh, "committed", "fresh", lineterm="", n=0))[:40]])


def test_every_join_of_the_diagram_is_one_of_columns_of_the_same_type(warehouse: Settings) -> None:
    asked = "select table_name, column_name, data_type from information_schema.columns where table_schema = 'mart'"
    types = {(row["table_name"], row["column_name"]): row["data_type"] for row in rows_of(warehouse, asked)}
    joins = re.findall(r"^    (\w+) \|\|--o\{ (\w+) : (\w+)$", diagram(warehouse), re.MULTILINE)
    assert len(joins) > 30
    for target, name, column in joins:
        assert types[(name, column)] == types[(target, JOINS[column][1])], (target, name, column)


def test_a_table_that_the_diagram_lacks_is_told(warehouse: Settings) -> None:
    with engine(warehouse).begin() as connection:
        connection.execute(text("create table mart.planted (planted_id bigint)"))
    with pytest.raises(ValueError, match="planted"):
        diagram(warehouse)
