"""A dossier in the form that the one-stop sends: national field names, every scalar a string, raw statuses.

This is the slowest part of the server (125,000 records in a full extract), so it uses plain dictionaries and no helper for each field.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from demo import clock, people
from demo.clock import DAY, compact, compact_day
from demo.dossiers import RESULT_FILE, RESULT_SIGNED, Dossier, state
from demo.units import BY_CODE, OLD_NAME, RENAMED_ON, RENAMED_UNIT

_RENAMED_AT = clock.moment(*RENAMED_ON)
_FORMATS = (compact, clock.iso, clock.iso_utc)
_MISSING = ("", "0001-01-01T00:00:00", None)
"""What a missing time looks like: each installation has its own way, and all of them mean missing."""
_PAPERS = ("Đơn đề nghị", "Giấy tờ tùy thân", "Giấy tờ chứng minh", "Tài liệu kèm theo")
_DATABASES = [{"MaCSDL": "7"}]
# how often the wire is odd without a listed oddity: in every n-th dossier
DELETED_PAPER_EVERY = 97  # a paper was scanned wrongly and deleted
ABSENT_CHANNEL_EVERY = 3  # of those that were handed in in person: no channel, which means in person
ZERO_APOLOGIES_EVERY = 2  # nothing stands where the number of apologies is 0
ORDINARY_OUTCOME_ABSENT_EVERY = 2  # the outcome is not told where it is the usual one


def unit_name(code: str, at: int) -> str:
    """The unit's name as the one-stop prints it at a moment."""
    return OLD_NAME if code == RENAMED_UNIT and at < _RENAMED_AT else BY_CODE[code].name_on(at // DAY)


def paper_path(dossier: Dossier, number: int) -> str:
    """The path of the file of a submitted paper."""
    return f"/tep/{compact_day(dossier.submitted // DAY)[:6]}/{dossier.number}/tp{number}.pdf"


def papers(dossier: Dossier) -> list[dict[str, str]]:
    """TaiLieuNop: scanned papers have a file; papers of online filings have one too, but were not digitised by an office."""
    items = []
    online = dossier.channel == 2
    for number in range(1, dossier.papers + 1):
        digitised = number <= dossier.digitised
        has_file = digitised or online
        items.append(
            {
                "MaThanhPhanHoSo": f"{dossier.procedure.code}-TP{number}",
                "TenTepDinhKem": f"{_PAPERS[number - 1]} - {people.name(dossier.person)}.pdf" if has_file else "",
                "DuongDanTaiTepTin": paper_path(dossier, number) if has_file else "",
                "IsDeleted": "0",
                "DuocSoHoa": "1" if digitised else "0",
                "DuocTaiSuDung": "1" if dossier.reused and number == 1 else "0",
                "DuocLayTuKhoDMQG": "1" if dossier.from_store and number == 1 else "0",
                "MaKetQuaThayThe": "",
            }
        )
    if dossier.number % DELETED_PAPER_EVERY == 0:
        items[-1]["IsDeleted"] = "1"
    return items


def results(dossier: Dossier) -> list[dict[str, str]]:
    """DanhSachGiayToKetQua of a finished dossier."""
    if dossier.same_paper:
        return [_result(dossier, paper_path(dossier, 1), "1")]
    if dossier.result == RESULT_SIGNED:
        return [_result(dossier, f"/ketqua/{dossier.number}/kq.pdf", "1")]
    if dossier.result == RESULT_FILE:
        return [_result(dossier, f"/ketqua/{dossier.number}/kq.pdf", "0")]
    return []


def _result(dossier: Dossier, path: str, signed: str) -> dict[str, str]:
    return {
        "MaGiayToKetQua": f"KQ.{dossier.procedure.code}",
        "TenGiayTo": f"Kết quả: {dossier.procedure.name}",
        "DuongDanTepTinKetQua": path,
        "DaKySo": signed,
    }


def record(dossier: Dossier, changed_at: int) -> Any:
    """The record in the version of `changed_at`. A planted row that is not an object is returned unchanged."""
    now = state(dossier, changed_at)
    style = dossier.iso
    text = _FORMATS[style]
    missing = _MISSING[style]
    person = dossier.person
    unit = now.unit or dossier.unit.code
    procedure = dossier.procedure
    who = people.name(person)
    identity = people.identity(person)
    online = dossier.channel == 2
    fields: dict[str, Any] = {
        "MaHoSo": dossier.key,
        "MaHoSoKhac": dossier.second_key,
        "MaTTHC": dossier.code,
        "TenTTHC": procedure.name,
        "MaLinhVuc": procedure.field,
        "TenLinhVuc": procedure.field_name,
        "MaTruongHop": f"{procedure.code}.01",
        "ThoiGianThucHien": str(procedure.time),
        "LoaiThoiGianThucHien": procedure.time_unit,
        "MucDo": str(dossier.level),
        "LoaiDoiTuong": str(dossier.applicant),
        "ChuHoSo": who,
        "SoGiayToChuHoSo": identity,
        "MaDoiTuong": f"TK-GIA-{person:08d}" if online else None,
        "Email": people.email(person) if online else "",
        "Fax": None,
        "SoDienThoai": people.phone(person),
        "TrichYeuHoSo": f"{procedure.name} cho ông (bà) {who}, số định danh {identity}",
        "ThongTinKhac": "",
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": identity}],
        "MaDonVi": unit,
        "DonViXuLy": unit_name(unit, changed_at),
        "MaDonViTiepNhan": dossier.receiving_unit,
        "NgayNopHoSo": text(dossier.submitted),
        "NgayTiepNhan": text(now.received) if now.received else missing,
        "HanTiepNhan": text(dossier.accept_by) if dossier.accept_by else missing,
        "NgayHenTra": text(now.due) if now.due else missing,
        "NgayKetThucXuLy": text(now.ended) if now.ended else missing,
        "NgayTra": text(now.returned) if now.returned else missing,
        "TrangThaiHoSo": str(now.status),
        "HinhThuc": "1" if dossier.by_post else "0",
        "NoiNopHoSo": str(dossier.portal),
        "HoSoCoThanhPhanSoHoa": "1" if dossier.digitised or online else "0",
        "TaiKhoanDuocXacThucVoiVNeID": "1" if dossier.verified else "0",
        "DuocThanhToanTrucTuyen": str(dossier.paid_online),
        "TaiLieuNop": papers(dossier),
        "DanhSachLePhi": [
            {
                "MaPhiLePhi": f"{'LP' if procedure.charge else 'P'}-{procedure.code}",
                "TenPhiLePhi": f"{'Lệ phí' if procedure.charge else 'Phí'} {procedure.name}",
                "HinhThucThu": str(dossier.fee_when),
                "Gia": str(dossier.fee),
                "LoaiPhiLePhi": "1",
            }
        ]
        if dossier.fee
        else [],
        "DanhSachHoSoBoSung": [
            {
                "HoSoBoSungId": str(dossier.number * 10 + number),
                "NgayBoSung": text(asked),
                "NgayTiepNhanBoSung": text(back) if back else "",
                "NgayHenTraTruoc": text(before) if before else "",
                "NgayHenTraMoi": text(after) if after else "",
            }
            for number, (asked, back, before, after) in enumerate(now.rounds, 1)
        ]
        if now.rounds
        else [],
        "DanhSachGiayToKetQua": results(dossier) if now.status >= 9 and now.outcome in ("ket_qua", "xin_loi") else [],
        "DSKetNoiCSDL": _DATABASES if dossier.population else None,
        "LoaiDuLieuKetNoi": "",
        "SoLanXinLoi": str(now.apologies) if now.apologies or dossier.number % ZERO_APOLOGIES_EVERY else "",
        "DeletedOn": text(now.deleted) if now.deleted else "",
        "NgaySuaCuoi": text(changed_at),
    }
    if online or dossier.channel == 3 or dossier.number % ABSENT_CHANNEL_EVERY:
        fields["KenhThucHien"] = str(dossier.channel)  # sometimes absent, which means in person
    if now.refused:
        fields["NgayTuChoi"] = text(now.refused)
    if now.outcome and (now.outcome != "ket_qua" or dossier.number % ORDINARY_OUTCOME_ABSENT_EVERY):
        fields["LoaiKetQua"] = now.outcome
    if dossier.nfd:
        for field in ("TenTTHC", "TenLinhVuc", "DonViXuLy"):
            fields[field] = unicodedata.normalize("NFD", fields[field])
    if now.raw is not None:
        if "" in now.raw:
            return now.raw[""]
        fields.update(now.raw)
    return fields
