"""Each rule of every suite has a defect planted that breaks just that rule, and a row just inside that passes, for two vendors.

The second vendor has another name for every field: a rule that asks for a name of the first one finds nothing there. The suite of declared
figures has its own tests, in tests/declared.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cchc.quality.suites import load_suite, suite_path
from cchc.settings import PROJECT
from cchc.staging import staged_entities
from tests.quality.records import (
    ANSWER,
    ASSESSMENT,
    DOCUMENT,
    DOSSIER,
    ENDED,
    FEEDBACK,
    FILES,
    LEADER,
    OPEN,
    PAYMENT,
    PROCEDURE,
    SIGNATURE,
    STEP,
    WORK_FILE,
)
from tests.support.bench import Bench, profile
from tests.support.renamed_profile import RenamedProfile

# (source, entity, suite, whole record, {rule: (changes that break just it, changes just inside)})
CASES: list[tuple[str, str, dict[str, Any], dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]]] = [
    ("one_stop", "dossiers", DOSSIER, {
        "KEY": ([{"MaHoSo": ""}], []),
        "K1": ([OPEN | {"TrangThaiHoSo": value} for value in ("", "0", "11", None)], [OPEN | {"TrangThaiHoSo": value} for value in ("1", "6")]),
        "K2": ([{"TaiLieuNop": "(malformed)"}, {"DinhDanhCHS": ["x"]}], [{"TaiLieuNop": []}, {"DSKetNoiCSDL": "", "DanhSachLePhi": None}]),
        "K3": ([{name: "20230231000000"} for name in ("NgayHenTra", "NgayTiepNhan", "NgayTra", "NgaySuaCuoi")] + [{"NgayKetThucXuLy": "?"}],
               [{"NgayHenTra": "0001-01-01T00:00:00"}]),
        "K4": ([{"NgayKetThucXuLy": "20230105075959"}, ENDED | {"NgayTra": "20230105075959"},
                {"NgayTiepNhan": "2023-01-05T08:00:01.000", "NgayKetThucXuLy": "2023-01-05T08:00:00.999"},
                ENDED | {"TrangThaiHoSo": "3", "NgayTuChoi": "20230105075959"}],
               [{"NgayKetThucXuLy": "20230105080000"}, {"NgayTiepNhan": "2023-01-05T08:00:00.900", "NgayKetThucXuLy": "2023-01-05T08:00:00.100"},
                {"TrangThaiHoSo": "4", "NgayKetThucXuLy": "20230105075959"}, {"NgayTiepNhan": "", "NgayKetThucXuLy": "20230101000000"},
                ENDED | {"TrangThaiHoSo": "10", "NgayTra": "20230109000000", "NgayTuChoi": "20230101000000"}]),
        "K5": ([{"NgayTra": "20230110000000"}, OPEN | {"NgayTiepNhan": "20230110000000"}, {"NgayKetThucXuLy": "20230110000000"}],
               [{"NgayTra": "20230109235959"}, {"NgaySuaCuoi": "", "NgayTra": "20231231000000"}, {"NgayHenTra": "20240101000000"}]),
        "K6": ([{"MaDonVi": value} for value in ("", None, "H19.99", "000.00.16.H19")], [{"MaDonVi": "H19.16"}]),
        "K7": ([ENDED | {"TrangThaiHoSo": value} for value in ("9", "10", "7", "3")],
               [ENDED | {"TrangThaiHoSo": "8"}, ENDED | {"TrangThaiHoSo": "3", "NgayTiepNhan": ""}, ENDED | {"NgayTra": "20230109110000"},
                ENDED | {"TrangThaiHoSo": "3", "NgayTuChoi": "20230109000000"}, OPEN]),
        "W_UNREADABLE": ([{"NgayNopHoSo": "?"}, {"DanhSachHoSoBoSung": [{"NgayBoSung": "?"}]}, {"SoLanXinLoi": "ba"}], [{"NgayNopHoSo": ""}]),
        "W_CODE": ([{"MaHoSo": value} for value in ("H19.16.3-230105-001", "H19.16.3-231305-0001", "000.00.16-230105-0001", "xH19.16.3-230105-0001", "H19.16.3-230105-0001\n2")],
                   [{"MaHoSo": value} for value in ("000.00.16.H19-230105-0001", "H19.16-230105-123456", "H19.16.25-231231-0001")]),
        "W_DUE": ([{"NgayHenTra": value} for value in ("20230104235959", "20280106000000", "99991231000000")],
                  [{"NgayHenTra": value} for value in ("20230105000000", "20280105080000", "")] + [{"NgayTiepNhan": ""}]),
        "W_ONLINE_LEVEL": ([{"MucDo": "2", "KenhThucHien": "2"}], [{"MucDo": "2", "KenhThucHien": "1"}, {"MucDo": "2", "KenhThucHien": ""}, {"MucDo": "3"}]),
        "W_RESULT_KIND": ([{"LoaiKetQua": "khac"}], [{"LoaiKetQua": value} for value in ("", "tra_lai", "xin_rut", "xin_loi")]),
        "W_CHANNEL": ([{"KenhThucHien": "4"}], [{"KenhThucHien": "3"}]),
        "W_LEVEL": ([{"MucDo": "1"}], [{"MucDo": ""}, {"MucDo": "4"}]),
        "W_ROUND": ([OPEN | {"DanhSachHoSoBoSung": [{"NgayBoSung": asked, "NgayTiepNhanBoSung": back}]}
                     for asked, back in (("", ""), ("", "20230107080000"), ("20230107080000", "20230107075959"), ("20230104235959", ""), ("20230104080000", "20230105080001"))],
                    [OPEN | {"DanhSachHoSoBoSung": [{"NgayBoSung": asked, "NgayTiepNhanBoSung": back}]}
                     for asked, back in (("20230105000000", ""), ("20230107080000", "20230107080000"), ("20230104080000", "20230105080000"))]
                    + [{"DanhSachHoSoBoSung": ""}]),
        "W_PAID_ONLINE": ([{"DuocThanhToanTrucTuyen": "3"}], [{"DuocThanhToanTrucTuyen": "2"}, {"DuocThanhToanTrucTuyen": ""}]),
    }),
    ("one_stop", "dossier_steps", STEP, {
        "KEY": ([{"MaBuoc": ""}], []),
        "W_UNREADABLE": ([{"NgayBatDau": "?"}], [{"NgayBatDau": ""}]),
        "W_DOSSIER": ([{"MaHoSo": ""}], []),
        "W_TIME": ([{"ThoiDiemXuLy": ""}], []),
        "W_STATUS": ([{"TrangThai": "11"}], [{"TrangThai": ""}, {"TrangThai": "10"}]),
    }),
    ("one_stop", "dossiers.keys", {"month": "2023-01", "MaHoSo": "A", "DeletedOn": ""}, {
        "KEY": ([{"MaHoSo": None}], []),
        "W_UNREADABLE": ([{"DeletedOn": "?"}], [{"DeletedOn": "20230105080000"}]),
    }),
    ("one_stop", "procedures", PROCEDURE, {
        "KEY": ([{"HieuLucTu": ""}, {"MaTTHC": ""}], []),
        "W_UNREADABLE": ([{"NgayCongKhai": "?"}], [{"NgayCongKhai": "20230105000000"}]),
        "W_CODE": ([{"MaTTHC": "khac"}], [{"MaTTHC": "TT-1.004002"}]),
        "W_UNIT": ([{"MaDonVi": "H19.99"}], [{"MaDonVi": "H19.16"}]),
        "W_LEVEL": ([{"MucDo": "5"}], [{"MucDo": "", "DuDieuKienTrucTuyen": "0"}]),
        "W_PERFORMING_LEVEL": ([{"CapThucHien": "tinh"}], [{"CapThucHien": "huyen"}]),
        "W_STATUS": ([{"TrangThai": "khac"}], [{"TrangThai": "bai_bo"}]),
        "W_VALIDITY": ([{"HieuLucDen": "2022-12-31"}], [{"HieuLucDen": "2023-01-01"}]),
        "W_MARK": ([{name: ""} for name in ("DuDieuKienTrucTuyen", "CoPhiLePhi", "ThanhToanTrucTuyen", "CoKetQuaGiayTo", "LaChungThuc", "CoHoSoMau", "MucDo", "TrangThai")]
                   + [{"DaDongBoCongTinh": "", "NgayCongKhai": "2023-01-05"}],
                   [{"CoPhiLePhi": "0", "ThanhToanTrucTuyen": ""}, {"DaDongBoCongTinh": ""}]),
    }),
    ("one_stop", "assessments", ASSESSMENT, {
        "KEY": ([{"MaDanhGia": ""}], []),
        "UNIT": ([{"MaDonVi": "H19.99"}, {"MaDonVi": ""}], [{"MaDonVi": "H19.16.3"}]),
        "CODE": ([{"DanhGia": "tot"}], [{"DanhGia": ""}, {"DanhGia": "khong_hai_long"}]),
        "W_UNREADABLE": ([{"ThoiGianDanhGia": "?"}, {"NgaySuaCuoi": "?"}], [{"NgaySuaCuoi": ""}]),
        "W_TIME": ([{"ThoiGianDanhGia": ""}, {"ThoiGianDanhGia": "20230106000000"}], [{"ThoiGianDanhGia": "20230105235959"}, {"NgaySuaCuoi": "", "ThoiGianDanhGia": "20330105000000"}]),
    }),
    ("documents", "documents", DOCUMENT, {
        "KEY": ([{"IdVanBan": None}], []),
        "W_UNREADABLE": ([{"NgayBanHanh": "2023-01-05"}, {"XuLyTrenMang": "co"}], [{"HanXuLy": None}, {"XuLyTrenMang": True}]),
        "W_DIRECTION": ([{"ChieuVanBan": "noi_bo"}], [{"ChieuVanBan": "di"}]),
        "W_UNIT": ([{"MaDonViXuLy": "H19.99"}], [{"MaDonViXuLy": None, "MaDonViBanHanh": "H19"}]),
    }),
    ("documents", "work_files", WORK_FILE, {
        "KEY": ([{"IdHoSoCongViec": None}], []),
        "UNIT": ([{"MaDonVi": "H19.99"}, {"MaDonVi": None}], [{"MaDonVi": "H19.16"}]),
        "W_UNREADABLE": ([{"DacThu": "co"}], [{"DacThu": None, "NgayDong": None}]),
        "W_MARK": ([{"DacThu": None}, {"HinhThucXuLy": None}], [{"NgayDong": None, "HinhThucXuLy": None}, {"DacThu": True}]),
        "W_CLOSED": ([{"NgayDong": "2023-01-06"}], [{"NgayDong": "2023-01-05T23:59:59"}]),
        "W_HANDLING": ([{"HinhThucXuLy": "khac"}], [{"HinhThucXuLy": "ket_hop"}]),
        "W_LEVEL": ([{"CapDonVi": "tinh"}], [{"CapDonVi": "xa"}]),
        "W_DATES": ([{"NgayDong": "2023-01-04"}], [{"NgayDong": None}]),
    }),
    ("documents", "signatures", SIGNATURE, {
        "KEY": ([{"IdKySo": None}], []),
        "W_UNREADABLE": ([{"HopLe": "co"}], [{"HopLe": False}]),
        "W_CERTIFICATE": ([{"LoaiChungThu": "khac"}], [{"LoaiChungThu": "co_quan"}]),
        "W_SIGNER": ([{"NguoiKyId": None}], []),
        "W_TIME": ([{"ThoiDiemKy": None}], []),
        "W_VALID": ([{"HopLe": None}], []),
        "W_SIGNED": ([{"ThoiDiemKy": "2023-01-06"}], [{"ThoiDiemKy": "2023-01-05T23:59:59"}]),
    }),
    ("documents", "leaders", LEADER, {
        "KEY": ([{"NguoiId": None}, {"TuNgay": None}], []),
        "UNIT": ([{"MaDonVi": "H19.99"}], [{"MaDonVi": "H19.16.3"}]),
        "W_UNREADABLE": ([{"DenNgay": "?"}], [{"DenNgay": "2023-01-05"}]),
        "W_LEVEL": ([{"CapLanhDao": "cap_tinh"}], [{"CapLanhDao": "cap_xa"}]),
        "W_DATES": ([{"DenNgay": "2023-01-04"}], []),
    }),
    ("payments", "payments", PAYMENT, {
        "KEY": ([{"MaGiaoDich": "", "MaThamChieu": ""}], [{"MaGiaoDich": ""}]),
        "UNIT": ([{"MaDonVi": "H19.95"}, {"MaDonVi": ""}], [{"MaDonVi": "H19.16.3"}]),
        "KIND": ([{"LoaiGiaoDich": "VOID"}], [{"LoaiGiaoDich": "REFUND", "MaThamChieuGoc": "R0"}]),
        "STATUS": ([{"TrangThaiGD": value} for value in ("9", "", "x")], [{"TrangThaiGD": "3"}, {"TrangThaiGD": "4"}]),
        "DAY": ([{"ThoiGianGD": value} for value in ("04/01/2023 11:59:59", "06/01/2023 12:00:00", "31/02/2023 08:00:00", "")],
                [{"ThoiGianGD": value} for value in ("04/01/2023 12:00:00", "06/01/2023 11:59:59", "05/01/2023 00:00:00", "05/01/2023 23:59:59")]),
        "AMOUNT": ([{"SoTien": "50.00"}, {"SoTien": "năm mươi"}], [{"SoTien": "0", "HinhThucThanhToan": "mien-phi"}, {"SoTien": "50000"}, {"SoTien": "", "TrangThaiGD": "4"}]),
        "W_UNREADABLE": ([{"Phi": "?"}], [{"Phi": ""}]),
        "W_METHOD": ([{"HinhThucThanhToan": "vi-dien-tu"}], [{"HinhThucThanhToan": "mien-phi"}, {"HinhThucThanhToan": "", "TrangThaiGD": "3"}]),
        "W_AMOUNT": ([{"SoTien": value} for value in ("", "0", "-50.000")], [{"SoTien": "0", "TrangThaiGD": "3"}, {"SoTien": "1"}]),
        "W_NO_METHOD": ([{"HinhThucThanhToan": ""}], [{"HinhThucThanhToan": "", "LoaiGiaoDich": "REFUND", "MaThamChieuGoc": "R0"}]),
        "W_RESULT": ([{"MaLoi": "05"}, {"MaLoi": "0", "LoaiGiaoDich": "REFUND", "MaThamChieuGoc": "R0"}, {"MaLoi": "00", "TrangThaiGD": "4"}],
                     [{"MaLoi": "00"}, {"MaLoi": ""}, {"MaLoi": "05", "TrangThaiGD": "4"}] + [{"MaLoi": value, "TrangThaiGD": "3"} for value in ("00", "05")]),
        "W_REFUND": ([{"LoaiGiaoDich": "REFUND"}], [{"LoaiGiaoDich": "REFUND", "MaThamChieuGoc": "R0"}]),
        "W_CHANNEL": ([{"KenhThanhToan": "4"}], [{"KenhThanhToan": "3"}]),
    }),
    ("feedback", "feedback", FEEDBACK, {
        "KEY": ([{"MaPhanAnh": ""}], []),
        "UNIT": ([{"MaDonViXuLy": "H19.99"}, {"MaDonViXuLy": ""}], [{"MaDonViXuLy": "H19.16.3"}]),
        "CHANNEL": ([{"KenhTiepNhan": value} for value in ("zalo", "")], [{"KenhTiepNhan": value} for value in (1022, "dvcqg", "tinh")]),
        "ABOUT": ([{"VeTTHC": value} for value in ("2", "", "x")], [{"VeTTHC": value} for value in ("0", 1, True)]),
        "STATUS": ([{"TrangThai": value} for value in ("treo", "")], [{"TrangThai": value} for value in ("cho_tiep_nhan", "tu_choi", "chuyen_don_vi")]),
        "RATING": ([{"DanhGia": "tot"}], [{"DanhGia": "hai_long"}, {"DanhGia": "khong_hai_long"}]),
        "W_UNREADABLE": ([{"HanXuLy": "31/02/2023 17:00"}, {"NgayTraLoi": "2023-01-06"}, {"NgayGui": "05/01/2023"}], [{"HanXuLy": "", "VeTTHC": "0"}]),
        "W_LIMIT": ([{"HanXuLy": ""}, {"HanXuLy": "04/01/2023 23:59"}], [{"HanXuLy": "05/01/2023 00:00"}, {"HanXuLy": "", "MaTrung": "PA0"}]),
        "W_ANSWER": ([{"TrangThai": "da_xu_ly"}, {"NgayTraLoi": "05/01/2023 08:59"}, {"NgayTraLoi": "06/01/2023 00:00"}],
                     [{"TrangThai": "da_xu_ly", "NgayTraLoi": "05/01/2023 09:00"}, {"NgayTraLoi": "05/01/2023 23:59"}]),
    }),
    ("survey", "answers", ANSWER, {
        "KEY": ([{"MaPhieu": ""}], []),
        "UNIT": ([{"MaDonVi": "H19.99"}, {"MaDonVi": ""}], [{"MaDonVi": "H19.16.3"}]),
        "SCORE": ([{"MucDoHaiLong": value} for value in ("0", "6", "x", "4.5")], [{"MucDoHaiLong": value} for value in ("1", "5", "", 3)]),
        "W_UNREADABLE": ([{"NgayKhaoSat": "2023-01-05"}, {"NgayKhaoSat": "05/01/2023 08:00"}], []),
        "W_DAY": ([{"NgayKhaoSat": ""}, {"NgayKhaoSat": "06/01/2023"}], [{"NgayKhaoSat": "04/01/2023"}]),
    }),
]  # fmt: skip


@pytest.mark.parametrize("vendor", ["first", "second"])
@pytest.mark.parametrize(("source", "entity", "whole", "rules"), CASES, ids=[f"{case[0]}__{case[1]}" for case in CASES])
def test_each_rule_sets_aside_just_what_breaks_it(
    bench: Bench, tmp_path: Path, source: str, entity: str, whole: dict[str, Any], rules: dict[str, Any], vendor: str
) -> None:
    second = RenamedProfile(source, tmp_path)
    given = profile(source) if vendor == "first" else second.profile
    mine = staged_entities(given)[entity]
    known = load_suite(suite_path(PROJECT / "expectations", mine.suite), given.zone).worded(mine)
    assert mine.suite == mine.model
    by_id = {rule.rule_id: rule for rule in known.rules}
    assert set(rules) == set(by_id) - {"SECRET"}, "every rule has its planted defect"
    records, planted = [whole], [""]
    for rule, (bad, good) in rules.items():
        records += [whole | changes for changes in (*bad, *good)]
        planted += [rule] * len(bad) + [""] * len(good)
    assert sum(rule != "" for rule in planted) > 0
    records += [whole] * 20 * len(records)  # so that the share does not block the load
    file = FILES.get(source, {})
    records = records if vendor == "first" else second.renamed(records)
    landed = bench.land(given, entity, records, **file)  # type: ignore[arg-type]
    bench.stage(given, [landed])
    (verdict,) = bench.validate(given, [landed])
    found = bench.rows("select * from ops.quarantine where load_id = :id order by line, rule", id=landed.load_id)
    met = {row["line"]: row for row in found}
    assert [(line, met[line]["rule"] if line in met else "") for line in range(1, len(planted) + 1)] == list(enumerate(planted, 1))
    assert len(found) == sum(rule != "" for rule in planted), "each row breaks one rule, and the other rows none"
    for row in found:
        broken = by_id[row["rule"]]
        assert (row["action"], row["reason"], row["source_code"], row["entity"]) == (broken.action, broken.words, given.source, entity)
        assert row["file"] == (file.get("file_name") or "part-00001.ndjson.zst")
        assert (row["key"] is None) == (row["rule"] == "KEY")
        assert {name for name in row["record"] if name.startswith("_")} <= {"_unreadable", "_shape_error", "_fields"}
        unreadable = {re.sub(r"\[\d+\]", "", name) for name in row["record"].get("_unreadable", {})}
        fields = row["record"].get("_fields", {})
        assert fields.keys() >= unreadable, "the vendor's field stands beside the model's"
        assert fields.items() <= mine.vendor_fields.items()
        if vendor == "second":
            named = set(re.findall(r"\w+", json.dumps(row["record"].get("_fields", {}), ensure_ascii=False) + row["reason"]))
            assert not named & set(second.names), "nothing of the first vendor"
        assert row["resolved_at"] is None
    assert (verdict.blocked, verdict.message) == (False, None)
    assert verdict.quarantined == sum(by_id[rule].action == "quarantine" for rule in planted if rule)
    assert verdict.warned == sum(by_id[rule].action == "warn" for rule in planted if rule)
    checks = bench.rows(
        "select rule, is_success, unexpected_count from ops.check_result where load_id = :id and phase = 'check'", id=landed.load_id
    )
    assert {row["rule"]: row["unexpected_count"] for row in checks if row["rule"] in by_id} == {rule: planted.count(rule) for rule in by_id}
    audited = bench.rows("select rule, is_success from ops.check_result where load_id = :id and phase = 'audit'", id=landed.load_id)
    assert {row["rule"] for row in audited} == {rule.rule_id for rule in known.rules if rule.action != "warn"}
    assert all(row["is_success"] for row in audited)


def test_the_record_is_kept_with_what_could_not_be_read(bench: Bench) -> None:
    given = profile("one_stop")
    bad = DOSSIER | {"NgayHenTra": "x" * 300, "SoGiayToChuHoSo": "", "TenTTHC": None}
    landed = bench.land(given, "dossiers", [bad, "not an object (list)"])
    bench.stage(given, [landed])
    bench.validate(given, [landed])
    first, *rest = bench.rows(
        "select rule, key, reason, record from ops.quarantine where load_id = :id order by line, rule", id=landed.load_id
    )
    assert (first["rule"], first["key"]) == ("K3", DOSSIER["MaHoSo"])
    assert first["record"]["_unreadable"] == {"due_at": "x" * 100}
    assert first["record"]["_fields"] == {"due_at": "NgayHenTra"}
    assert first["reason"].startswith(
        "NgayTiepNhan (received_at), NgayHenTra (due_at), NgayKetThucXuLy (processed_at), NgayTra (returned_at)"
    )
    assert " or NgaySuaCuoi (change time) is there and is no time · " in first["reason"]
    assert first["record"]["dossier_code"] == DOSSIER["MaHoSo"]
    assert "due_at" not in first["record"]
    assert {"applicant_key", "procedure_name", "_row", "_file", "_content_hash"}.isdisjoint(first["record"])
    assert {row["rule"] for row in rest} == {"KEY", "K1", "K2", "K6"}
    assert rest[0]["record"]["_shape_error"] == "not an object (list)"
    assert "_fields" not in rest[0]["record"]


def test_lists_and_their_items_are_named_by_the_model_and_by_the_vendor(bench: Bench) -> None:
    given = profile("one_stop")
    rounds = [{"NgayBoSung": "20230106080000"}, {"NgayBoSung": "hôm qua"}]
    landed = bench.land(given, "dossiers", [DOSSIER | {"DanhSachHoSoBoSung": rounds}, DOSSIER | {"TaiLieuNop": ["x"]}])
    bench.stage(given, [landed])
    bench.validate(given, [landed])
    item, whole = bench.rows("select rule, record from ops.quarantine where load_id = :id order by line", id=landed.load_id)
    assert (item["rule"], item["record"]["_unreadable"]) == ("W_UNREADABLE", {"supplements[1].asked_at": "hôm qua"})
    assert item["record"]["_fields"] == {"supplements.asked_at": "DanhSachHoSoBoSung.NgayBoSung"}
    assert (whole["rule"], whole["record"]["_shape_error"], whole["record"]["_fields"]) == ("K2", "papers", {"papers": "TaiLieuNop"})


@pytest.mark.parametrize("secrecy", ["mat", None])
def test_a_secret_record_that_slipped_through_stops_the_load(bench: Bench, secrecy: str | None) -> None:
    given = profile("documents")
    landed = bench.land(given, "work_files", [WORK_FILE, WORK_FILE | {"IdHoSoCongViec": "C2", "DoMat": secrecy}])
    bench.stage(given, [landed])
    (verdict,) = bench.validate(given, [landed])
    assert verdict.blocked
    assert "SECRET" in (verdict.message or "")
    assert bench.rows("select 1 from ops.quarantine where load_id = :id", id=landed.load_id) == []
