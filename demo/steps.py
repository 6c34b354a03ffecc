"""The processing history (`dossier_steps`): one row for each event that is shown in the history, including hidden steps."""

from __future__ import annotations

from typing import Any

from demo import clock, people
from demo.clock import FOREVER
from demo.dossiers import (
    ACCEPT,
    APOLOGY,
    APPRAISE,
    ASK,
    BACK,
    FEE,
    FINISH,
    FORWARD,
    HANDOVER,
    HIDDEN,
    MOVE_DUE,
    MOVE_END,
    NO_STEP,
    PAID,
    REFUSE,
    REOPEN,
    RESYNC,
    STOP,
    SUBMIT,
    UNDO_HANDOVER,
    WITHDRAW,
    Dossier,
)
from demo.history import Entry

# kind -> (status after the step, place in the workflow, post, action)
_KINDS: dict[int, tuple[str, str, str, str]] = {
    SUBMIT: ("1", "nop_truc_tuyen", "Công dân", "Nộp hồ sơ trực tuyến"),
    ACCEPT: ("2", "mot_cua", "Cán bộ một cửa", "Tiếp nhận hồ sơ"),
    FORWARD: ("4", "thu_ly", "Chuyên viên", "Chuyển bộ phận xử lý"),
    APPRAISE: ("4", "lanh_dao", "Lãnh đạo", "Trình lãnh đạo ký"),
    ASK: ("5", "mot_cua", "Chuyên viên", "Yêu cầu bổ sung hồ sơ"),
    BACK: ("", "mot_cua", "Công dân", "Bổ sung hồ sơ"),
    FEE: ("6", "nghia_vu_tai_chinh", "Chuyên viên", "Yêu cầu thực hiện nghĩa vụ tài chính"),
    PAID: ("4", "nghia_vu_tai_chinh", "Chuyên viên", "Hoàn thành nghĩa vụ tài chính"),
    FINISH: ("9", "thu_ly", "Chuyên viên", "Kết thúc xử lý hồ sơ"),
    HANDOVER: ("10", "mot_cua", "Cán bộ một cửa", "Trả kết quả"),
    REFUSE: ("3", "mot_cua", "Cán bộ một cửa", "Từ chối hồ sơ"),
    STOP: ("8", "lanh_dao", "Lãnh đạo", "Dừng xử lý"),
    WITHDRAW: ("7", "mot_cua", "Công dân", "Công dân rút hồ sơ"),
    MOVE_DUE: ("4", "quan_tri", "Quản trị", "Đặt lại ngày hẹn trả"),
    MOVE_END: ("9", "quan_tri", "Quản trị", "Đặt lại ngày kết thúc"),
    REOPEN: ("4", "quan_tri", "Quản trị", "Mở lại hồ sơ"),
    UNDO_HANDOVER: ("9", "mot_cua", "Cán bộ một cửa", "Hoàn tác trả kết quả"),
    APOLOGY: ("", "thu_ly", "Chuyên viên", "Gửi thư xin lỗi"),
    RESYNC: ("2", "mot_cua", "", "Tiếp nhận hồ sơ"),
}


def step_key(dossier: Dossier, position: int) -> int:
    """The number of a step, made from the dossier's number and the event's position, so that numbers and texts have the same order."""
    return dossier.number * 100 + position


def wire_key(key: int) -> str:
    """MaBuoc of a step's number."""
    return f"B{key:010d}"


def record(dossier: Dossier, key: int, changed_at: int) -> dict[str, Any]:
    """The step in the version of `changed_at`."""
    known, kind, happened, argument, shown = dossier.events[key % 100]
    status, node, post, action = _KINDS[kind]
    text = clock.compact if not dossier.iso else clock.iso if dossier.iso == 1 else clock.iso_utc
    hidden = known if shown == HIDDEN else shown if shown > HIDDEN and shown <= changed_at else 0
    person = dossier.person
    return {
        "MaBuoc": f"B{key:010d}",
        "MaHoSo": dossier.key,
        "ThoiDiemXuLy": text(happened),
        "TrangThai": status,
        "NodeQuyTrinh": node,
        "NguoiXuLy": people.name(person) if post == "Công dân" else people.officer(dossier.number + kind),
        "ChucDanh": post,
        "MaDonVi": dossier.unit.code,
        "ThaoTac": action,
        "NoiDungXuLy": f"{action}: hồ sơ của {people.name(person)}, điện thoại {people.phone(person)}",
        "NgayBatDau": "",
        "NgayKetThucTheoQuyDinh": text(argument) if kind == ACCEPT and argument else "",
        "DeletedOn": text(hidden) if hidden else "",
        "NgaySuaCuoi": text(changed_at),
    }


def entries(dossiers: list[Dossier]) -> list[Entry]:
    """All versions of all steps: one for each, two if the step was hidden later."""
    found: list[Entry] = []
    append = found.append
    for dossier in dossiers:
        key = dossier.number * 100
        for event in dossier.events:
            shown = event[4]
            if shown == 0 or shown == HIDDEN:
                append((event[0], key, dossier, FOREVER))
            elif shown != NO_STEP:
                append((event[0], key, dossier, shown))
                append((shown, key, dossier, FOREVER))
            key += 1
    return found
