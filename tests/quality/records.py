"""A good record of each entity, as its source delivers it; what a test changes in it is the defect."""

from __future__ import annotations

DOSSIER = {
    "MaHoSo": "H19.16.3-230105-0001", "MaTTHC": "1.004002.000.00.00.H19", "MucDo": "3", "KenhThucHien": "2", "MaDonVi": "H19.16.3", "LoaiKetQua": "ket_qua",
    "NgayTiepNhan": "20230105080000", "NgayHenTra": "20230110170000", "NgayKetThucXuLy": "20230109100000", "NgayTra": "20230109110000",
    "TrangThaiHoSo": "10", "DuocThanhToanTrucTuyen": "0", "NgaySuaCuoi": "20230109110000",
}  # fmt: skip
OPEN = {"TrangThaiHoSo": "4", "NgayKetThucXuLy": "", "NgayTra": ""}
ENDED = {"NgayKetThucXuLy": "", "NgayTra": ""}
STEP = {
    "MaBuoc": "B1",
    "MaHoSo": "H19.16.3-230105-0001",
    "ThoiDiemXuLy": "20230105080000",
    "TrangThai": "4",
    "NgaySuaCuoi": "20230105080000",
}
PROCEDURE = {
    "MaTTHC": "1.004002", "MaDonVi": "H19.16.3", "HieuLucTu": "2023-01-01", "HieuLucDen": "", "MucDo": "4", "CapThucHien": "xa", "TrangThai": "cong_khai",
    "DuDieuKienTrucTuyen": "1", "CoPhiLePhi": "1", "ThanhToanTrucTuyen": "1", "CoKetQuaGiayTo": "1", "LaChungThuc": "0", "CoHoSoMau": "0",
    "DaDongBoCongTinh": "0",
}  # fmt: skip
ASSESSMENT = {
    "MaDanhGia": "D1",
    "MaDonVi": "H19.16",
    "DanhGia": "hai_long",
    "ThoiGianDanhGia": "20230105080000",
    "NgaySuaCuoi": "20230105080000",
}
DOCUMENT = {
    "IdVanBan": "V1",
    "ChieuVanBan": "den",
    "MaDonViXuLy": "H19.16.1",
    "DoMat": "thuong",
    "NgayBanHanh": "05/01/2023",
    "NgayCapNhat": "2023-01-05T08:00:00",
}
WORK_FILE = {
    "IdHoSoCongViec": "C1", "MaDonVi": "H19.16.1", "CapDonVi": "huyen", "NgayMo": "2023-01-05", "NgayDong": "2023-01-05", "HinhThucXuLy": "dien_tu",
    "DoMat": "thuong", "DacThu": False, "NgayCapNhat": "2023-01-05T08:00:00",
}  # fmt: skip
SIGNATURE = {
    "IdKySo": "K1",
    "NguoiKyId": "N1",
    "ThoiDiemKy": "2023-01-05",
    "LoaiChungThu": "ca_nhan",
    "HopLe": True,
    "NgayCapNhat": "2023-01-05T08:00:00",
}
LEADER = {"NguoiId": "N1", "MaDonVi": "H19.16", "CapLanhDao": "cap_huyen", "TuNgay": "2023-01-05", "DenNgay": None, "DaCapChuKySo": True}
PAYMENT = {
    "MaThamChieu": "R1", "MaGiaoDich": "G1", "MaDonVi": "H19.16", "LoaiGiaoDich": "PAY", "SoTien": "50.000", "Phi": "50.000", "LePhi": "0", "HinhThucThanhToan": "the",
    "KenhThanhToan": "1", "TrangThaiGD": "1", "ThoiGianGD": "05/01/2023 08:00:00",
}  # fmt: skip
FEEDBACK = {
    "MaPhanAnh": "PA1", "KenhTiepNhan": "1022", "NgayGui": "05/01/2023 08:00", "NgayTiepNhan": "05/01/2023 09:00", "VeTTHC": "1", "MaDonViXuLy": "H19.16",
    "HanXuLy": "12/01/2023 17:00", "NgayTraLoi": "", "NgayCongKhai": "", "TrangThai": "dang_xu_ly", "DanhGia": "", "MaHoSoLienQuan": "", "MaTrung": "",
}  # fmt: skip
ANSWER = {"MaPhieu": "P1", "NgayKhaoSat": "05/01/2023", "MaDonVi": "H19.16", "MaHoSo": "", "MucDoHaiLong": "4"}
# of dated files, by source: what landing knows of the file
FILES = {
    "payments": {"file_name": "giaodich_20230105.csv", "file_date": "2023-01-05", "revision": 1},
    "feedback": {"file_name": "phananh_20230105.csv", "file_date": "2023-01-05", "revision": 1},
    "survey": {"file_name": "khaosat_20230105_r2.csv", "file_date": "2023-01-05", "revision": 2},
}
