"""`unreadable: counted`: a value that cannot be read, in a column that the SQL of an indicator reads, sets its record aside; no profile lists them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cchc.models import MODELS
from cchc.profiles.layouts import read_layouts
from cchc.settings import PROJECT
from cchc.staging.counted_columns import counted_columns
from tests.quality.records import ANSWER, ASSESSMENT, DOSSIER, FEEDBACK, FILES, LEADER, PAYMENT, PROCEDURE, SIGNATURE, STEP, WORK_FILE
from tests.support.bench import Bench, profile

# the columns of types that can be unreadable, by model: what the indicators read, and what none of them reads
COUNTED = {
    "dossier": "service_level channel_code applicant_kind_code submitted_at received_at due_at processed_at returned_at refused_at status_code "
    "paid_online_code papers supplements results apology_count deleted_at",
    "dossier_step": "done_at status_code deleted_at",
    "procedure": "service_level is_online_eligible has_fee has_online_payment yields_document is_certification has_sample_dossier decision_date "
    "published_date is_synced_to_portal valid_from valid_to",
    "assessment": "assessed_at",
    "document": "",
    "work_file": "closed_at is_special",
    "signature": "signed_at is_valid",
    "leader": "from_date to_date",
    "payment": "amount_vnd status_code paid_at",
    "feedback": "is_about_procedures due_at answered_at",
    "survey_answer": "surveyed_date score",
    "declared_figure": "month_start numerator denominator is_approved file_revision",
}
# (source, entity, whole record, {bad field: it is counted by})
CASES: list[tuple[str, str, dict[str, Any], dict[str, bool]]] = [
    ("one_stop", "dossiers", DOSSIER, {"KenhThucHien": True, "NgayTuChoi": True, "HanTiepNhan": False}),
    ("one_stop", "dossier_steps", STEP, {"ThoiDiemXuLy": True}),
    ("one_stop", "procedures", PROCEDURE, {"NgayCongKhai": True}),
    ("one_stop", "assessments", ASSESSMENT, {"ThoiGianDanhGia": True}),
    ("documents", "work_files", WORK_FILE, {"NgayDong": True, "NgayMo": False}),
    ("documents", "signatures", SIGNATURE, {"HopLe": True, "NgayCapNhat": True}),
    ("documents", "leaders", LEADER, {"TuNgay": True, "DaCapChuKySo": False}),
    ("payments", "payments", PAYMENT, {"SoTien": True, "Phi": False}),
    ("feedback", "feedback", FEEDBACK, {"HanXuLy": True, "NgayCongKhai": False}),
    ("survey", "answers", ANSWER, {"NgayKhaoSat": True}),
]


def test_the_columns_are_those_that_the_sql_of_the_indicators_reads() -> None:
    layouts = read_layouts(PROJECT / "include" / "sql")
    for model, expected in COUNTED.items():
        own = [
            name
            for name, kind in layouts[model].items()
            if kind != "text" and not name.startswith("_") and name not in ("dossier_id", "step_id")
        ]
        assert [name for name in own if name in counted_columns(model)] == [name for name in own if name in expected.split()], model
    assert set(COUNTED) | {"dossier_key"} == set(MODELS)


def test_an_indicator_of_another_authority_counts_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    folder = tmp_path / "indicators"
    folder.mkdir()
    (folder / "document_digital_rate.sql").write_text("-- due_at\nselect d.is_digitally_signed from core.document as d", encoding="utf-8")
    monkeypatch.setenv("CCHC_AUTHORITY", str(tmp_path))
    assert {"is_digitally_signed"} == {"is_digitally_signed", "due_at", "arrived_at"} & counted_columns("document")


@pytest.mark.parametrize(("source", "entity", "whole", "fields"), CASES, ids=[f"{case[0]}__{case[1]}" for case in CASES])
def test_what_an_indicator_counts_by_is_set_aside(
    bench: Bench, source: str, entity: str, whole: dict[str, Any], fields: dict[str, bool]
) -> None:
    usual = profile(source)
    given = replace(usual, unreadable="counted")
    records = [whole, *(whole | {name: "không rõ"} for name in fields), *[whole] * 40]
    met = {}
    for each in (usual, given):
        landed = bench.land(each, entity, records, **FILES.get(source, {}))  # type: ignore[arg-type]
        bench.stage(each, [landed])
        (verdict,) = bench.validate(each, [landed])
        assert not verdict.blocked
        rows = bench.rows("select line, rule, action from ops.quarantine where load_id = :id order by line, rule", id=landed.load_id)
        assert all(2 <= row["line"] < 2 + len(fields) for row in rows)
        met[each.unreadable] = {(row["line"], row["rule"]) for row in rows if row["action"] == "quarantine"}
    told = {line for line, rule in met["counted"] if rule == "UNREADABLE"}
    assert told == {line for line, is_counted in enumerate(fields.values(), 2) if is_counted}
    assert met["counted"] >= met["critical"], "what was set aside still is"
    assert not any(rule == "UNREADABLE" for _, rule in met["critical"]), "an existing profile keeps its meaning"
    assert not any(rule == "K3" for _, rule in met["counted"]), "K3 speaks of times that none of these fields is"


def test_a_critical_column_of_any_model_sets_its_record_aside(bench: Bench) -> None:
    """The word of the profile holds for other models than dossiers too, as docs/guides/values.md says."""
    usual = profile("documents")
    entity = usual.entities["signatures"]
    marked = tuple(replace(column, critical=column.name == "is_valid") for column in entity.columns)
    given = replace(usual, entities=usual.entities | {"signatures": replace(entity, columns=marked)})
    landed = bench.land(given, "signatures", [SIGNATURE | {"HopLe": "không rõ"}, *[SIGNATURE] * 40])
    bench.stage(given, [landed])
    bench.validate(given, [landed])
    rows = bench.rows("select line, rule from ops.quarantine where load_id = :id and action = 'quarantine'", id=landed.load_id)
    assert [(row["line"], row["rule"]) for row in rows] == [(1, "UNREADABLE")]
