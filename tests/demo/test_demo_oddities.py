"""The planted oddities are on the wire in the numbers that demo/ODDITIES.md tells."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from demo import clock, deliveries, people
from demo.oddities import ODDITIES, markdown
from demo.units import BY_CODE

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=clock.LOCAL), datetime(2900, 1, 1, tzinfo=clock.LOCAL)
ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_the_list() -> None:
    assert (ROOT / "demo" / "ODDITIES.md").read_text(encoding="utf-8") == markdown(), "run: python -m demo oddities > demo/ODDITIES.md"


def test_the_builders_planted_what_the_list_promises(district: Any) -> None:
    assert {code: len(keys) for code, keys in district.planted.items()} == {code: oddity.how_many for code, oddity in ODDITIES.items()}


def at(text: str | None) -> datetime | None:
    """A time of the wire as local time, None where missing or unreadable."""
    if not text or text.startswith("0001"):
        return None
    try:
        if re.fullmatch(r"\d{14}", text):
            return datetime.strptime(text + "+0700", "%Y%m%d%H%M%S%z")
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value.astimezone(clock.LOCAL) if value.tzinfo else value.replace(tzinfo=clock.LOCAL)


def unreadable(text: str | None) -> bool:
    return bool(text) and not str(text).startswith("0001") and at(text) is None


LISTS = ("TaiLieuNop", "DanhSachLePhi", "DanhSachHoSoBoSung", "DanhSachGiayToKetQua", "DSKetNoiCSDL", "DinhDanhCHS")


@pytest.fixture(scope="module")
def rows(at_end: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [record for record in at_end["dossiers"] if isinstance(record, dict)]


@pytest.fixture(scope="module")
def ends_by_step(at_end: dict[str, list[Any]]) -> set[str]:
    return {step["MaHoSo"] for step in at_end["dossier_steps"] if step["TrangThai"] in ("9", "10") and not step["DeletedOn"]}


def no_end(row: dict[str, Any]) -> bool:
    return row["TrangThaiHoSo"] in ("9", "10") and at(row["NgayKetThucXuLy"]) is None


CHECKS: dict[str, Callable[[dict[str, Any], set[str]], bool]] = {
    "K1": lambda row, _steps: row["TrangThaiHoSo"] not in [str(number) for number in range(1, 11)],
    "K2": lambda row, _steps: any(row[name] not in (None, "") and not isinstance(row[name], list) for name in LISTS),
    "K3": lambda row, _steps: any(unreadable(row[name]) for name in ("NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra", "NgaySuaCuoi")),
    "K4": lambda row, _steps: (at(row["NgayKetThucXuLy"]) or LATEST) < (at(row["NgayTiepNhan"]) or EARLIEST),
    "K5": lambda row, _steps: any(
        (at(row[name]) or EARLIEST).date() > (at(row["NgaySuaCuoi"]) or LATEST).date() for name in ("NgayTiepNhan", "NgayKetThucXuLy", "NgayTra")
    ),
    "K6": lambda row, _steps: row["MaDonVi"] not in BY_CODE,
    "K7": lambda row, steps: no_end(row) and at(row["NgayTra"]) is None and row["MaHoSo"] not in steps,
    "no-key": lambda row, _steps: not row["MaHoSo"],
    "end-by-step": lambda row, steps: no_end(row) and at(row["NgayTra"]) is None and row["MaHoSo"] in steps,
    "end-by-handover": lambda row, _steps: no_end(row) and at(row["NgayTra"]) is not None,
    "unknown-outcome": lambda row, _steps: row.get("LoaiKetQua", "") not in ("", "ket_qua", "tra_lai", "xin_rut", "xin_loi"),
    "level-2-online": lambda row, _steps: row.get("KenhThucHien") == "2" and row["MucDo"] == "2",
    "odd-code": lambda row, _steps: row["MaHoSo"].startswith("HSCU"),
    "odd-time": lambda row, _steps: unreadable(row["HanTiepNhan"]),
    "unknown-procedure": lambda row, _steps: row["MaTTHC"].startswith("9."),
    "bulk-on-time": lambda row, _steps: at(row["NgayKetThucXuLy"]) is not None and at(row["NgayKetThucXuLy"]) == at(row["NgayHenTra"]),
    "nfd": lambda row, _steps: row["TenTTHC"] != unicodedata.normalize("NFC", row["TenTTHC"]),
    "result-is-paper": lambda row, _steps: (
        isinstance(row["TaiLieuNop"], list)
        and bool({paper["DuongDanTaiTepTin"] for paper in row["TaiLieuNop"]} & {result["DuongDanTepTinKetQua"] for result in row["DanhSachGiayToKetQua"]})
    ),
    "deleted-sent": lambda row, _steps: bool(at(row["DeletedOn"])),
    "day-off": lambda row, _steps: at(row["NgayTiepNhan"]) is not None and at(row["NgayTiepNhan"]).weekday() == 5,  # type: ignore[union-attr]
}  # fmt: skip


@pytest.mark.parametrize("code", list(CHECKS))
def test_dossiers_counted_on_the_wire(district: Any, rows: list[dict[str, Any]], ends_by_step: set[str], code: str) -> None:
    found = {row["MaHoSo"] for row in rows if CHECKS[code](row, ends_by_step)}
    planted = set(district.planted[code]) if code != "no-key" else {""}
    assert found == planted
    assert len(found) == ODDITIES[code].how_many


def test_no_planted_dossier_is_critical_but_the_k_ones(district: Any, rows: list[dict[str, Any]], ends_by_step: set[str]) -> None:
    failing = [row["MaHoSo"] for row in rows if sum(CHECKS[code](row, ends_by_step) for code in CHECKS if code.startswith("K"))]
    assert len(failing) == len(set(failing)) == sum(ODDITIES[f"K{number}"].how_many for number in range(1, 8))
    assert len(failing) < 0.05 * len(rows)
    once = [row["MaHoSo"] for row in rows if sum(CHECKS[code](row, ends_by_step) for code in CHECKS if code.startswith("K")) == 1]
    assert once == failing, "each fails exactly one check"


def test_rows_that_are_no_object(at_end: dict[str, list[Any]]) -> None:
    assert sum(not isinstance(record, dict) for record in at_end["dossiers"]) == ODDITIES["K2-row"].how_many


def test_repaired_dossiers_are_bad_first(district: Any) -> None:
    def statuses(clock_text: str) -> set[str]:
        keys = set(district.planted["K-repaired"])
        return {
            row["TrangThaiHoSo"]
            for row in district.records("dossiers", clock.parse_iso(clock_text))
            if isinstance(row, dict) and row["MaHoSo"] in keys
        }

    assert statuses("2024-01-02T00:00:00+07:00") == {"0"}
    assert statuses("2024-01-10T00:00:00+07:00") == {"9"}


def versions(district: Any, code: str) -> list[list[dict[str, Any]]]:
    """All versions of the dossiers of an oddity, as the wire would show them."""
    render = district.render("dossiers")
    keys = district.planted[code]
    found: dict[str, list[dict[str, Any]]] = {key: [] for key in keys}
    for entry in district.timelines["dossiers"].entries:
        if entry[1] in found:
            found[entry[1]].append(render(entry))
    return list(found.values())


def test_ends_in_one_minute(district: Any, rows: list[dict[str, Any]]) -> None:
    minutes = Counter((row["MaDonVi"], at(row["NgayKetThucXuLy"]).replace(second=0)) for row in rows if at(row["NgayKetThucXuLy"]))  # type: ignore[union-attr]
    assert [count for count in minutes.values() if count > 20] == [ODDITIES["bulk-close"].how_many]
    for history in versions(district, "bulk-on-time"):
        assert history[-1]["NgaySuaCuoi"].startswith("202306281640")


def test_histories_of_edited_dossiers(district: Any) -> None:
    for history in versions(district, "due-moved"):
        moves = [(old, new) for old, new in pairwise(history) if old["NgayHenTra"] != new["NgayHenTra"]]
        assert len(moves) == 1
        assert moves[0][1]["NgaySuaCuoi"][:8] > moves[0][0]["NgayHenTra"][:8]
        assert not history[-1]["DanhSachHoSoBoSung"]
    for history in versions(district, "end-changed"):
        assert len({row["NgayKetThucXuLy"] for row in history if row["NgayKetThucXuLy"]}) == 2
    for history in versions(district, "re-opened"):
        assert [row["TrangThaiHoSo"] for row in history][-3:] == ["9", "4", "9"]
    for history in versions(district, "re-opened-open"):
        assert [row["TrangThaiHoSo"] for row in history][-2:] == ["9", "4"]
    for history in versions(district, "undo-handover"):
        assert [row["TrangThaiHoSo"] for row in history][-4:] == ["9", "10", "9", "10"]
    for history in versions(district, "second-round"):
        assert len(history[-1]["DanhSachHoSoBoSung"]) == 2
        assert all(row["NgayHenTraMoi"] > row["NgayHenTraTruoc"] for row in history[-1]["DanhSachHoSoBoSung"])


def test_deletions(district: Any, rows: list[dict[str, Any]]) -> None:
    present = {row["MaHoSo"] for row in rows}
    keys = {
        row["MaHoSo"]: row["DeletedOn"]
        for year, month in [(2022, m) for m in range(1, 13)] + [(2023, m) for m in range(1, 13)]
        for row in district.keys(year, month, clock.END)
    }
    for key in district.planted["deleted-silently"]:
        assert key not in present
        assert keys[key]
    for key in district.planted["deleted-sent"]:
        assert key in present
        assert keys[key]
    for key in district.planted["restored"]:
        assert key in present
        assert keys[key] == ""
        assert next(row["DeletedOn"] for row in district.keys(2023, 5, clock.moment(2023, 6, 15)) if row["MaHoSo"] == key)
    for key in district.planted["vanished"]:
        assert key not in present
        assert key not in keys


def test_steps_repeated_and_hidden(district: Any, at_end: dict[str, list[Any]]) -> None:
    steps = at_end["dossier_steps"]
    seen = Counter(
        (step["MaHoSo"], step["ThoiDiemXuLy"][:12], step["ThaoTac"], step["TrangThai"]) for step in steps if not step["DeletedOn"]
    )
    assert sum(count - 1 for count in seen.values()) == ODDITIES["resync-step"].how_many
    hidden = {step["MaBuoc"] for step in steps if step["DeletedOn"]}
    assert set(district.planted["step-hidden-later"]) <= hidden
    assert len(hidden) == sum(ODDITIES[code].how_many for code in ("step-hidden-later", "due-moved", "end-changed"))
    assert len({step["MaBuoc"] for step in steps}) == len(steps)


def test_assessments_and_procedures(district: Any, at_end: dict[str, list[Any]]) -> None:
    known = {"rat_hai_long", "hai_long", "binh_thuong", "khong_hai_long", ""}
    assert sum(row["DanhGia"] not in known for row in at_end["assessments"]) == ODDITIES["unknown-answer"].how_many
    assert sum(row["MaDonVi"] not in BY_CODE for row in at_end["assessments"]) == ODDITIES["unknown-unit-answer"].how_many

    def names(clock_text: str) -> set[str]:
        return {
            f"{row['MaTTHC']}/{row['MaDonVi']}/{row['HieuLucTu'][:8]}"
            for row in district.records("procedures", clock.parse_iso(clock_text))
        }

    assert names("2024-01-15T00:00:00+07:00") - names("2024-01-16T00:00:00+07:00") == set(district.planted["procedure-vanishes"])


def test_documents(district: Any, at_end: dict[str, list[Any]]) -> None:
    secrets = Counter(row.get("DoMat") for row in at_end["documents"])
    assert (secrets["mat"], secrets["toi_mat"], secrets["tuyet_mat"], secrets[None]) == (30 + 2, 8, 2, 3)
    files = Counter(row["DoMat"] for row in at_end["work_files"])
    assert (files["mat"], files[None]) == (12 + 1, 1)
    assert sum(row["MaDonVi"] not in BY_CODE for row in at_end["work_files"]) == 1
    assert sum(row["MaDonVi"] not in BY_CODE for row in at_end["leaders"]) == 1
    assert sum(not row["HopLe"] for row in at_end["signatures"]) == ODDITIES["invalid-signature"].how_many


def test_payments(district: Any, rows: list[dict[str, Any]]) -> None:
    payments = district.payment_rows(clock.END)
    successes = Counter(row.reference for row in payments if row.kind == "PAY" and row.state == "1" and row.amount)
    repeated = set(district.planted["key-in-two-days"])
    twice = {row.reference for row in payments if row.transaction in repeated}
    assert {reference for reference, count in successes.items() if count > 1} - twice == set(district.planted["double-payment"])
    keys = Counter((row.transaction, row.kind) for row in payments if row.transaction)
    assert {key[0] for key, count in keys.items() if count > 1} == repeated
    assert sum(row.kind == "REFUND" for row in payments) == ODDITIES["refund"].how_many
    assert sum(row.state == "3" for row in payments) == ODDITIES["pending-for-ever"].how_many
    everywhere = {dossier.key for dossier in district.dossiers}
    assert sum(row.dossier not in everywhere for row in payments) == ODDITIES["no-dossier"].how_many
    assert sum(row.unit not in BY_CODE for row in payments) == 1
    assert sum(row.method == "vi-dien-tu" for row in payments) == 1
    assert sum(row.kind == "ADJUST" for row in payments) == 1
    assert sum(row.state == "9" for row in payments) == 1

    def shift(row: Any) -> str:
        return (
            "same"
            if row.at // clock.DAY == row.day
            else "12h"
            if row.day in ((row.at + 43_200) // clock.DAY, (row.at - 43_200) // clock.DAY)
            else "other"
        )

    assert Counter(map(shift, payments))["12h"] == ODDITIES["clock-12h-shiftable"].how_many
    assert Counter(map(shift, payments))["other"] == ODDITIES["other-day"].how_many
    paid = {row.dossier for row in payments if row.kind == "PAY" and row.state == "1" and row.amount}
    online = {row.dossier for row in payments if row.kind == "PAY" and row.state == "1" and row.amount and row.method == "truc-tuyen"}
    flags = {row["MaHoSo"]: row["DuocThanhToanTrucTuyen"] for row in rows}
    in_files = {dossier.key for dossier in district.dossiers if clock.moment(2022, 1, 1) <= dossier.submitted < clock.END - 2 * clock.DAY}
    without = {key for key, flag in flags.items() if flag != "0" and key not in paid and key in in_files}
    pending = {row.dossier for row in payments if row.state == "3"}
    assert without - pending == set(district.planted["paid-without"])
    assert {key for key, flag in flags.items() if flag == "0" and key in online} == set(district.planted["paid-unsaid"])


def test_odd_deliveries() -> None:
    faults = Counter(delivery.fault for delivery in deliveries.schedule())
    assert (faults["rows"], faults["trailer"], faults["sha256"]) == (1, 1, 1)
    assert sum(delivery.manifest_at > delivery.data_at for delivery in deliveries.schedule()) == ODDITIES["late-manifest"].how_many
    assert sum(delivery.revision == 2 and not delivery.fault for delivery in deliveries.schedule()) == 2 + 2


def test_made_up_people_can_be_recognised(rows: list[dict[str, Any]], at_end: dict[str, list[Any]]) -> None:
    for row in rows:
        assert people.MARKERS[0] in row["ChuHoSo"]
        assert row["SoGiayToChuHoSo"].startswith("0000000")
        assert people.MARKERS[0] in row["TrichYeuHoSo"]
        public = {name: value for name, value in row.items() if name not in (
            "ChuHoSo", "SoGiayToChuHoSo", "MaDoiTuong", "Email", "SoDienThoai", "TrichYeuHoSo", "DinhDanhCHS", "TaiLieuNop")}  # fmt: skip
        assert not any(marker in str(public) for marker in people.MARKERS)
    for step in at_end["dossier_steps"]:
        assert people.MARKERS[0] in step["NguoiXuLy"]
        assert people.MARKERS[0] in step["NoiDungXuLy"]
