"""What an analyst reads: the worked questions of the guide, the data package of mart, and the words of its codes."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import frictionless
import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pytest
from psycopg import sql
from sqlalchemy import create_engine

from cchc.period import Period
from cchc.reports.dataset import DESCRIPTOR, write_dataset
from cchc.settings import PROJECT, Settings
from cchc.warehouse import accounts
from tests.analysts.conftest import logged_in
from tests.support.cli import cchc
from tests.support.warehouse import rows_of

PAGE = PROJECT / "docs" / "guides" / "questions.md"
WRITE = "WRITE_QUESTIONS"
PART = re.compile(
    r"(?P<head>^## (?P<number>\d+)\. .*?^```sql\n(?P<statement>.*?)^```\n)(?P<table>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)


class Question(NamedTuple):
    """A question of the guide: its SQL, and the table that the page shows below it."""

    number: int
    statement: str
    table: str


def questions() -> list[Question]:
    """The questions in the order of the page."""
    return [
        Question(int(part["number"]), part["statement"], part["table"].strip()) for part in PART.finditer(PAGE.read_text(encoding="utf-8"))
    ]


def answered(connection: psycopg.Connection[Any], statement: str) -> str:
    """The rows of a statement as a table of Markdown."""
    cursor = connection.execute(statement.encode())
    assert cursor.description is not None
    lines = [[column.name for column in cursor.description], ["---" for _ in cursor.description]]
    lines += [["" if value is None else str(value) for value in row] for row in cursor.fetchall()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


@pytest.fixture(scope="module")
def screen(district: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A session of the role that reads mart alone."""
    with logged_in(accounts.add(district, "a_reader", "dashboard", None, "test")) as connection:
        yield connection
    accounts.remove(district, "a_reader")


# --- the questions ---------------------------------------------------------------------------------------------------


def test_there_are_twenty_questions() -> None:
    assert [question.number for question in questions()] == list(range(1, 21))


@pytest.mark.parametrize("question", questions(), ids=lambda question: str(question.number))
def test_the_answer_is_that_of_the_page(question: Question, screen: psycopg.Connection[Any]) -> None:
    found = answered(screen, question.statement)
    if os.environ.get(WRITE):
        text = PAGE.read_text(encoding="utf-8")
        (part,) = [part for part in PART.finditer(text) if int(part["number"]) == question.number]
        PAGE.write_text(text[: part.end("head")] + f"\n{found}\n\n" + text[part.end() :], encoding="utf-8")
        return
    assert found == question.table, f"write the tables anew: {WRITE}=1 .venv/bin/python -m pytest tests/analysts/test_reading.py"
    assert len(found.splitlines()) > 2, "a question without an answer shows nothing"


def test_pandas_reads_with_the_address_that_the_command_prints(district: Settings) -> None:
    login = accounts.add(district, "a_notebook", "analyst", None, "test")
    try:
        reader = create_engine(login.url.replace("postgresql://", "postgresql+psycopg://"))
        frame = pd.read_sql("select unit_name, count(*) as dossiers from mart.dossier_detail where is_counted group by 1", reader)
        reader.dispose()
    finally:
        accounts.remove(district, "a_notebook")
    (expected,) = rows_of(district, "select count(*) as n from mart.dossier where is_counted")
    assert frame["dossiers"].sum() == expected["n"] and "Xã Thạnh Phú" in set(frame["unit_name"])


# --- the words of codes, the codes of periods -------------------------------------------------------------------------

WORDED = {
    "assessment": {"rating_code": "rating"},
    "document": {"direction_code": "document_direction"},
    "dossier": {
        "status_code": "dossier_status",
        "service_level": "service_level",
        "paid_online_code": "paid_online",
    },
    "feedback": {"channel_code": "feedback_channel", "status_code": "feedback_status", "rating_code": "rating"},
    "payment": {
        "kind_code": "payment_kind",
        "status_code": "payment_status",
        "method_code": "payment_method",
        "channel_code": "payment_channel",
    },
    "procedure": {"service_level": "service_level", "status_code": "procedure_status"},
    "work_file": {"handling_code": "work_file_handling"},
}


@pytest.mark.parametrize("model", WORDED)
def test_every_code_that_a_suite_allows_has_its_words(district: Settings, model: str) -> None:
    suite = json.loads((PROJECT / "expectations" / "staging" / f"{model}.json").read_text(encoding="utf-8"))
    allowed = {rule["kwargs"]["column"]: rule["kwargs"]["value_set"] for rule in suite["expectations"] if "value_set" in rule["kwargs"]}
    assert set(WORDED[model]) <= set(allowed)
    for column, code_list in WORDED[model].items():
        told = rows_of(district, "select code from mart.code_label where code_list = :code_list", code_list=code_list)
        assert {str(code) for code in allowed[column]} <= {row["code"] for row in told}, column


def test_a_period_has_the_code_that_the_commands_take(district: Settings) -> None:
    rows = rows_of(district, "select distinct period_kind, period_start, period_end, period_code from mart.indicator_detail")
    assert len(rows) >= 4
    assert [(row["period_code"], row["period_kind"]) for row in rows] == [
        (Period(row["period_kind"], row["period_start"], row["period_end"]).code, row["period_kind"]) for row in rows
    ]


def test_what_ends_in_rate_is_a_fraction_and_in_percent_the_same_times_100(district: Settings) -> None:
    """In every table and view of mart; and no column of both words is text."""
    columns = rows_of(
        district,
        "select table_name, column_name from information_schema.columns where table_schema = 'mart' and column_name ~ '_(rate|percent)$'",
    )
    assert {row["column_name"] for row in columns} >= {"value_rate", "value_percent", "target_percent", "coverage_rate", "coverage_percent"}
    for row in columns:
        most = 1 if row["column_name"].endswith("_rate") else 100
        (found,) = rows_of(
            district, f"select min({row['column_name']}) as low, max({row['column_name']}) as high from mart.{row['table_name']}"
        )
        assert found["low"] is None or 0 <= found["low"] <= found["high"] <= most, row
    (pair,) = rows_of(
        district, "select count(*) as n from mart.indicator_detail where value_percent is distinct from round(value_rate * 100, 2)"
    )
    assert pair["n"] == 0


# Numbers that may have decimals and are called neither: older names that scripts rely on (docs/guides/analysts.md), points, and counts. None is
# added without a reason.
OLDER_NAMES = {
    "indicator_value": {"value", "target", "coverage"},
    "publication_value": {"value", "target", "coverage"},
    "published_value": {"value", "target", "coverage"},
    "restatement": {"value", "published_value"},
    "declared_figure": {"value"},
    "score_766": {"ratio", "points", "max_points", "full_at"},
    "score_766_total": {"points", "max_points", "full_points"},
    "scorecard": {"period_value", "year_value", "last_period_value", "year_before_value", "declared_value", "declared_difference"},
    "source_coverage": {"coverage"},
    "indicator_detail": {"value_count", "value_score"},
}


def test_no_number_with_decimals_hides_whether_it_is_a_fraction_or_a_percent(district: Settings) -> None:
    columns = rows_of(
        district,
        "select table_name, column_name from information_schema.columns where table_schema = 'mart' "
        "and data_type in ('numeric', 'real', 'double precision') and column_name !~ '_(rate|percent|vnd)$'",
    )
    found = {(row["table_name"], row["column_name"]) for row in columns}
    assert found == {(name, column) for name, known in OLDER_NAMES.items() for column in known}


# --- the data package ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dataset(district: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data package, as the command writes it."""
    folder = tmp_path_factory.mktemp("dataset") / "mart"
    said = cchc("export", "--dataset", str(folder))
    assert said.code == 0, said.err
    assert re.search(r"^dossier\.parquet +\d+ +\d+$", said.out, re.MULTILINE)
    return folder


def resources(folder: Path) -> list[dict[str, Any]]:
    """The entries of the descriptor."""
    return list(json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))["resources"])


def test_the_descriptor_is_one_of_the_standard(dataset: Path) -> None:
    descriptor = json.loads((dataset / DESCRIPTOR).read_text(encoding="utf-8"))
    assert list(frictionless.Package.metadata_validate(descriptor)) == []
    del descriptor["resources"][0]["path"]
    assert list(frictionless.Package.metadata_validate(descriptor)) != [], "the judge says yes to anything"


def test_every_table_and_view_of_mart_is_in_it_with_its_comments(dataset: Path, district: Settings) -> None:
    listed = rows_of(
        district,
        "select table_name as name, array_agg(cast(column_name as text) order by ordinal_position) as columns "
        "from information_schema.columns where table_schema = 'mart' group by table_name",
    )
    told = {resource["name"]: [field["name"] for field in resource["schema"]["fields"]] for resource in resources(dataset)}
    assert told == {row["name"]: row["columns"] for row in listed}
    fields = [field for resource in resources(dataset) for field in resource["schema"]["fields"]]
    assert all(" | " in field["description"] and field["title"] for field in fields)
    assert {path.name for path in dataset.iterdir()} == {DESCRIPTOR, *(f"{name}.parquet" for name in told)}


def test_checksums_and_sizes_are_those_of_the_files(dataset: Path) -> None:
    for resource in resources(dataset):
        content = (dataset / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert (resource["bytes"], resource["cchc:rows"]) == (len(content), pq.read_metadata(dataset / resource["path"]).num_rows)


def _as_read(value: Any) -> Any:
    """A value of PostgreSQL as the data package has it: a numeric as a double, lists and objects as JSON, moments in UTC."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list | dict):
        return json.loads(json.dumps(value))
    return value.astimezone(UTC) if isinstance(value, datetime) else value


@pytest.mark.parametrize("name", ["dossier", "payment", "finding", "indicator_detail", "unit", "publication"])
def test_duckdb_reads_the_rows_of_the_warehouse(dataset: Path, district: Settings, name: str) -> None:
    (resource,) = [each for each in resources(dataset) if each["name"] == name]
    texts = {field["name"] for field in resource["schema"]["fields"] if field["type"] in ("array", "object")}
    with duckdb.connect() as reader:
        reader.execute("set timezone = 'UTC'")
        cursor = reader.execute(f"select * from '{dataset / resource['path']}'")
        columns = [column[0] for column in cursor.description or []]
        found = [
            tuple(
                json.loads(value) if column in texts and value is not None else _as_read(value)
                for column, value in zip(columns, row, strict=True)
            )
            for row in cursor.fetchall()
        ]
    expected = [tuple(_as_read(value) for value in row.values()) for row in rows_of(district, f"select * from mart.{name}")]
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


def test_the_same_data_give_the_same_files(dataset: Path, district: Settings, tmp_path: Path) -> None:
    write_dataset(district, tmp_path / "again")
    hashes = [{each["name"]: each["hash"] for each in resources(folder)} for folder in (dataset, tmp_path / "again")]
    assert hashes[0] == hashes[1]


def test_nasty_texts_come_through(district: Settings, tmp_path: Path) -> None:
    texts = ["", "a,b", 'say "x"', "two\nlines", "\\N", "NULL", "t", "Đ ₫ 𝄞", " blank "]
    with psycopg.connect(str(district.warehouse_url).replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("create table mart.planted (place integer, words text, list text[], amount_vnd numeric)")
        connection.execute("comment on table mart.planted is 'a | b'")
        for column in ("place", "words", "list", "amount_vnd"):
            connection.execute(sql.SQL("comment on column mart.planted.{} is 'a | b'").format(sql.Identifier(column)))
        try:
            for place, words in enumerate([*texts, None]):
                connection.execute("insert into mart.planted values (%s, %s, %s, 12)", [place, words, None if words is None else [words]])
            write_dataset(district, tmp_path / "made")
        finally:
            connection.execute("drop table mart.planted")
    table = pq.read_table(tmp_path / "made" / "planted.parquet").to_pydict()
    assert table["words"] == [*texts, None]
    assert [None if cell is None else json.loads(cell) for cell in table["list"]] == [*([words] for words in texts), None]
    assert table["amount_vnd"] == [12] * 10


def test_a_type_without_a_place_is_an_error_and_leaves_nothing(district: Settings, tmp_path: Path) -> None:
    with psycopg.connect(str(district.warehouse_url).replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("create table mart.planted (place point)")
        connection.execute("comment on table mart.planted is 'a | b'")
        connection.execute("comment on column mart.planted.place is 'a | b'")
        try:
            with pytest.raises(TypeError, match=r"planted\.place \(point\)"):
                write_dataset(district, tmp_path / "made")
        finally:
            connection.execute("drop table mart.planted")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("export", "--dataset", "{full}"), "not empty"),
        (("export", "--dataset", "{new}", "all"), "name no indicator"),
        (("export", "--dataset", "{new}", "--period", "2023-12"), "name no indicator"),
        (("export", "all"), "--dataset FOLDER"),
        (("export", "--period", "2023-12"), "--dataset FOLDER"),
    ],
)
def test_wrong_use_is_told(district: Settings, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "kept").touch()
    said = cchc(*(argument.format(full=tmp_path / "full", new=tmp_path / "new") for argument in arguments))
    assert said.code == 2 and words in said.err, said.err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["full", "kept"]
