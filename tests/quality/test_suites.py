"""The suites as files: every one can be read, every rule has its words, and what GX would let pass is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cchc.errors import NotConfigured
from cchc.quality.compile import has_join
from cchc.quality.suites import Suite, load_suite, suite_path
from cchc.settings import PROJECT
from cchc.sources.profile import read_profile
from cchc.staging import staged_entities
from cchc.staging.columns import RecordTyper
from cchc.staging.tables import layout
from cchc.warehouse.driver import psycopg_connection
from tests.support.bench import Bench, profile

DIRECTORY = PROJECT / "expectations"
FILES = sorted((DIRECTORY / "staging").glob("*.json"))
PROFILES = [*sorted((PROJECT / "include" / "sources").glob("*.yaml")), *sorted((PROJECT / "docs" / "examples").glob("*.yaml"))]
CRITICAL = {  # what docs/reference/rules.md says is set aside; anything more would leave rows out of the numbers without a clause
    "dossier": {"KEY", "K1", "K2", "K3", "K4", "K5", "K6", "K7"},
    "dossier_step": {"KEY"},
    "dossier_key": {"KEY"},
    "procedure": {"KEY"},
    "assessment": {"KEY", "UNIT", "CODE"},
    "document": {"KEY"},
    "work_file": {"KEY", "UNIT"},
    "signature": {"KEY"},
    "leader": {"KEY", "UNIT"},
    "declared_figure": set(),
    "payment": {"KEY", "UNIT", "KIND", "STATUS", "DAY", "AMOUNT"},
    "feedback": {"KEY", "UNIT", "CHANNEL", "ABOUT", "STATUS", "RATING"},
    "survey_answer": {"KEY", "UNIT", "SCORE"},
}


def suite(path: Path) -> Suite:
    return load_suite(path, "Asia/Ho_Chi_Minh")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_suite_can_be_read_and_quarantines_what_the_clause_names(path: Path) -> None:
    rules = suite(path).rules
    assert {rule.rule_id for rule in rules if rule.action == "quarantine"} == CRITICAL[path.stem]
    for rule in rules:
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", rule.rule_id)
        assert rule.rule_id.startswith("W_") == (rule.action == "warn")
        assert rule.judged == ("always" if rule.rule_id in ("K4", "K7") else "load")
        assert rule.reason != rule.reason_vi
        assert rule.words == f"{rule.reason} · {rule.reason_vi}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_queries_are_ones_that_gx_fills_as_we_do(path: Path) -> None:
    for rule in suite(path).rules:
        query = getattr(rule.expectation, "unexpected_rows_query", None)
        if query is not None:
            assert query.count("{batch}") == 1
            assert ("{batch} as b " in query) == has_join(query), "with a join GX gives {batch} no alias, without one it does"
            assert re.search(r"(?<!:):(?!:)\w", query) is None, "SQLAlchemy would take it for a bind parameter"


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_entity_has_a_suite_whose_columns_and_queries_are_right(bench: Bench, path: Path) -> None:
    source = read_profile(path)
    with psycopg_connection(bench.engine) as connection:
        for entity in staged_entities(source).values():
            model = layout(connection, "staging", f"model_{entity.model}")
            assert model
            RecordTyper(source, entity, model)  # raises where profile and model disagree
            for rule in suite(suite_path(DIRECTORY, entity.suite)).without(entity.waived_rules).rules:
                kwargs = rule.expectation.configuration.kwargs
                for name in [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs] + kwargs.get("column_list", []):
                    assert name in model, (entity.suite, rule.rule_id)
                for regex in [kwargs[key] for key in ("regex",) if key in kwargs] + kwargs.get("regex_list", []):
                    assert connection.execute("select 'x' ~ %s", [regex]).fetchone() is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_suite_speaks_of_its_model_and_of_no_vendor(bench: Bench, path: Path) -> None:
    with psycopg_connection(bench.engine) as connection:
        model = layout(connection, "staging", f"model_{path.stem}")
    assert model, "the suite's name is its model"
    wire = {name for each in PROFILES for entity in read_profile(each).entities.values() for name in entity.vendor_fields.values()}
    asked = set(re.findall(r"\{([a-z_]+)\}", path.read_text(encoding="utf-8"))) - {"batch"}
    assert asked <= set(model), "what a reason names is a column"
    assert not set(re.findall(r"\w+", path.read_text(encoding="utf-8"))) & {part for name in wire for part in name.split(".")}


def test_every_suite_belongs_to_an_entity() -> None:
    wanted = {entity.suite for path in PROFILES for entity in staged_entities(read_profile(path)).values()}
    assert {path.stem for path in FILES} == wanted
    assert wanted == {entity.model for path in PROFILES for entity in staged_entities(read_profile(path)).values()}


def test_reasons_in_the_words_of_a_source() -> None:
    payments = profile("payments").entities["payments"]
    rules = {rule.rule_id: rule for rule in load_suite(suite_path(DIRECTORY, "payment"), "Asia/Ho_Chi_Minh").worded(payments).rules}
    assert rules["AMOUNT"].reason == "SoTien (amount_vnd) is there and is no amount"
    assert rules["AMOUNT"].reason_vi == "SoTien (amount_vnd) có giá trị nhưng không phải số tiền"
    assert "(MaGiaoDich, LoaiGiaoDich; or MaThamChieu, ThoiGianGD, LoaiGiaoDich)" in rules["KEY"].reason
    assert "(MaGiaoDich, LoaiGiaoDich; hoặc MaThamChieu, ThoiGianGD, LoaiGiaoDich)" in rules["KEY"].reason_vi
    without = dataclasses.replace(payments, columns=tuple(column for column in payments.columns if column.name != "amount_vnd"))
    rules = {rule.rule_id: rule for rule in load_suite(suite_path(DIRECTORY, "payment"), "Asia/Ho_Chi_Minh").worded(without).rules}
    assert rules["AMOUNT"].reason == "amount_vnd is there and is no amount", "a column that the source does not fill"


def written(tmp_path: Path, *expectations: dict[str, Any], name: str = "made_up") -> Path:
    path = tmp_path / "made_up.json"
    path.write_text(json.dumps({"name": name, "expectations": list(expectations)}), "utf-8")
    return path


def expectation(**changed: Any) -> dict[str, Any]:
    meta = {"rule_id": "R1", "action": "warn", "judged": "load", "reason": "reason", "reason_vi": "lý do"}
    rule = {"type": "expect_column_values_to_be_null", "kwargs": {"column": "a"}, "severity": "warning", "meta": meta}
    return rule | changed | {"meta": meta | changed.get("meta", {})}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"type": "expect_column_values_to_be_nul"}, "does not know the type of R1"),
        ({"severity": "grave"}, "severity"),
        ({"severity": "critical"}, "severity of a rule to warn is warning"),
        ({"meta": {"action": "drop"}}, "action is one of"),
        ({"meta": {"judged": "never"}}, "judged is one of"),
        ({"meta": {"reason_vi": ""}}, "each a text"),
        ({"meta": {"colour": "red"}}, "must have exactly"),
        ({"kwargs": {"column": "a", "mostly": 0.9}}, "mostly"),
        ({"kwargs": {"colum": "a"}}, "refuses it"),
        ({"type": "expect_known_unit", "kwargs": {"column": "a; drop table x"}}, "refuses it"),
        ({"type": "expect_listed_code", "kwargs": {"column": "a", "value_set": [1, "x"]}}, "refuses it"),
        ({"type": "expect_listed_code", "kwargs": {"column": "a", "value_set": []}}, "refuses it"),
    ],
)
def test_a_faulty_rule_is_refused(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        suite(written(tmp_path, expectation(**changed)))


def test_faulty_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="unique: R1"):
        suite(written(tmp_path, expectation(), expectation(kwargs={"column": "b"})))
    with pytest.raises(NotConfigured, match="no expectation"):
        suite(written(tmp_path))
    with pytest.raises(NotConfigured, match="must be 'made_up'"):
        suite(written(tmp_path, expectation(), name="other"))
    (tmp_path / "made_up.json").write_text("{")
    with pytest.raises(NotConfigured, match="not JSON"):
        suite(tmp_path / "made_up.json")
    with pytest.raises(
        NotConfigured, match=r"no suite one_stop__dossiers\.json .* belongs to a model .*: assessment, declared_figure, .*dossier"
    ):
        suite_path(DIRECTORY, "one_stop__dossiers")  # how it was named when a suite belonged to a table
    with pytest.raises(NotConfigured, match="no time zone"):
        load_suite(written(tmp_path, expectation()), "'; drop table x")


def test_a_waived_rule_must_exist(tmp_path: Path) -> None:
    whole = suite(written(tmp_path, expectation()))
    assert whole.without({"R1": "reason"}).rules == ()
    with pytest.raises(NotConfigured, match="no rule R2"):
        whole.without({"R2": "reason"})


def test_the_zone_of_the_source_goes_into_the_queries() -> None:
    rules = {rule.rule_id: rule for rule in load_suite(suite_path(DIRECTORY, "dossier"), "Europe/Amsterdam").rules}
    assert "at time zone 'Europe/Amsterdam'" in rules["K5"].expectation.unexpected_rows_query
    assert profile("one_stop").zone == "Asia/Ho_Chi_Minh"


def test_great_expectations_is_imported_only_when_it_is_needed() -> None:
    code = "import sys, cchc.quality, cchc.staging; sys.exit('great_expectations' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(PROJECT / "plugins")}, check=False).returncode == 0
    )
