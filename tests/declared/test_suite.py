"""The suite of declared figures: faults that the reading of the workbook misses are found in the staged rows, for each file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cchc.quality.suites import load_suite, suite_path
from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine
from tests.support.bench import Bench, profile
from tests.support.renamed_profile import RenamedProfile

GOOD = {
    "MaDonVi": "H19.16.2", "Thang": "2023-06", "MaChiTieu": "staff_training_rate", "TuSo": 3, "MauSo": 4, "NguoiDuyet": "a1b2", "NgayDuyet": "30/06/2023",
    "CanCu": "12/QĐ-UBND", "NgayCanCu": "05/06/2023",
}  # fmt: skip
DEFECTS: dict[str, list[dict[str, object]]] = {
    "": [{}, {"MaChiTieu": "par_index_score", "TuSo": 8542, "MauSo": 100}, {"MaChiTieu": "par_index_score", "TuSo": 86, "MauSo": 99}, {"MaChiTieu": "legal_document_review_rate"}, {"MaChiTieu": "public_service_unit_count", "MauSo": None}, {"TuSo": 0, "MauSo": 0}],
    "KEY": [{"Thang": None}],
    "UNIT": [{"MaDonVi": "H19.16.77"}],
    "CODE": [{"MaChiTieu": "staf_training_rate"}, {"MaChiTieu": "dossier_in_time_overall_rate"}],
    "NUMBER": [{"TuSo": "1.5"}, {"MauSo": "?"}],
    "NUMERATOR": [{"TuSo": None}],
    "NEGATIVE": [{"TuSo": -3}],
    "FORM": [{"MauSo": None}, {"TuSo": 5}, {"MaChiTieu": "public_service_unit_count"}, {"MaChiTieu": "par_index_score", "MauSo": None}],
    "W_UNREADABLE": [{"NgayCanCu": "31/02/2023"}],
    "W_APPROVER": [{"NguoiDuyet": None}],
    "W_DATES": [{"NgayDuyet": "31/05/2023"}, {"NgayDuyet": "02/07/2099"}, {"NgayCanCu": "02/07/2099"}],
    "W_SIGN": [{"CanCu": "theo báo cáo của phòng"}],
}  # fmt: skip
BESIDE = {
    "UNIT": {"CODE"},
    "NUMBER": {"NUMERATOR", "FORM", "W_UNREADABLE"},
}  # an unknown unit declares no code; an unreadable number is none


@pytest.mark.parametrize("vendor", ["first", "second"])
def test_each_rule_stops_the_file_that_breaks_it(warehouse: Settings, tmp_path: Path, vendor: str) -> None:
    second, bench = RenamedProfile("declared", tmp_path), Bench(engine(warehouse), tmp_path / "landing")
    given = profile("declared") if vendor == "first" else second.profile
    rules = {rule.rule_id: rule for rule in load_suite(suite_path(PROJECT / "expectations", "declared_figure"), given.zone).rules}
    assert set(DEFECTS) - {""} == set(rules) - {"TWICE"}
    planted = [(rule, [GOOD | change]) for rule, changes in DEFECTS.items() for change in changes] + [("TWICE", [GOOD, GOOD])]
    landed = [
        bench.land(
            given,
            "figures",
            records if vendor == "first" else second.renamed(records),
            file_name=f"tukhai_{number}.xlsx",
            file_date="2023-06-01",
            revision=1,
        )
        for number, (_, records) in enumerate(planted)
    ]
    bench.stage(given, landed)
    verdicts = {verdict.load_id: verdict for verdict in bench.validate(given, landed)}
    for load, (rule, records) in zip(landed, planted, strict=True):
        verdict = verdicts[load.load_id or 0]
        rows = bench.rows("select rule from ops.check_result where load_id = :l and phase = 'check' and not is_success", l=load.load_id)
        broken = {row["rule"] for row in rows}
        assert broken - BESIDE.get(rule, set()) == ({rule} if rule else set()), records
        assert verdict.blocked == (bool(rule) and rules[rule].action == "block"), records
        assert verdict.warned == (rule.startswith("W_") or rule == "NUMBER")
