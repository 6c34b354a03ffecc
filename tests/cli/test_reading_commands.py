"""The commands that read a loaded warehouse. Each answer is compared with another way to compute it."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cchc.cli.scorecard import render
from cchc.period import now, parse_period
from cchc.reference.catalogue import catalogue
from cchc.settings import PROJECT, Settings
from tests.support.cli import cchc
from tests.support.district import CLOCK, OF_THE_MONTH, PERIOD
from tests.support.warehouse import rows_of

SCOPES = (("all", "year_to_date"), ("all", "period"), ("level:commune", "year_to_date"), ("H19.16.21", "period"))


@pytest.fixture(autouse=True)
def _everything_here_reads(loaded: Settings) -> None:
    """The tests of this file share one warehouse."""


def test_init_again_changes_nothing() -> None:
    assert "up to date" in cchc("init").out


def test_ingest_again_changes_nothing(loaded: Settings) -> None:
    waiting = "select source_code, month_start from ops.dirty_month order by 1, 2"
    before = rows_of(loaded, waiting)
    for source in ("one_stop", "documents", *OF_THE_MONTH):
        done = cchc("ingest", source, "--to", CLOCK, *(["--full"] if source == "one_stop" else []))
        assert done.code == 0
        assert "complete, T = 2024-01-02T00:00:00+07:00" in done.out
    changed = "select coalesce(sum(inserted + updated), 0) as n from ops.load where extract_id in (select max(extract_id) from ops.extract group by source_code)"
    assert [int(row["n"]) for row in rows_of(loaded, changed)] == [0]
    assert rows_of(loaded, waiting) == before


def test_ingest_a_window(loaded: Settings) -> None:
    done = cchc("ingest", "documents", "--from", "2023-12-01", "--to", "2023-12-02")
    assert done.code == 0
    window = rows_of(loaded, "select window_from, window_to from ops.extract order by extract_id desc limit 1")[0]
    assert [f"{moment:%Y-%m-%d %H:%M %z}" for moment in window.values()] == ["2023-12-01 00:00 +0700", "2023-12-02 00:00 +0700"]
    clock = rows_of(loaded, "select known_at from ops.source_clock where source_code = 'documents'")[0]["known_at"]
    assert clock.isoformat() == CLOCK, "an old window does not set the clock back"


def test_scorecard() -> None:
    said = cchc("scorecard", PERIOD)
    assert said.code == 0
    assert "tháng 12/2023" in said.out
    lines = said.out.splitlines()
    assert any(re.search(r"\d+,\d\d %", line) for line in lines)
    one = cchc("scorecard", PERIOD, "--unit", "H19.16.21")
    assert one.code == 0
    assert "Vĩnh An" in one.out


@pytest.mark.parametrize(
    "command",
    [
        ("scorecard", PERIOD), ("scorecard", PERIOD, "--unit", "H19.16.21"), ("findings", PERIOD, "--rows", "20"), ("reconcile", PERIOD),
        ("reconcile", PERIOD, "--by", "day"), ("form", PERIOD), ("form", PERIOD, "--column", "3"), ("score", PERIOD), ("outlook", PERIOD),
        ("quarantine", "list"), ("publications",), ("sql", "select * from mart.scorecard limit 3"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_tables_fit_the_terminal(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    narrow = cchc(*command)
    assert narrow.code == 0, narrow.err
    tables = [line for line in narrow.out.splitlines() if "  " in line.strip() or set(line) <= {"-", " "}]
    assert tables
    assert command[0] == "sql" or max(map(len, tables)) <= 120
    if command[0] == "sql":
        return  # seventy columns are more than a line of 120 can hold without breaking numbers
    wide = cchc(*command, "--wide")
    assert set(re.findall(r"\d[\d.,]*\d", narrow.out)) <= set(re.findall(r"\d[\d.,]*\d", wide.out)), "a number was broken"


@pytest.mark.parametrize(
    "command", [("findings", PERIOD, "--rows", "3"), ("reconcile", PERIOD), ("form", PERIOD, "--column", "3"), ("outlook", PERIOD)]
)
def test_what_is_vietnamese_is_so_from_the_first_line_to_the_last(command: tuple[str, ...]) -> None:
    said = cchc(*command)
    for word in ("unit", "day", "dossier", "state", "more", "shows", "targets", "matched", "online", "on_time", "True", "False"):
        assert not re.search(rf"(?<!-)\b{word}\b", re.sub(r"\{.*?\}", "", said.out)), word


def test_the_terminal_writes_thousands_in_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {
        "unit_code": "all", "target_no": "", "target_level": None, "level": None, "name_vi": "Số tiền", "unit_name": "Toàn huyện",
        "indicator_kind": "count", "period_value": 491_200_000_000, "year_value": 491_200_000_000, "year_numerator": 491_200_000_000,
        "year_denominator": None, "target_percent": None, "status_vi": None, "gap_count": 1234, "last_period_value": None,
        "year_before_value": None, "coverage_percent": None, "is_provisional": False, "status": "no_data", "no_data_reason_vi": None,
        "declared_difference": None,
    }  # fmt: skip
    text = render([row], parse_period(PERIOD))
    assert "491.200.000.000 (491.200.000.000)" in text
    assert "1.234" in text
    assert not re.search(r"\d{4,}", text.replace("12/2023", ""))


@pytest.mark.parametrize("code", sorted(catalogue(Settings.load())))
def test_explain_counts_what_is_stored(code: str, loaded: Settings) -> None:
    for unit, basis in SCOPES:
        said = cchc("explain", code, "--unit", unit, "--period", PERIOD, "--basis", basis, "--rows", "-1")
        assert said.code == 0, said.err
        assert said.err == "", f"{code} {unit} {basis}: {said.err}"
        if "stored       None / None" in said.out:
            assert "no unit has declared it for that month" in said.out
            continue
        now = re.search(r"(?:counted|declared) now\s+(\d+)(?: / (\d+|–))?$", said.out, re.M)
        stored = re.search(r"stored       (\d+) / (\d+|None),", said.out)
        assert now and stored, said.out
        assert now.group(1) == stored.group(1)
        if stored.group(2) != "None":
            assert now.group(2) == stored.group(2)
        if stored.group(2) != "None" and "counted now" in said.out:
            table = said.out.partition("numerator\n")[2].partition("\n\n")[0].splitlines()[1:]
            assert len(table) == int(stored.group(2))
            assert sum(line.endswith("  1") for line in table) == int(stored.group(1))


def test_explain_shows_where_the_number_comes_from() -> None:
    said = cchc("explain", "online_dossier_rate", "--period", PERIOD, "--query", "--rows", "1")
    assert "clause" in said.out
    assert "-- grain:" in said.out
    assert '"end_at"' in said.out
    assert "more; --rows -1 shows all" in said.out


def test_export_in_three_forms(loaded: Settings, tmp_path: Path) -> None:
    kept = rows_of(
        loaded,
        "select indicator_code, unit_code, basis, numerator from mart.indicator_value where indicator_code in "
        "('online_dossier_rate', 'electronic_work_file_rate') and period_kind = 'month' and period_start = '2023-12-01' order by 1, 2, 3",
    )
    assert len(kept) > 40
    asked = ("export", "online_dossier_rate", "electronic_work_file_rate", "--period", PERIOD)
    wanted = [[str(value) for value in row.values()] for row in kept]
    columns = list(kept[0])

    as_csv = cchc(*asked).data
    assert as_csv.startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 only with its mark"
    assert [[row[column] for column in columns] for row in csv.DictReader(io.StringIO(as_csv.decode("utf-8-sig")))] == wanted

    as_json: list[dict[str, Any]] = json.loads(cchc(*asked, "--format", "json").data)
    assert [[str(row[column]) for column in columns] for row in as_json] == wanted

    target = tmp_path / "values.xlsx"
    assert cchc(*asked, "--format", "xlsx", "--output", str(target)).code == 0
    sheet = openpyxl.load_workbook(target).active
    assert sheet is not None
    header, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert [[str(row[header.index(column)]) for column in columns] for row in rows] == wanted


def test_export_all_has_every_indicator(loaded: Settings) -> None:
    found = {row["indicator_code"] for row in json.loads(cchc("export", "all", "--period", PERIOD, "--format", "json").data)}
    assert found == set(catalogue(loaded))


def test_quarantine_names_the_rules(loaded: Settings) -> None:
    said = cchc("quarantine", "list")
    assert said.code == 0
    for rule in ("K1", "K4", "K6", "K7"):
        assert re.search(rf"one_stop +dossiers +\d+ +{rule} ", said.out), rule
    key = rows_of(loaded, "select key from ops.quarantine where rule = 'K4' and key is not null limit 1")[0]["key"]
    shown = cchc("quarantine", "show", "--key", key)
    assert key in shown.out
    assert "K4" in shown.out
    assert re.search(r"dossiers +\d+ .* \d+ ", shown.out)


def test_doctor_tells_what_is_well_and_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_SCHEDULE", "off")  # the demo's clock is not ours
    said = cchc("doctor")
    assert said.code == 0, said.out
    for words in (
        "connection src_one_stop: one_stop: logged in",
        "connection src_payments",
        "warehouse",
        "T = 2024-01-02",
        "in quarantine",
    ):
        assert words in said.out


def test_doctor_ends_with_1_where_something_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SRC_DOCUMENTS", '{"conn_type": "http", "host": "http://127.0.0.1:9/documents", "password": "x"}')
    said = cchc("doctor")
    assert said.code == 1
    assert re.search(r"^WRONG connection src_documents: .*127\.0\.0\.1:9", said.out, re.M)
    assert "ok    connection src_one_stop" in said.out


def test_sql_reads(loaded: Settings) -> None:
    said = cchc("sql", "select indicator_code, count(*) as n from mart.indicator_value group by 1 order by 1", "--format", "csv")
    assert said.code == 0
    assert len(list(csv.DictReader(io.StringIO(said.out)))) == len(catalogue(loaded))
    assert cchc("sql", "with x as (select 1 as a) select a from x").out.split() == ["a", "-", "1"]
    for schema in ("ops", "staging", "core", "mart"):  # an operator reads everything, also the tables that a run has just made
        assert cchc(
            "sql",
            f"select has_table_privilege(c.oid, 'select') from pg_class as c where c.relkind in ('r', 'v') and "
            f"c.relnamespace = '{schema}'::regnamespace group by 1",
        ).out.split() == ["has_table_privilege", "-" * 19, "True"], schema
    assert "100%" in cchc("sql", "select '100%' as share, ':name' as bind").out


@pytest.mark.parametrize(
    "statement",
    [
        "insert into core.working_day (day, is_working) values ('2090-01-01', true)",
        "with gone as (delete from core.working_day returning day) select count(*) from gone",
        "commit; delete from core.working_day",
        "rollback; begin; delete from core.working_day; commit",
        "set transaction read write; delete from core.working_day",
        "select set_config('transaction_read_only', 'off', false); delete from core.working_day",
        "drop table core.working_day",
        "create table mart.mine (a int)",
        "copy (select 1) to program 'touch made_by_sql'",
        "copy core.working_day to '/tmp/made_by_sql'",
        "select nextval('ops.load_load_id_seq')",
        "vacuum",
        "select set_config('role', 'postgres', true), pg_read_file('PG_VERSION')",
        "select rolpassword from pg_authid",
        "select * from ts_stat('select to_tsvector(pg_read_file(''PG_VERSION''))')",
        "set role postgres",
        "select lo_import('/etc/hostname')",
        "commit",
        "select 1 / 0",
        "select * from no_such_table",
        "",
    ],
)
def test_sql_changes_nothing(statement: str, loaded: Settings) -> None:
    days = "select count(*) as n from core.working_day"
    before = rows_of(loaded, days)
    said = cchc("sql", statement)
    assert said.code == 2, said.out
    assert said.err.startswith("cchc: WrongUse: ")
    assert "Traceback" not in said.err
    assert rows_of(loaded, days) == before
    assert rows_of(loaded, "select to_regclass('mart.mine') as t") == [{"t": None}]
    assert cchc("sql", "select current_setting('transaction_read_only')").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("scorecard", "2023-13"), "'2023-13' is no period; use 2023-06, 2023-Q2"),
        (("scorecard", "12/2023"), "did you mean '2023-12'?"),
        (("scorecard", "2023q4"), "did you mean '2023-Q4'?"),
        (("scorecard", "2023-6r"), "did you mean '2023-06R'?"),
        (("refresh", "June"), "'June' is no period"),
        (("explain", "online_dossier_rat", "--period", PERIOD), "is no computed indicator; did you mean 'online_dossier_rate'?"),
        (("explain", "nonsense", "--period", PERIOD), "'nonsense' is no computed indicator; known are: "),
        (("explain", "online_dossier_rate", "--period", PERIOD, "--unit", "H19.17"), "'H19.17' is no unit; a unit code such as "),
        (("explain", "online_dossier_rate", "--period", "2025-01"), "nothing is known of 2025-01 yet: T of one_stop is 2024-01-02"),
        (("scorecard", PERIOD, "--unit", "level:town"), "'level:town' is no unit"),
        (("scorecard", PERIOD, "--unit", "level:comune"), "did you mean 'level:commune'?"),
        (("scorecard", PERIOD, "--unit", "thanh phu"), "(Xã Thạnh Phú)?"),
        (("report", PERIOD, "--unit", "Thạnh Phú"), "(Xã Thạnh Phú)?"),
        (("export", "nothing", "--period", PERIOD), "'nothing' is no computed indicator; known are: "),
        (("findings", PERIOD, "--finding", "doubel_payment"), "did you mean 'double_payment'?"),
        (("reconcile", PERIOD, "--state", "matchd"), "did you mean 'matched'?"),
        (("ingest", "onestop"), "did you mean 'one_stop'?"),
        (("export", "all", "--period", PERIOD, "--format", "pdf"), "invalid choice: 'pdf'"),
        (("ingest", "one_stop", "--from", "yesterday"), "'yesterday' is no ISO 8601 date or time"),
        (("ingest", "one_stop", "--from", "2023-06-02", "--to", "2023-06-01"), "is empty"),
        (("ingest", "one_stop", "--to", "2199-01-01"), "lies in the future"),
        (("ingest", "one_stop", "--full", "--from", "2023-06-01"), "--full asks for everything"),
        (("quarantine", "retry", "--load", "999999"), "no load 999999"),
        (("nonsense",), "there is no command 'nonsense'; known are: init, ingest, "),
        (("scorcard", PERIOD), "there is no command 'scorcard'; did you mean 'scorecard'?"),
        ((), "required"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_is_right(arguments: tuple[str, ...], words: str) -> None:
    said = cchc(*arguments)
    assert said.code == 2
    assert words in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("more", [(), ("--approved-by", "a tester"), ("--approved-by", "a tester", "--incomplete")])
def test_a_period_that_is_not_over_cannot_be_closed(loaded: Settings, more: tuple[str, ...]) -> None:
    for period in ("2090-01", f"{now():%Y-%m}", f"{now():%Y}"):
        said = cchc("close", period, *more)
        assert said.code == 4
        assert said.err.startswith(f"cchc: PeriodNotOver: {period} is not over: its last day is ")
        assert said.out == "", "nothing is offered"
    assert rows_of(loaded, "select count(*) as n from mart.publication") == [{"n": 0}]


@pytest.mark.parametrize("arguments", [("scorecard", "2021-06"), ("export", "all", "--period", "2021-06")])
def test_a_period_that_is_not_computed_is_no_empty_answer(arguments: tuple[str, ...]) -> None:
    said = cchc(*arguments)
    assert said.code == 1
    assert "2021-06 is not computed: ingest its sources, then `cchc refresh 2021-06`" in said.err


def test_the_commands_of_the_readme_exist() -> None:
    """Each `cchc …` in the user's papers is a command that the parser knows."""
    known = set(re.findall(r"^ {4}(\w+)", cchc("--help").out, re.M))
    papers = [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]
    used = {name for path in papers for name in re.findall(r"(?:^|`)(?:uv run )?cchc ([a-z]+)", path.read_text(encoding="utf-8"), re.M)}
    assert used <= known | {"close", "report", "findings"}, used - known
