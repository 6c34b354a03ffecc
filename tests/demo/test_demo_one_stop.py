"""The one-stop on the wire, field by field."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from demo import clock
from demo.units import BY_CODE

DOSSIER = {
    "MaHoSo", "MaHoSoKhac", "MaTTHC", "TenTTHC", "MaLinhVuc", "TenLinhVuc", "MaTruongHop", "ThoiGianThucHien", "LoaiThoiGianThucHien", "MucDo",
    "KenhThucHien", "LoaiDoiTuong", "ChuHoSo", "SoGiayToChuHoSo", "MaDoiTuong", "Email", "Fax", "SoDienThoai", "TrichYeuHoSo", "ThongTinKhac",
    "DinhDanhCHS", "MaDonVi", "DonViXuLy", "MaDonViTiepNhan", "NgayNopHoSo", "NgayTiepNhan", "HanTiepNhan", "NgayHenTra", "NgayKetThucXuLy",
    "NgayTra", "NgayTuChoi", "TrangThaiHoSo", "LoaiKetQua", "HinhThuc", "NoiNopHoSo", "HoSoCoThanhPhanSoHoa", "TaiKhoanDuocXacThucVoiVNeID",
    "DuocThanhToanTrucTuyen", "TaiLieuNop", "DanhSachLePhi", "DanhSachHoSoBoSung", "DanhSachGiayToKetQua", "DSKetNoiCSDL", "LoaiDuLieuKetNoi",
    "SoLanXinLoi", "DeletedOn", "NgaySuaCuoi",
}  # fmt: skip
MAY_BE_ABSENT = {"KenhThucHien", "LoaiKetQua", "NgayTuChoi"}
LISTS = {
    "TaiLieuNop": {
        "MaThanhPhanHoSo",
        "TenTepDinhKem",
        "DuongDanTaiTepTin",
        "IsDeleted",
        "DuocSoHoa",
        "DuocTaiSuDung",
        "DuocLayTuKhoDMQG",
        "MaKetQuaThayThe",
    },
    "DanhSachLePhi": {"MaPhiLePhi", "TenPhiLePhi", "HinhThucThu", "Gia", "LoaiPhiLePhi"},
    "DanhSachHoSoBoSung": {"HoSoBoSungId", "NgayBoSung", "NgayTiepNhanBoSung", "NgayHenTraTruoc", "NgayHenTraMoi"},
    "DanhSachGiayToKetQua": {"MaGiayToKetQua", "TenGiayTo", "DuongDanTepTinKetQua", "DaKySo"},
    "DSKetNoiCSDL": {"MaCSDL"},
    "DinhDanhCHS": {"LoaiDinhDanh", "SoDinhDanh"},
}
STEP = {
    "MaBuoc", "MaHoSo", "ThoiDiemXuLy", "TrangThai", "NodeQuyTrinh", "NguoiXuLy", "ChucDanh", "MaDonVi", "ThaoTac", "NoiDungXuLy", "NgayBatDau",
    "NgayKetThucTheoQuyDinh", "DeletedOn", "NgaySuaCuoi",
}  # fmt: skip
PROCEDURE = {
    "MaTTHC", "TenTTHC", "MaLinhVuc", "TenLinhVuc", "CapThucHien", "MaDonVi", "MucDo", "DuDieuKienTrucTuyen", "ThoiGianGiaiQuyet",
    "LoaiThoiGianThucHien", "CoPhiLePhi", "ThanhToanTrucTuyen", "CoKetQuaGiayTo", "LaChungThuc", "CoHoSoMau", "NgayQuyetDinhCongBo",
    "NgayCongKhai", "DaDongBoCongTinh", "PhienBan", "HieuLucTu", "HieuLucDen", "TrangThai",
}  # fmt: skip
ASSESSMENT = {"MaDanhGia", "MaHoSo", "MaDonVi", "ThoiGianDanhGia", "DanhGia", "NgaySuaCuoi"}
CODE = re.compile(r"(\d{3}\.\d{2}\.\d{2}\.H19|H19(\.\d+)*)-\d{6}-\d{4,}")


def everything(district: Any, at_end: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """The dossiers that are objects and were not planted as critical."""
    odd = {key for code, keys in district.planted.items() if re.fullmatch(r"K\d.*|odd-.*", code) for key in keys}
    return [record for record in at_end["dossiers"] if isinstance(record, dict) and record["MaHoSo"] and record["MaHoSo"] not in odd]


def test_dossiers_have_the_fields_of_the_contract_and_only_strings(district: Any, at_end: dict[str, list[Any]]) -> None:
    for record in everything(district, at_end):
        assert set(record) <= DOSSIER
        assert set(record) >= DOSSIER - MAY_BE_ABSENT
        for name, value in record.items():
            if name in LISTS:
                assert value is None or isinstance(value, list)
                for row in value or []:
                    assert set(row) == LISTS[name]
                    assert all(isinstance(scalar, str) for scalar in row.values())
            else:
                assert value is None or isinstance(value, str), name
        assert record["TrangThaiHoSo"] in {str(number) for number in range(1, 11)}
        assert CODE.fullmatch(record["MaHoSo"])
        assert re.fullmatch(r"\d\.\d{6}(\.\d{3}\.\d{2}\.\d{2}\.H19)?", record["MaTTHC"])
        assert record["MaDonVi"] in BY_CODE
        assert record.get("KenhThucHien", "1") in {"1", "2", "3"}
        assert record["LoaiThoiGianThucHien"] in {"gio", "ngay_lam_viec", "ngay", "thang"}
        assert record.get("LoaiKetQua", "ket_qua") in {"ket_qua", "tra_lai", "xin_rut", "xin_loi", "chuyen_cap_tren"}


def test_every_way_of_writing_a_time_occurs(district: Any, at_end: dict[str, list[Any]]) -> None:
    received = [record["NgayTiepNhan"] for record in everything(district, at_end)]
    patterns = [r"\d{14}", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", r""]
    for pattern in patterns:
        assert any(re.fullmatch(pattern, text or "") for text in received), pattern
    assert all(any(re.fullmatch(pattern, text or "") for pattern in patterns) for text in received)
    missing = {repr(record["NgayHenTra"]) for record in everything(district, at_end)}
    assert {"''", "None", "'0001-01-01T00:00:00'"} <= missing | {repr(record["HanTiepNhan"]) for record in everything(district, at_end)}


def test_both_styles_of_the_dossier_code_occur(at_end: dict[str, list[Any]]) -> None:
    codes = [record["MaHoSo"] for record in at_end["dossiers"] if isinstance(record, dict)]
    assert any(code.startswith("000.") for code in codes)
    assert any(code.startswith("H19.16.") for code in codes)
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(("entity", "fields"), [("dossier_steps", STEP), ("procedures", PROCEDURE), ("assessments", ASSESSMENT)])
def test_other_entities_have_the_fields_of_the_contract_and_only_strings(
    at_end: dict[str, list[Any]], entity: str, fields: set[str]
) -> None:
    assert at_end[entity]
    for record in at_end[entity]:
        assert set(record) == fields
        assert all(isinstance(value, str) for value in record.values())


def test_an_ordinary_dossier_obeys_the_order_of_its_times(district: Any) -> None:
    odd = {key for keys in district.planted.values() for key in keys}
    for dossier in district.dossiers:
        state = district.state(dossier, clock.END)
        if dossier.key in odd or state is None:
            continue
        if state.received and state.ended:
            assert state.received < state.ended
            assert state.ended != state.due
        for at in (state.received, state.ended, state.returned):
            assert at // clock.DAY <= state.changed_at // clock.DAY
        assert state.status not in (7, 9, 10) or state.ended


def test_a_window_is_half_open_sorted_and_adds_up(client: Any) -> None:
    edges = ["2023-06-01T00:00:00+07:00", "2023-06-10T00:00:00+07:00", "2023-06-30T17:00:00+00:00"]
    parts = [client.window("dossiers", changed_from=a, changed_to=b, limit=7) for a, b in pairwise(edges)]
    whole, totals = client.window("dossiers", changed_from=edges[0], changed_to="2023-07-01T00:00:00+07:00", limit=7)
    assert [record for part, _totals in parts for record in part] == whole
    assert set(totals) == {len(whole)}
    order = [(record["NgaySuaCuoi"], record["MaHoSo"]) for record in whole]
    assert order == sorted(order)
    assert all("20230601000000" <= changed < "20230701000000" for changed, _key in order)


@pytest.mark.parametrize("entity", ["dossiers", "dossier_steps", "procedures", "assessments"])
@pytest.mark.parametrize("limit", [1_000, 5_000, 333])
def test_all_pages_together_are_what_the_district_knows(client: Any, district: Any, entity: str, limit: int) -> None:
    found, totals = client.window(entity, limit=limit)
    truth = district.records(entity, clock.parse_iso("2024-01-02T00:00:00+07:00"))
    assert set(totals) == {len(found)} == {len(truth)}
    key = str
    assert sorted(map(key, found)) == sorted(map(key, truth))


def test_procedures_ignore_the_window(client: Any) -> None:
    all_rows, _totals = client.window("procedures", limit=5_000)
    some_rows, _totals = client.window(
        "procedures", limit=5_000, changed_from="2023-12-31T00:00:00+07:00", changed_to="2024-01-01T00:00:00+07:00"
    )
    assert all_rows == some_rows
    keys = [(row["MaTTHC"], row["MaDonVi"], row["HieuLucTu"]) for row in all_rows]
    assert len(set(keys)) == len(keys)
    per_unit = {unit: len({row["MaTTHC"] for row in all_rows if row["MaDonVi"] == unit}) for unit in {row["MaDonVi"] for row in all_rows}}
    assert all(25 <= count <= 60 for count in per_unit.values()), per_unit


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/one_stop/api/dossiers", {"limit": 5_001}),
        ("/one_stop/api/dossiers", {"limit": 0}),
        ("/one_stop/api/dossiers", {"changed_from": "2023-06-01T00:00:00"}),
        ("/one_stop/api/dossiers", {"changed_to": "yesterday"}),
        ("/one_stop/api/dossiers", {"cursor": "!!"}),
        ("/one_stop/api/dossiers/keys", {"month": "2023-13"}),
        ("/one_stop/api/dossiers/keys", {}),
    ],
)
def test_wrong_questions_are_answered_400(client: Any, path: str, query: dict[str, Any]) -> None:
    status, body = client.get(path, query)
    assert status == 400
    assert body["error"]


def test_the_token_is_needed_and_needs_the_secret(client: Any) -> None:
    assert client.call("GET", "/one_stop/api/dossiers")[0] == 401
    assert client.call("GET", "/one_stop/api/dossiers", {"Authorization": "Bearer nonsense"})[0] == 401
    assert client.call("POST", "/one_stop/token", {"Authorization": "Basic bm86bm8="}, "grant_type=client_credentials")[0] == 401
    assert client.call("GET", "/one_stop/api/nothing", {"Authorization": f"Bearer {client.token()}"})[0] == 404
    assert client.call("GET", "/health")[2]["clock"] == "2024-01-02T00:00:00+07:00"


def test_gzip_only_when_asked_for(client: Any) -> None:
    headers = {"Authorization": f"Bearer {client.token()}"}
    _status, plain, body = client.call("GET", "/one_stop/api/dossiers?limit=50", headers)
    _status, packed, same = client.call("GET", "/one_stop/api/dossiers?limit=50", {**headers, "Accept-Encoding": "gzip, deflate"})
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert int(packed["Content-Length"]) * 3 < int(plain["Content-Length"])
    assert body == same


def test_keys_are_the_dossiers_received_in_the_month(client: Any, district: Any) -> None:
    found, _totals = client.window("dossiers", limit=5_000)
    by_month: dict[str, set[str]] = {}
    odd = set(district.planted["K3"])
    for record in found:
        if isinstance(record, dict) and record["MaHoSo"] and record["MaHoSo"] not in odd:
            match = re.match(r"(\d{4})-?(\d\d)", record["NgayTiepNhan"] or "")
            if match and match[1] != "0001":
                by_month.setdefault(f"{match[1]}-{match[2]}", set()).add(record["MaHoSo"])
    gone = set(district.planted["deleted-silently"][:3])
    seen = set()
    for month in sorted(by_month):
        status, body = client.get("/one_stop/api/dossiers/keys", {"month": month})
        assert status == 200
        rows = body["data"]
        assert all(set(row) == {"MaHoSo", "DeletedOn"} for row in rows)
        deleted = {row["MaHoSo"] for row in rows if row["DeletedOn"]}
        seen |= deleted & gone
        # a UTC time can lie in the month before the local one; such dossiers are left out of the comparison
        utc = {key for key in {row["MaHoSo"] for row in rows} ^ by_month[month] if key.startswith("H19.16.28-")}
        assert {row["MaHoSo"] for row in rows} - gone - utc - odd == by_month[month] - utc
    assert seen == gone


def test_advancing_a_day_sends_only_what_changed(moving: Any, district: Any) -> None:
    before = {
        record["MaHoSo"]: record
        for record in district.records("dossiers", clock.parse_iso("2024-01-02T00:00:00+07:00"))
        if isinstance(record, dict)
    }
    assert moving.window("dossiers", changed_from="2024-01-02T00:00:00+07:00") == ([], [0])
    moving.demo.advance("2024-01-10T00:00:00+07:00")
    changed, _totals = moving.window(
        "dossiers", changed_from="2024-01-02T00:00:00+07:00", changed_to="2024-01-10T00:00:00+07:00", limit=100
    )
    after = {
        record["MaHoSo"]: record
        for record in district.records("dossiers", clock.parse_iso("2024-01-10T00:00:00+07:00"))
        if isinstance(record, dict)
    }
    different = {key for key, record in after.items() if before.get(key) != record}
    assert {record["MaHoSo"] for record in changed} == different
    assert any(key in before for key in different), "old dossiers go on"
    assert any(key not in before for key in different), "new dossiers arrive"
    assert moving.call("GET", "/health")[2]["clock"] == "2024-01-10T00:00:00+07:00"


def test_a_record_that_changes_while_it_is_paged_moves_to_the_end(moving: Any) -> None:
    # the change is made by moving the clock between two pages of an open window
    _status, first = moving.get("/one_stop/api/dossiers", {"changed_from": "2023-12-20T00:00:00+07:00", "limit": 20})
    moving.demo.advance("2024-01-06T00:00:00+07:00")
    records, cursor = list(first["data"]), first["next_cursor"]
    while cursor:
        _status, page = moving.get("/one_stop/api/dossiers", {"changed_from": "2023-12-20T00:00:00+07:00", "limit": 20, "cursor": cursor})
        records += page["data"]
        cursor = page["next_cursor"]
    keys = [record["MaHoSo"] for record in records]
    assert len(set(keys)) >= page["total"]
    assert len(keys) > len(set(keys)), "something was sent twice"
