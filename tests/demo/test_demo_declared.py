"""The declared workbooks of the demo: every unit and month, the planted oddities, and bytes that depend on the seed alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cchc.declared.intake import read
from cchc.reference.duties import duties
from cchc.settings import PROJECT, Settings
from cchc.sources.files import Unreadable
from cchc.sources.profile import load_profile
from demo import clock
from demo.declared import REJECTED, UNAPPROVED, Declared, DeclaredFolder

START, LAST = clock.moment(2024, 1, 2), clock.END


def judged(path: Path) -> list[dict[str, Any]] | str:
    """The records of a workbook as the pipeline reads them, or why it is refused."""
    profile = load_profile(PROJECT / "include" / "sources", "declared")
    assert profile.files is not None
    try:
        return [record for _, record in read(path.read_bytes(), path.name, profile, profile.files)]
    except Unreadable as problem:
        return str(problem)


def test_every_unit_and_month_and_only_the_planted_are_refused(district: Any, tmp_path: Path) -> None:
    folder = DeclaredFolder(tmp_path, district.declared)
    assert len(folder.update(START)) == 24 * 24 - 2 - 1  # two never come, one comes late
    found = {path.name: judged(path) for path in tmp_path.iterdir()}
    assert [name for name, records in found.items() if isinstance(records, str)] == []
    asked = duties(Settings.load())
    for name, records in found.items():
        unit = name.split("_")[1]
        required = {duty.indicator_code for duty in asked.of(unit).values() if duty.is_required}
        extra = {"dossier_on_time_rate"} if unit == "H19.16.22" and "2023" in name else set()
        assert {record["MaChiTieu"] for record in records if isinstance(record, dict)} == required | extra
        without = any("NguoiDuyet" not in record for record in records if isinstance(record, dict))
        assert without == (name in {f"tukhai_{u}_{y}-{m:02d}.xlsx" for u, y, m in UNAPPROVED})
    assert folder.update(START) == []
    later = set(folder.update(LAST))
    assert len(later) == 1 + 1 + 3  # late, corrected, and the three to be refused
    refused = {name: words for name in later if isinstance(words := judged(tmp_path / name), str)}
    assert set(refused) == {f"tukhai_{unit}_{year}-{month:02d}.xlsx" for unit, year, month, _ in REJECTED.values()}
    assert "SoLieu!B2: TuSo is -3" in refused["tukhai_H19.16.24_2023-12.xlsx"]
    assert "SoLieu!C3: is the error #REF!" in refused["tukhai_H19.16.26_2023-12.xlsx"]
    assert "H19.16.88 is no unit" in refused["tukhai_H19.16.88_2023-12.xlsx"]


def test_the_correction_takes_the_place_of_the_first(district: Any, tmp_path: Path) -> None:
    folder, name = DeclaredFolder(tmp_path, district.declared), "tukhai_H19.16.21_2023-05.xlsx"
    folder.update(clock.moment(2023, 7, 1))
    first = judged(tmp_path / name)
    assert name in folder.update(clock.moment(2023, 8, 1))
    second = judged(tmp_path / name)
    changed = [a["MaChiTieu"] for a, b in zip(first, second, strict=True) if a != b]  # type: ignore[index]
    assert changed == ["staff_training_rate"]


def test_proofs_are_documents_of_the_document_system(district: Any) -> None:
    signs = {(document.sign, document.issued) for document in district.documents if not document.incoming}
    assert set(district.declared.proofs.values()) <= signs
    assert len(district.declared.proofs) == 4


def test_bytes_depend_on_the_seed_alone(district: Any) -> None:
    again = Declared(district.seed, district.declared.proofs)
    assert [again.contents(delivery) for delivery in again.deliveries[:60]] == [
        district.declared.contents(delivery) for delivery in district.declared.deliveries[:60]
    ]
