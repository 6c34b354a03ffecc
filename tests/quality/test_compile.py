"""Differential test: on adversarial data, the compiled statement finds the same rows that Great Expectations counts.

The compiler uses names of GX that are not public. Before the pin of great-expectations moves, this file has to pass with the new one.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from cchc.errors import NotConfigured
from cchc.quality.compile import compile_suite
from cchc.quality.dossier_ends import create_ends_table, ends_table
from cchc.quality.gx import error_of, session
from cchc.quality.suites import Rule, Suite, load_suite
from cchc.settings import PROJECT
from cchc.warehouse.driver import psycopg_connection
from tests.support.bench import Bench, profile

TEXTS = [
    None,
    "",
    " ",
    "O'Brien",
    "100%",
    "a:b",
    "x\\y",
    "Đặng",
    "DONE",
    "done",
    "12345",
    "\n12345",
    "12345\n",
    "é",
    "e\u0301",
    "[x]",
    "NULL",
    "{batch}",
    "H19.16",
    "H19.99",
]
TIMES = [None, "2025-06-01", "2025-06-30 23:59:59.999999", "2025-07-01", "0001-01-01", "infinity"]
NAME = "Mã số"  # a column whose name needs quotes


def rules() -> list[dict[str, Any]]:
    """One expectation of every kind in our suites and more, with each way to leave rows out."""
    made: list[dict[str, Any]] = []

    def add(kind: str, **kwargs: Any) -> None:
        action = ("quarantine", "warn")[len(made) % 2]
        meta = {"rule_id": f"T{len(made):03d}", "action": action, "judged": "load", "reason": "reason", "reason_vi": "lý do"}
        severity = "critical" if action == "quarantine" else "warning"
        made.append({"type": kind, "kwargs": kwargs, "severity": severity, "meta": meta})

    add("expect_column_values_to_not_be_null", column=NAME)
    add("expect_column_values_to_be_null", column="order")
    for regex in (r"^\d{5}$", r"^[^']+$", r"(?:a:b|100%)", r"\\", r"(?i)^done$", r"^\w+$", r"^.$", r"%s %(x)s"):
        add("expect_column_values_to_match_regex", column=NAME, regex=regex)
        add("expect_column_values_to_not_match_regex", column="order", regex=regex)
    add("expect_column_values_to_match_regex_list", column=NAME, regex_list=["^D", "'", "%$"])
    add("expect_column_values_to_match_regex_list", column=NAME, regex_list=[".", "^[A-Z]"], match_on="all")
    add("expect_column_values_to_not_match_regex_list", column=NAME, regex_list=["^D", "'"])
    add("expect_column_values_to_be_in_set", column=NAME, value_set=["O'Brien", "100%", "a:b", "x\\y", "Đặng", ""])
    add("expect_column_values_to_not_be_in_set", column="order", value_set=["DONE", "[x]", "100%"])
    add("expect_column_values_to_be_in_set", column="n", value_set=[1, 2])
    add("expect_column_values_to_be_in_set", column="f", value_set=[True])
    add("expect_column_values_to_be_in_set", column="d", value_set=["2025-06-01"])
    add("expect_column_values_to_be_between", column="a", min_value=0, max_value=0.3)
    add("expect_column_values_to_be_between", column="a", min_value=0, strict_min=True)
    add("expect_column_values_to_be_between", column="a", max_value=1, strict_max=True)
    add("expect_column_values_to_be_between", column="t", min_value="2025-06-01T00:00:00", max_value="2025-06-30T23:59:59.999999")
    add("expect_column_values_to_be_between", column="d", min_value="2025-06-01", max_value="2025-06-15")
    for ignored in ("both_values_are_missing", "either_value_is_missing", "neither"):
        add("expect_column_pair_values_a_to_be_greater_than_b", column_A="a", column_B="b", ignore_row_if=ignored)
        add("expect_column_pair_values_a_to_be_greater_than_b", column_A="t", column_B="u", or_equal=True, ignore_row_if=ignored)
        add("expect_column_pair_values_a_to_be_greater_than_b", column_A="d", column_B="e", or_equal=True, ignore_row_if=ignored)
        add("expect_column_pair_values_to_be_equal", column_A="a", column_B="b", ignore_row_if=ignored)
        add("expect_column_pair_values_to_be_in_set", column_A="n", column_B="a", value_pairs_set=[[1, 1], [0, 0]], ignore_row_if=ignored)
    for ignored in ("all_values_are_missing", "any_value_is_missing", "never"):
        add("expect_compound_columns_to_be_unique", column_list=[NAME, "order", "n"], ignore_row_if=ignored)
        add("expect_multicolumn_sum_to_equal", column_list=["a", "b"], sum_total=1, ignore_row_if=ignored)
        add("expect_select_column_values_to_be_unique_within_record", column_list=["a", "b", "n"], ignore_row_if=ignored)
    add("expect_column_values_to_be_unique", column=NAME)
    add("expect_column_value_lengths_to_be_between", column=NAME, min_value=1, max_value=5)
    add("expect_column_value_lengths_to_equal", column=NAME, value=5)
    add("expect_column_values_to_match_like_pattern", column=NAME, like_pattern="%1%")
    add("expect_column_values_to_not_match_like_pattern", column=NAME, like_pattern="_")
    add("expect_column_values_to_match_like_pattern_list", column=NAME, like_pattern_list=["1%", "%'%"], match_on="any")
    is_named = {"type": "comparison", "column": {"name": "order"}, "operator": "==", "parameter": "O'Brien"}
    is_there = {"type": "nullity", "column": {"name": "n"}, "is_null": False}
    is_small = {"type": "comparison", "column": {"name": "n"}, "operator": "IN", "parameter": [1, 2]}
    both, either = {"type": "and", "conditions": [is_named, is_there]}, {"type": "or", "conditions": [is_named, is_small]}
    for condition in (is_named, is_there, both, either):
        add("expect_column_values_to_not_be_null", column="a", row_condition=condition)
        add("expect_column_values_to_be_unique", column=NAME, row_condition=condition)
        add("expect_compound_columns_to_be_unique", column_list=[NAME, "n"], row_condition=condition)
        add("expect_column_pair_values_a_to_be_greater_than_b", column_A="a", column_B="b", row_condition=condition)
    add("unexpected_rows_expectation", unexpected_rows_query="select _row from {batch} where n is null or n > 2")
    add("unexpected_rows_expectation", unexpected_rows_query="select subselect._row from {batch} where subselect.\"order\" = '{{batch}}'")
    query = 'select b._row from {batch} as b left join core.unit as u on u.unit_code = b."order" where u.unit_code is null and b.n = 1'
    add("unexpected_rows_expectation", unexpected_rows_query=query)
    add("unexpected_rows_expectation", unexpected_rows_query="select _row from {batch} where \"order\" = ' join ' or \"order\" = '100%'")
    add("expect_known_unit", column="unit")
    add("expect_known_unit", column="unit", missing_allowed=True)
    add("expect_listed_code", column="n", value_set=[1, 2])
    add("expect_listed_code", column="unit", value_set=["O'Brien", "{batch}", "100%"])
    return made


@pytest.fixture(scope="module")
def adversary(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """The table staging.adversary and the suite of all rules on it."""
    chance = random.Random(7)
    numbers = [None, 0, -1, 1, 1e9, 0.1, 0.30000000000000004]
    with psycopg_connection(bench.engine) as connection:
        connection.execute(
            f'create table staging.adversary (_row bigint primary key, "{NAME}" text, "order" text, unit text, a numeric, b numeric, t timestamp, u timestamp,'
            " d date, e date, n integer, f boolean)"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into staging.adversary values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        row,
                        *(chance.choice(TEXTS) for _ in range(3)),
                        *(chance.choice(numbers) for _ in range(2)),
                        chance.choice(TIMES),
                        chance.choice(TIMES[:4]),
                        chance.choice([None, "2025-06-01", "2025-06-30"]),
                        chance.choice([None, "2025-06-01", "2025-06-30"]),
                        chance.choice([None, 0, 1, 2, 3]),
                        chance.choice([None, True, False]),
                    )
                    for row in range(1, 3001)
                ],
            )
    path = Path(tmp_path_factory.mktemp("suite")) / "adversary.json"
    path.write_text(json.dumps({"name": "adversary", "expectations": rules()}, ensure_ascii=False), "utf-8")
    return load_suite(path, "Asia/Ho_Chi_Minh")


def test_the_statement_finds_what_gx_counts(bench: Bench, adversary: Suite) -> None:
    with session(bench.engine) as gx, psycopg_connection(bench.engine) as connection:
        results = gx.definition("staging", "adversary").get_batch().validate(adversary.expectation_suite(), result_format="BASIC").results
        counted, errors = {}, {}
        for result in results:
            rule_id = result.expectation_config.meta["rule_id"]
            errors[rule_id] = error_of(result)
            count = result.result.get("unexpected_count", result.result.get("observed_value"))
            counted[rule_id] = 0 if count is None else int(count)
        compiled = compile_suite(lambda: gx.validator("staging", "adversary"), adversary, "staging.adversary")
        found: dict[str, int] = dict.fromkeys(counted, 0)
        statement = compiled.failing_rows("staging.adversary")
        for rule, count, distinct in connection.execute(
            f"select rule, count(*), count(distinct _row) from ({statement}) x group by rule".encode()
        ):
            found[rule] = count
            assert count == distinct, f"{rule}: a row is found once"
    assert {rule_id: error for rule_id, error in errors.items() if error} == {}
    assert len(counted) == len(adversary.rules) == len(rules())
    kinds = {rule.rule_id: rule.expectation.expectation_type for rule in adversary.rules}
    assert {(rule_id, kinds[rule_id], counted[rule_id]) for rule_id in counted} == {
        (rule_id, kinds[rule_id], found[rule_id]) for rule_id in found
    }
    assert 0 < sum(count > 0 for count in counted.values())


def test_every_kind_of_rule_in_our_suites_is_compared_above() -> None:
    compared = {rule["type"] for rule in rules()}
    for path in (PROJECT / "expectations" / "staging").glob("*.json"):
        assert {rule["type"] for rule in json.loads(path.read_text("utf-8"))["expectations"]} <= compared, path.name


@pytest.mark.parametrize(("source", "model"), [("one_stop", "dossier"), ("payments", "payment"), ("documents", "work_file")])
def test_our_own_suites_count_alike_on_broken_rows(bench: Bench, source: str, model: str) -> None:
    """Rows of chance in the staging tables themselves: no value fits another."""
    suite = load_suite(PROJECT / "expectations" / "staging" / f"{model}.json", profile(source).zone, ends_table(1))
    chance = random.Random(11)
    with psycopg_connection(bench.engine) as connection:
        create_ends_table(connection, 1)
        connection.execute(
            f"drop table if exists staging.adversary_{model}; create table staging.adversary_{model} (like staging.model_{model})".encode()
        )
        columns = dict(
            connection.execute(
                "select column_name, data_type from information_schema.columns where table_schema = 'staging' and table_name = %s",
                [f"model_{model}"],
            ).fetchall()
        )
        values: dict[str, list[Any]] = {
            "text": [None, None, "", "H19.16", "thuong", "mat", "PAY", "PAY", "PAY", "REFUND", "VOID", "the", "ket_qua", "dien_tu", "H19.16.3-230105-0001", "a'b", "returned_at"],
            "smallint": [None, 0, 1, 2, 3, 7, 8, 9, 10, 11], "integer": [None, 0, 5], "bigint": [None, 0, 1, 2, 3], "boolean": [None, True, False],
            "timestamp with time zone": [None, "2023-01-05 08:00+07", "2023-01-05 08:00:00.5+07", "2023-01-04 23:30+07", "2023-01-06 00:30+07"],
            "date": [None, "2023-01-05", "2023-01-06"], "jsonb": [None, "{}", '{"amount_vnd": "x"}', '{"returned_at": "x"}', '{"papers[0].path": "x"}'],
        }  # fmt: skip
        rounds = [None, "{}", "[]", '[{"asked_at": null}]']  # a list where the others are objects
        with connection.cursor() as cursor:
            cursor.executemany(
                f"insert into staging.adversary_{model} values ({', '.join(['%s'] * len(columns))})".encode(),
                [
                    [row if column == "_row" else 1 if column == "_load_id" else chance.choice(rounds if column == "supplements" else values[kind]) or ("2023-01-06 00:30+07" if column == "_first_seen_at" else None)
                     for column, kind in columns.items()]
                    for row in range(1, 2501)
                ],
            )  # fmt: skip
        connection.execute("truncate staging.extract_1__known_end")
        connection.execute(
            "insert into staging.extract_1__known_end values (1, null, '2023-01-04 20:00+07', null, null), (2, '2023-01-05 09:00+07', null, '2023-01-04 20:00+07', null)"
        )
        table = f"staging.adversary_{model}"
        with session(bench.engine) as gx:
            results = (
                gx.definition("staging", f"adversary_{model}")
                .get_batch()
                .validate(suite.expectation_suite(), result_format="BASIC")
                .results
            )
            assert [error_of(result) for result in results if error_of(result)] == []
            counted = {
                result.expectation_config.meta["rule_id"]: int(
                    result.result.get("unexpected_count", result.result.get("observed_value")) or 0
                )
                for result in results
            }
            statement = compile_suite(lambda: gx.validator("staging", f"adversary_{model}"), suite, table).failing_rows(table)
        found = dict.fromkeys(counted, 0) | dict(
            connection.execute(f"select rule, count(*) from ({statement}) x group by rule".encode()).fetchall()
        )
    assert found == counted
    assert all(counted.values()), "every rule is met"


def test_a_rule_about_the_whole_table_is_no_row_rule(bench: Bench, adversary: Suite) -> None:
    import great_expectations.expectations as gxe

    rule = Rule("R", "quarantine", "load", "a", "b", gxe.ExpectTableRowCountToEqual(value=3))
    with session(bench.engine) as gx, pytest.raises(NotConfigured, match="not about single rows"):
        compile_suite(lambda: gx.validator("staging", "adversary"), Suite("made_up", (rule,)), "staging.adversary")
    missing = Rule("R", "quarantine", "load", "a", "b", gxe.ExpectColumnValuesToNotBeNull(column="no_such_column"))
    with session(bench.engine) as gx, pytest.raises(NotConfigured, match="cannot resolve"):
        compile_suite(lambda: gx.validator("staging", "adversary"), Suite("made_up", (missing,)), "staging.adversary")
