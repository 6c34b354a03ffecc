"""The columns that a model needs are checked when the profile is read, not by the database when the rows are stored."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cchc.errors import NotConfigured
from cchc.models import VERSIONED
from cchc.settings import PROJECT, Settings
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Window
from cchc.sources.needs import ALWAYS, IDENTITY
from cchc.sources.profile import load_profile
from tests.sources.conftest import KEY, T
from tests.support.cli import cchc, connect
from tests.support.district import CLOCK
from tests.support.warehouse import rows_of

TABLES = {model.name: model.versions for model in VERSIONED} | {"declared_figure": "core.declared_figure_version"}
CODES = {"dossier_id": "dossier_code", "step_id": "step_code"}
OTHERS = {"source_code", "file_name", "file_line"}  # filled by the pipeline, as are all whose name begins with _


def test_the_lists_are_what_the_database_asks_for(warehouse: Settings) -> None:
    for model, table in TABLES.items():
        rows = rows_of(
            warehouse,
            f"select attname from pg_attribute where attrelid = '{table}'::regclass and attnum > 0 and attnotnull and not attisdropped",
        )
        needed = {CODES.get(row["attname"], row["attname"]) for row in rows if not row["attname"].startswith("_")} - OTHERS
        assert needed == {*IDENTITY.get(model, ()), *ALWAYS.get(model, ())}, model
    assert set(IDENTITY) | set(ALWAYS) == set(TABLES)


def written(folder: Path, source: str, change: Callable[[dict[str, Any]], None]) -> Path:
    data = yaml.safe_load((PROJECT / "include" / "sources" / f"{source}.yaml").read_text(encoding="utf-8"))
    change(data)
    path = folder / f"{source}.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def drop(entity: str, *columns: str) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for column in columns:
            del data["entities"][entity]["columns"][column]

    return change


def give(entity: str, **columns: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data["entities"][entity]["columns"] |= copy.deepcopy(columns)

    return change


def no_files(*keys: str) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for key in keys:
            del data["files"][key]

    return change


@pytest.mark.parametrize(
    ("source", "change", "words"),
    [
        ("one_stop", drop("dossiers", "dossier_code"), r"one_stop.yaml entity dossiers \(model dossier\): the model needs dossier_code; add it"),
        ("one_stop", drop("dossier_steps", "dossier_code"), r"entity dossier_steps \(model dossier_step\): the model needs dossier_code"),
        ("one_stop", drop("assessments", "assessment_code"), r"\(model assessment\): the model needs assessment_code"),
        ("documents", drop("documents", "document_code"), r"\(model document\): the model needs document_code"),
        ("documents", drop("work_files", "work_file_code"), r"\(model work_file\): the model needs work_file_code"),
        ("documents", drop("signatures", "signature_code"), r"\(model signature\): the model needs signature_code"),
        ("feedback", drop("feedback", "file_date", "file_revision"), r"the model needs file_date, file_revision; add it under 'columns'. Of a dated file"),
        ("survey", drop("answers", "answer_code"), r"\(model survey_answer\): the model needs answer_code"),
        ("survey", give("answers", file_date="NgayKhaoSat"), r"every row must have file_date, so a field that may be empty will not do"),
        ("declared", drop("figures", "is_approved"), r"\(model declared_figure\): the model needs is_approved"),
        ("declared", give("figures", is_approved="NguoiDuyet"), r"every row must have is_approved, so a field that may be empty will not do"),
        ("declared", give("figures", numerator={"from": "TuSo", "optional": True, "reason": "r"}), "the model needs numerator, so it cannot be optional"),
        ("payments", drop("payments", "file_date", "file_revision"), r"payments.yaml entity payments \(model payment\): the model needs file_date, file_revision"),
        ("payments", no_files("name", "manifest", "newest_within_days"), r"\(model payment\): file_date, file_revision comes from the file's name, so the source needs 'files' with 'name'"),
        ("payments", no_files("manifest"), r"\(model payment\): a day of payments is replaced as a whole .* needs 'files' with 'manifest'"),
    ],
)  # fmt: skip
def test_a_profile_that_cannot_fill_its_model_is_refused(
    tmp_path: Path, source: str, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    written(tmp_path, source, change)
    with pytest.raises(NotConfigured, match=words):
        load_profile(tmp_path, source)


def test_payments_without_a_day_are_refused_before_anything_lands(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It was: profile and doctor well, and a NotNullViolation of the database at the end of the load."""
    sources = tmp_path / "sources"
    sources.mkdir()

    def undated(data: dict[str, Any]) -> None:
        data["files"] = {"formats": {"delimiter": ";"}}
        drop("payments", "file_date", "file_revision")(data)
        data["entities"]["payments"]["columns"]["paid_at"] = "ThoiGianGD"

    written(sources, "payments", undated)
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(sources))
    inbox = tmp_path / "drop"
    inbox.mkdir()
    (inbox / "giaodich_1.csv").write_text("MaThamChieu;MaGiaoDich\nR1;G1\n", encoding="utf-8")
    connect(monkeypatch, "payments", conn_type="fs", host=str(inbox))
    said = cchc("ingest", "payments", "--to", CLOCK)
    assert (said.code, said.err.count("\n")) == (1, 1), said.err
    assert "payments.yaml entity payments (model payment): the model needs file_date, file_revision; add it under 'columns'." in said.err
    doctor = cchc("doctor")
    assert doctor.code == 1
    assert "WRONG profile payments: payments.yaml entity payments (model payment): the model needs file_date" in doctor.out
    assert rows_of(warehouse, "select 1 from ops.load") == []


def test_dated_files_over_http_are_refused(landing: str, tmp_path: Path) -> None:
    def over_http(data: dict[str, Any]) -> None:
        one_stop = yaml.safe_load((PROJECT / "include" / "sources" / "one_stop.yaml").read_text(encoding="utf-8"))
        data["http"] = one_stop["http"]

    written(tmp_path, "survey", over_http)
    with pytest.raises(
        NotConfigured, match=r"survey.yaml entity answers \(model survey_answer\): file_date, file_revision comes from a file's name"
    ):
        extract(
            load_profile(tmp_path, "survey"), Connection("survey", "http://127.0.0.1:9", "a", "b"), Window(None, T), landing,
            extract_id=1, privacy_key=KEY,
        )  # fmt: skip
