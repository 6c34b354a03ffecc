"""A field that no record of a JSON delivery has is refused only if earlier deliveries make that almost impossible."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc.errors import ContractViolation
from cchc.sources.absent import Absent, absent_fields, chance_of_none, in_words, together
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.fields import Earlier, FieldCounts, Share
from cchc.sources.landing import Landed, Window
from tests.sources.conftest import KEY, T, profile
from tests.support.source_server import Source

DOSSIERS = profile("one_stop").entities["dossiers"]
OPEN = {
    "MaHoSo": "A",
    "MaTTHC": "1.000001",
    "MaDonVi": "H19.16.21",
    "NgayTiepNhan": "x",
    "NgayHenTra": "x",
    "TrangThaiHoSo": "4",
    "NgaySuaCuoi": "x",
}
FINISHED = OPEN | {"NgayKetThucXuLy": "x", "NgayTra": "x", "TrangThaiHoSo": "10"}


def counted(records: list[dict[str, Any]]) -> dict[str, Any]:
    counts = FieldCounts(DOSSIERS)
    counts.see(records, records, lists_are_text=False)
    return counts.manifest()


def history(*loads: list[dict[str, Any]]) -> Earlier:
    earlier = Earlier(loads=len(loads))
    for records in loads:
        earlier = earlier.with_delivery(counted(records))
    return earlier


def gone(records: list[dict[str, Any]], before: Earlier, first_rows: int = 20) -> list[str]:
    return [each.field for each in absent_fields(DOSSIERS, counted(records), before, first_rows)]


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def test_forty_records_without_a_due_date_after_a_history_of_99_percent() -> None:
    before = history([FINISHED] * 7920 + [without(FINISHED, "NgayHenTra")] * 80)
    renamed = [without(FINISHED, "NgayHenTra") | {"HanTra": "x"}] * 40
    assert gone(renamed, before) == ["NgayHenTra"]
    assert chance_of_none(40, before.fields["NgayHenTra"]) == pytest.approx(9.7e-8, rel=0.01)
    words = in_words(DOSSIERS, absent_fields(DOSSIERS, counted(renamed), before), counted(renamed), before)
    assert words == (
        "NgayHenTra (due_at) is in none of the 40 records, but was in 99.0% of the 8,000 of earlier deliveries. By chance that comes less than "
        "once in a million times. New here, and used by no column: HanTra. Nearest in name: NgayHenTra → HanTra."
    )
    assert gone([*renamed[:39], FINISHED], before) == [], "one that has it shows that it comes"


@pytest.mark.parametrize("size", [1, 10, 20, 30])
def test_open_dossiers_of_a_morning_after_a_history_of_90_percent_finished(size: int) -> None:
    """Were each record a draw of its own, ten would be 1e-10 and the source would stop."""
    for whole in (100, 8000, 1_000_000):
        share = Share(whole, whole * 9 // 10, whole * 9 // 10)
        assert chance_of_none(size, share) > 1e-6
    before = history([FINISHED] * 900 + [OPEN] * 100)
    assert gone([OPEN] * size, before) == []
    assert before.fields["NgayTra"].shown == 900


def test_the_archive_of_past_years_comes_first_and_then_the_open_dossiers() -> None:
    """In an archive every dossier is finished; that is not known of the next delivery."""
    before = history([FINISHED] * 100_000)
    assert gone([OPEN] * 21, before) == []
    assert gone([OPEN] * 22, before) == ["NgayKetThucXuLy", "NgayTra"]


def test_a_first_delivery_is_refused_without_its_critical_fields_alone() -> None:
    renamed = [without(FINISHED, "NgayHenTra", "MaTTHC") | {"HanTra": "x"}] * 20
    assert gone(renamed, Earlier()) == ["NgayHenTra"]
    assert gone(renamed[:19], Earlier()) == []
    assert gone(renamed[:5], Earlier(), first_rows=5) == ["NgayHenTra"]
    assert gone([], Earlier(), first_rows=0) == [], "an empty delivery lacks no field"
    assert gone(renamed, Earlier(loads=1)) == [], "earlier deliveries of which nothing is known: loaded before fields were counted"
    assert gone([without(FINISHED, "MaHoSo")] * 20, Earlier()) == ["MaHoSo"], "the key"
    assert "of this first delivery, and no record can be judged without it" in in_words(
        DOSSIERS, [Absent("NgayHenTra", 20, None)], counted(renamed), Earlier()
    )


def test_a_first_delivery_may_lack_the_ends() -> None:
    """Open dossiers have none, and a vendor may fill one of the two alone: what is finished without an end is set aside by K7."""
    assert gone([OPEN] * 500, Earlier()) == []
    assert gone([without(FINISHED, "NgayTra")] * 500, Earlier()) == []
    assert gone([without(FINISHED, "NgayTra", "NgayTiepNhan")] * 500, Earlier()) == ["NgayTiepNhan"]


def test_a_field_that_never_came_or_is_optional_is_not_missed() -> None:
    before = history([without(FINISHED, "MaTTHC")] * 1000)
    assert gone([without(FINISHED, "MaTTHC")] * 1000, before) == []
    columns = tuple(replace(column, optional=column.name == "due_at", reason="r") for column in DOSSIERS.columns)
    optional = replace(DOSSIERS, columns=columns)
    delivered = counted([without(FINISHED, "NgayHenTra", "MaTTHC")] * 1000)
    assert [each.field for each in absent_fields(optional, delivered, history([FINISHED] * 1000))] == ["MaTTHC"]
    assert absent_fields(optional, delivered, Earlier()) == []


def test_the_objects_of_a_list_as_well() -> None:
    paper = {"MaThanhPhanHoSo": "TP1", "DuocSoHoa": "1"}
    before = history([FINISHED | {"TaiLieuNop": [paper, paper]}] * 500)
    renamed = [FINISHED | {"TaiLieuNop": [without(paper, "DuocSoHoa") | {"DaSoHoa": "1"}]}] * 40
    assert gone(renamed, before) == ["TaiLieuNop.DuocSoHoa"]
    assert gone([FINISHED | {"TaiLieuNop": []}] * 40, before) == [], "no object, so none can have it"
    assert gone([FINISHED] * 40, before) == ["TaiLieuNop"]
    words = in_words(DOSSIERS, absent_fields(DOSSIERS, counted(renamed), before), counted(renamed), before)
    assert "TaiLieuNop.DuocSoHoa (papers.is_digitized) is in none of the 40 objects" in words
    assert "TaiLieuNop.DuocSoHoa → TaiLieuNop.DaSoHoa" in words


# three years of a healthy office: of every five dossiers one is still open, and empty fields are left out at random
YEARS = [
    {
        name: value
        for place, (name, value) in enumerate((FINISHED if number % 5 else OPEN).items())
        if name in OPEN or (number * 7 + place) % 10
    }
    for number in range(3000)
]


@settings(max_examples=200)
@given(st.lists(st.lists(st.integers(0, len(YEARS) - 1), min_size=1, max_size=400), min_size=1, max_size=6))
def test_random_parts_of_healthy_records_never_stop(parts: list[list[int]]) -> None:
    """Whatever part of the records comes next, in whatever order, after the whole or after other parts."""
    before = history(YEARS)
    for part in parts:
        records = [YEARS[number] for number in part]
        assert gone(records, before) == []
        before = before.with_delivery(counted(records))


@settings(max_examples=100)
@given(st.integers(1, 59), st.floats(0.5, 0.9))
def test_no_small_delivery_stops_for_what_a_tenth_lacks(size: int, share: float) -> None:
    whole = 10_000
    assert chance_of_none(size, Share(whole, int(whole * share), int(whole * share))) > 1e-6
    assert chance_of_none(21, Share(whole, whole, whole)) > 1e-6


# through the extract


def test_a_renamed_field_over_http_blocks_the_entity(source: Source, pull: Callable[..., dict[str, Landed]], tmp_path: Path) -> None:
    whole = {
        "NgayTiepNhan": "20230105080000",
        "NgayHenTra": "20230110080000",
        "NgaySuaCuoi": "20230105080000",
        "NgayTra": "",
        "NgayKetThucXuLy": "",
    }
    source.records["dossiers"] = [whole | {"MaHoSo": f"H{n}"} for n in range(40)]
    source.keys = {"2023-01": [{"MaHoSo": f"H{n}", "DeletedOn": ""} for n in range(40)]}
    loads = pull(entities=["dossiers"])
    assert {name: load.status for name, load in loads.items()} == {"dossiers": "landed", "dossiers.keys": "landed"}
    before = {"dossiers": Earlier(1).with_delivery(loads["dossiers"].manifest["fields"])}
    for record in source.records["dossiers"]:
        record["HanTra"] = record.pop("NgayHenTra")
    loads = pull(entities=["dossiers"], extract_id=2, earlier=before)
    assert list(loads) == ["dossiers"], "the keys of what is not known are not asked for"
    assert loads["dossiers"].status == "blocked"
    assert (loads["dossiers"].message or "").startswith(
        "one_stop dossiers is blocked: FIELDS NgayHenTra (due_at) is in none of the 40 records, but was in"
    )
    assert "columns.due_at of the entity dossiers in the profile one_stop.yaml" in (loads["dossiers"].message or "")
    assert not list(tmp_path.rglob("00000002/**/part-*"))
    loads = pull(entities=["dossiers"], extract_id=3)
    assert "is in none of the 40 records of this first delivery" in (loads["dossiers"].message or "")
    assert "raise settings.first_delivery_rows there" in (loads["dossiers"].message or "")


def test_the_field_of_secrecy_under_another_name(source: Source, pull: Callable[..., dict[str, Landed]]) -> None:
    """Every record would be dropped as secret, and nothing would be left that could be missed."""
    document = {"IdVanBan": 1, "ChieuVanBan": "den", "MaDonViXuLy": "H19.16.1", "NgayCapNhat": "2023-01-05T08:00:00"}
    source.records["documents"] = [document | {"IdVanBan": n, "MucDoMat": "thuong"} for n in range(25)]
    for before, words in (
        ({}, "DoMat (secrecy_code) is in none of the 25 records of this first delivery"),
        (
            {"documents": Earlier(1, {"DoMat": Share(500, 500, 500)})},
            "DoMat (secrecy_code) is in none of the 25 records, but was in 100.0% of the 500",
        ),
    ):
        load = pull("documents", entities=["documents"], earlier=before, extract_id=1 + len(before))["documents"]
        assert load.status == "blocked"
        assert words in (load.message or "")
        assert load.secret_counts == {}, "what is not judged is not counted either"
    source.records["documents"][3]["DoMat"] = None
    load = pull("documents", entities=["documents"], extract_id=3)["documents"]
    assert (load.status, sum(load.secret_counts.values())) == ("landed", 25), "missing is secret, where the field is there"


@pytest.mark.parametrize("count", [5, 25])
def test_lists_of_keys_without_the_key_delete_nothing(source: Source, pull: Callable[..., dict[str, Landed]], count: int) -> None:
    """An answer in which no dossier is named would say that all of them are gone."""
    source.records["dossiers"] = [
        {"MaHoSo": f"H{n}", "NgayTiepNhan": "20230105080000", "NgaySuaCuoi": "20230105080000"} for n in range(count % 20)
    ]
    source.keys = {"2023-01": [{"SoHoSo": f"H{n}", "DeletedOn": ""} for n in range(count)]}
    if count < 20:
        with pytest.raises(
            ContractViolation, match=r"one_stop dossiers.keys: none of the 5 items has a readable MaHoSo. Nothing is deleted"
        ):
            pull(entities=["dossiers"])
    else:
        loads = pull(entities=["dossiers"])
        assert loads["dossiers.keys"].status == "blocked"
        assert "MaHoSo (dossier_code) is in none of the 25 records" in (loads["dossiers.keys"].message or "")


def test_files_of_one_run_are_earlier_deliveries_of_one_another(tmp_path: Path, landing: str) -> None:
    signature = {"IdKySo": "1", "IdVanBan": "V", "NguoiKyId": "N", "ThoiDiemKy": "2023-01-05", "NgayCapNhat": "2023-01-05"}
    for number in range(4):
        records = [signature | {"IdKySo": f"{number}-{n}"} for n in range(40)]
        if number == 2:
            records = [without(record, "ThoiDiemKy") | {"LucKy": "2023-01-05"} for record in records]
        (tmp_path / f"signatures_{number}.ndjson").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")

    def read(extract_id: int, **options: Any) -> list[Landed]:
        connection = Connection("documents", str(tmp_path))
        window = Window(None, T)
        return extract(
            profile("documents"), connection, window, landing, extract_id=extract_id, privacy_key=KEY, entities=["signatures"], **options
        )

    loads = read(1)
    assert [load.status for load in loads] == ["landed", "landed", "blocked", "landed"]
    blocked = loads[2]
    assert [check.rule for check in blocked.checks] == ["FIELDS"]
    assert "ThoiDiemKy (signed_at) is in none of the 40 records, but was in 100.0% of the 80 of earlier deliveries" in (
        blocked.message or ""
    )
    known = {(load.entity, load.file_name or ""): load.manifest["sha256"] for load in loads}
    assert read(2, known_files=known) == [], "judged, and not judged again until the profile says something else"


def test_a_field_of_the_row_filter_that_none_of_several_deliveries_has() -> None:
    def counted(records: int, **unfiltered: int) -> dict[str, Any]:
        return {"records": records, "objects": {}, "present": {}, "mapped": [], "unlabelled": 0, "unfiltered": unfiltered}

    assert together([counted(0, loai=12), counted(0, loai=30), counted(0)])["unfiltered"] == {"loai": 42}
    assert together([counted(0, loai=12), counted(3)])["unfiltered"] == {}, "one of them has it"
