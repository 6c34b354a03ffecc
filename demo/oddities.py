"""The oddities of the demo: what is planted, how often, and which part of the contract allows it.

The counts are the same at every scale. `ODDITIES.md` is generated from this list (`python -m demo oddities`), the builders
use its counts, and a test counts the delivered oddities at the end of the demo.
"""

from __future__ import annotations

from typing import NamedTuple


class Oddity(NamedTuple):
    """One kind of planted oddity."""

    code: str
    source: str
    how_many: int
    of: str
    what: str


_LIST: tuple[Oddity, ...] = (
    # one-stop: critical checks
    Oddity("K1", "one_stop", 2, "dossiers", 'TrangThaiHoSo missing (`""`) or outside 1–10 (`"0"`, the state *interoperating*)'),
    Oddity("K2", "one_stop", 2, "dossiers", "a list field that is no list of objects (a text; one object instead of a list)"),
    Oddity("K2-row", "one_stop", 1, "rows", "a row that is no object at all, but a text (no readable key either)"),
    Oddity("K3", "one_stop", 2, "dossiers", "NgayHenTra that is no time (`31022023…`), NgayTiepNhan that is a word"),
    Oddity("K4", "one_stop", 2, "dossiers", "finished two hours before received"),
    Oddity("K5", "one_stop", 2, "dossiers", "NgayKetThucXuLy a month after NgaySuaCuoi"),
    Oddity("K6", "one_stop", 2, "dossiers", "MaDonVi missing, MaDonVi not in the list of units (`H19.16.99`)"),
    Oddity("K7", "one_stop", 3, "dossiers", "status 9 with no end: no NgayKetThucXuLy, no NgayTra, no step with 9 or 10"),
    Oddity(
        "K-repaired",
        "one_stop",
        2,
        "dossiers",
        "status 0 in December 2023, put right on 2024-01-09: quarantined first, good later (not counted in K1)",
    ),
    Oddity("no-key", "one_stop", 1, "rows", "a record whose MaHoSo is empty"),
    # one-stop: warnings
    Oddity("end-by-step", "one_stop", 8, "dossiers", "status 9 without NgayKetThucXuLy and NgayTra: only the step with 9 knows the end"),
    Oddity("end-by-handover", "one_stop", 4, "dossiers", "status 10 without NgayKetThucXuLy, with NgayTra"),
    Oddity("unknown-outcome", "one_stop", 3, "dossiers", "LoaiKetQua outside the list (`chuyen_cap_tren`)"),
    Oddity("level-2-online", "one_stop", 6, "dossiers", "filed online although the service is on level 2 (information only)"),
    Oddity("odd-code", "one_stop", 3, "dossiers", "MaHoSo off its pattern (`HSCU/2023/…`)"),
    Oddity("odd-time", "one_stop", 2, "dossiers", "HanTiepNhan that is no time: taken as missing"),
    Oddity("unknown-procedure", "one_stop", 3, "dossiers", "a procedure that the catalogue does not have (`9.999901` …)"),
    # one-stop: what real systems do
    Oddity(
        "bulk-on-time",
        "one_stop",
        24,
        "dossiers",
        "late dossiers of one unit, set to NgayKetThucXuLy = NgayHenTra to the second in one minute, without a step",
    ),
    Oddity("bulk-close", "one_stop", 23, "dossiers", "dossiers of one commune ended in one and the same minute"),
    Oddity("due-moved", "one_stop", 6, "dossiers", "NgayHenTra moved two days after it had passed, with a hidden step and no supplement"),
    Oddity("end-changed", "one_stop", 5, "dossiers", "NgayKetThucXuLy changed after status 9, with a hidden step"),
    Oddity(
        "step-hidden-later", "one_stop", 3, "steps", "a visible step that is hidden eight days later (DeletedOn set, NgaySuaCuoi moves)"
    ),
    Oddity("undo-handover", "one_stop", 2, "dossiers", "10 → 9: the handing over undone, handed over again a week later"),
    Oddity("re-opened", "one_stop", 3, "dossiers", "9 → 4 ten days after the end, finished again in the month after"),
    Oddity("re-opened-open", "one_stop", 1, "dossiers", "9 → 4 in January 2024 and still open"),
    Oddity("result-is-paper", "one_stop", 40, "dossiers", "the first submitted paper sent as the signed result (same path)"),
    Oddity("second-round", "one_stop", 10, "dossiers", "planted dossiers with two supplement rounds (others have two by nature)"),
    Oddity("deleted-silently", "one_stop", 5, "dossiers", "deleted, never sent again: only /keys says so (two of them in January 2024)"),
    Oddity("deleted-sent", "one_stop", 2, "dossiers", "deleted and sent once more with DeletedOn"),
    Oddity("restored", "one_stop", 1, "dossiers", "deleted silently, restored nine days later (sent without DeletedOn, later NgaySuaCuoi)"),
    Oddity("vanished", "one_stop", 1, "dossiers", "gone from the API and from /keys without a word"),
    Oddity(
        "resync-step",
        "one_stop",
        60,
        "steps",
        "repeats of the step 'Tiếp nhận hồ sơ' (30 dossiers, two each), with the time of the reception",
    ),
    Oddity("nfd", "one_stop", 20, "dossiers", "names in NFD"),
    Oddity("day-off", "one_stop", 10, "dossiers", "received on a Saturday that is no working day"),
    Oddity("paid-without", "one_stop", 5, "dossiers", "DuocThanhToanTrucTuyen = 1 and no transaction at all"),
    Oddity("paid-unsaid", "one_stop", 5, "dossiers", "DuocThanhToanTrucTuyen = 0 and a successful `truc-tuyen` payment"),
    Oddity("unknown-answer", "one_stop", 2, "assessments", "DanhGia outside the list (`tam_duoc`)"),
    Oddity("unknown-unit-answer", "one_stop", 1, "assessments", "MaDonVi outside the list (`H19.16.77`)"),
    Oddity("procedure-vanishes", "one_stop", 1, "procedures", "a procedure row that is gone from the full list from 2024-01-15 06:00 on"),
    # documents
    Oddity("secret-documents", "documents", 40, "documents", "DoMat = mat (30), toi_mat (8), tuyet_mat (2)"),
    Oddity("unmarked-documents", "documents", 3, "documents", "DoMat missing: null, or the field absent: secret"),
    Oddity("turned-secret-document", "documents", 2, "documents", "thuong at first, secret later (one on 2024-01-11)"),
    Oddity("secret-work-files", "documents", 12, "work_files", "DoMat = mat"),
    Oddity("unmarked-work-files", "documents", 1, "work_files", "DoMat missing: secret"),
    Oddity("turned-secret-work-file", "documents", 1, "work_files", "thuong at first, mat from 2024-01-12 on"),
    Oddity("unknown-unit-work-file", "documents", 1, "work_files", "MaDonVi outside the list"),
    Oddity("unknown-unit-leader", "documents", 1, "leaders", "MaDonVi outside the list"),
    Oddity("invalid-signature", "documents", 25, "signatures", "HopLe = false"),
    # payments
    Oddity("double-payment", "payments", 5, "requests", "two successes for one MaThamChieu"),
    Oddity("success-after-failure", "payments", 10, "requests", "planted: a failed try, then a success (others by nature)"),
    Oddity("never-reached-gateway", "payments", 10, "rows", "a try with MaGiaoDich empty (the failed tries of the line above)"),
    Oddity("refund", "payments", 8, "rows", "REFUND days later, MaThamChieuGoc names the payment"),
    Oddity("pending-for-ever", "payments", 6, "rows", "TrangThaiGD = 3 and nothing after it"),
    Oddity("no-dossier", "payments", 4, "rows", "a payment whose dossier never arrives"),
    Oddity("before-dossier", "payments", 3, "rows", "a payment whose dossier becomes known only three days later"),
    Oddity("clock-12h-shiftable", "payments", 8, "rows", "ThoiGianGD off by 12 hours onto the day before or after"),
    Oddity(
        "clock-12h-hidden", "payments", 6, "rows", "ThoiGianGD of an afternoon written as the morning of the same day: nothing can tell"
    ),
    Oddity("other-day", "payments", 2, "rows", "ThoiGianGD three days away from the file's day: quarantined"),
    Oddity("key-in-two-days", "payments", 2, "keys", "the same (MaGiaoDich, LoaiGiaoDich) in two days' files: the later day wins"),
    Oddity("unknown-unit-payment", "payments", 1, "rows", "MaDonVi outside the list"),
    Oddity("unknown-method", "payments", 1, "rows", "HinhThucThanhToan outside the list (`vi-dien-tu`): a warning"),
    Oddity("unknown-kind", "payments", 1, "rows", "LoaiGiaoDich outside the list (`ADJUST`)"),
    Oddity("unknown-state", "payments", 1, "rows", "TrangThaiGD outside the list (`9`)"),
    Oddity("manifest-rows", "payments", 1, "files", "giaodich_20240116: the manifest counts a row too many; right in _r2, six days later"),
    Oddity("trailer-amount", "payments", 1, "files", "giaodich_20240110: the trailer's amount is wrong; right in _r2 on 2024-01-15"),
    Oddity("bad-revision", "payments", 1, "files", "giaodich_20240118_r2: wrong sha256, so revision 1 stays in force"),
    Oddity("good-revision", "payments", 2, "files", "giaodich_20230315_r2 and giaodich_20230920_r2: a corrected day with two rows more"),
    Oddity(
        "late-manifest", "payments", 2, "files", "giaodich_20231108 and giaodich_20240104: the manifest arrives two days after the file"
    ),
    Oddity("late-file", "payments", 3, "files", "giaodich_20230222, _20230810 and _20240108: delivered three days late, out of order"),
    # feedback
    Oddity("feedback-repeat", "feedback", 6, "items", "repeats another item through another channel (MaTrung): never counted"),
    Oddity("feedback-late-answer", "feedback", 6, "items", "planted: answered two days after HanXuLy (others by nature)"),
    Oddity("feedback-passed-on", "feedback", 5, "items", "planted: `chuyen_don_vi` and never answered: in neither side (others by nature)"),
    Oddity("feedback-unknown-unit", "feedback", 1, "items", "MaDonViXuLy outside the list (`H19.16.66`)"),
    Oddity("feedback-unknown-code", "feedback", 2, "items", "TrangThai (`treo`), KenhTiepNhan (`zalo`) outside the list"),
    Oddity("feedback-odd-time", "feedback", 2, "items", "HanXuLy that is no time (`31/02/2023 17:00`): a warning, taken as missing"),
    Oddity("feedback-absent", "feedback", 3, "items", "open, and absent from the files after two weeks: they stay"),
    Oddity("feedback-xlsx", "feedback", 1, "files", "phananh_20230903.xlsx: a workbook whose times are cells of times"),
    Oddity("feedback-revision", "feedback", 2, "files", "phananh_20230416_r2 and phananh_20231008_r2: the first ones lack the ratings"),
    Oddity("feedback-late-file", "feedback", 1, "files", "phananh_20230716: delivered nine days late, after the file of the week after"),
    Oddity("feedback-cut", "feedback", 1, "files", "phananh_20240114: cut off in its last line, whole two days later under the same name"),
    Oddity("feedback-blocked", "feedback", 1, "files", "phananh_20240121: the header lacks MaTrung; right in _r2, two days later"),
    # survey
    Oddity("survey-unknown-unit", "survey", 1, "forms", "MaDonVi outside the list (`H19.16.67`)"),
    Oddity("survey-unknown-score", "survey", 2, "forms", "MucDoHaiLong outside 1–5 (`0`, `6`)"),
    Oddity("survey-corrected", "survey", 3, "forms", "5 in khaosat_20230630, 2 in its revision"),
    Oddity("survey-xlsx", "survey", 1, "files", "khaosat_20230831.xlsx: a workbook whose days are cells of dates"),
    Oddity("survey-revision", "survey", 1, "files", "khaosat_20230630_r2, five days later"),
    Oddity("survey-late-file", "survey", 1, "files", "khaosat_20230331: delivered twelve days late"),
    Oddity("survey-cut", "survey", 1, "files", "khaosat_20240115.xlsx: a broken workbook, whole two days later under the same name"),
    # declared figures
    Oddity(
        "declared-proven",
        "declared",
        4,
        "figures",
        "CanCu and NgayCanCu of a decision that the document system has (H19.16.2, each quarter of 2023)",
    ),
    Oddity(
        "declared-contradicts",
        "declared",
        12,
        "figures",
        "H19.16.22 declares dossier_on_time_rate 100 % each month of 2023; the one-stop says otherwise",
    ),
    Oddity("declared-missing", "declared", 2, "files", "never sent: H19.16.31 for 2023-09, H19.16.10 for 2022-11"),
    Oddity("declared-late", "declared", 1, "files", "H19.16.32 for 2023-12, sent on 2024-01-12"),
    Oddity(
        "declared-unapproved", "declared", 3, "files", "NguoiDuyet empty: provisional (H19.16.9 2023-08, H19.16.7 and H19.16.25 2023-12)"
    ),
    Oddity(
        "declared-corrected",
        "declared",
        2,
        "files",
        "sent again with other figures: H19.16.21 2023-05 on 2023-07-12, H19.16.5 2023-11 on 2024-01-10",
    ),
    Oddity(
        "declared-negative",
        "declared",
        1,
        "files",
        "H19.16.24 2023-12 sent again on 2024-01-15 with TuSo -3: blocked, the first one stays in force",
    ),
    Oddity("declared-error", "declared", 1, "files", "H19.16.26 2023-12 sent again on 2024-01-16 with #REF!: blocked"),
    Oddity("declared-wrong-unit", "declared", 1, "files", "tukhai_H19.16.88_2023-12 on 2024-01-17: no such unit, blocked"),
)

ODDITIES: dict[str, Oddity] = {oddity.code: oddity for oddity in _LIST}

BY_NATURE: tuple[str, ...] = (
    "MaHoSo in the old style (`000.21.16.H19-…`) until 2022-06 (offices) and 2022-12 (communes), in the new style "
    "(`H19.16.21-…`) afterwards.",
    "About 10 % of dossiers have a MaHoSoKhac; about 5 % a procedure code with the suffix `.000.00.00.H19`.",
    "H19.16.9 is called 'Phòng Kinh tế và Hạ tầng' in versions that changed before 2023-07-01.",
    "H19.16.27 sends ISO 8601 without offset (missing: `0001-01-01T00:00:00`) and H19.16.28 ISO 8601 with `Z` (missing: "
    'null), for dossiers submitted from 2023-10-01; the others send `yyyyMMddHHmmss` (missing: `""`).',
    "Fields may be absent: KenhThucHien, LoaiKetQua, NgayTuChoi; Fax, MaDoiTuong and DSKetNoiCSDL may be null.",
    "About 3 % of ends and of receptions are entered up to four days late: NgaySuaCuoi is then later than the time inside.",
    "About 3 % of procedures have no due time; a few per cent of late dossiers carry no apology; supplements that never come "
    "back stay on status 5.",
    "LoaiKetQua tra_lai (about 2 %) and xin_rut (about 1 %) end as status 9 and 10; status 7, 8 and 3 after a reception are rare.",
    "About 2 % of online filings are refused before acceptance: status 3 without NgayTiepNhan.",
    "Some 1 % of dossiers have a paper with IsDeleted = 1.",
    "About 3 % of dossiers are received by another commune than the one that handles them.",
    "Procedure rows change flags without a new version; some have up to three versions, some are `bai_bo` with HieuLucDen.",
    "H19.16.31 and H19.16.32 issue no e-certified copies; some leaders sign nothing; H19.16.12 and H19.16 have no procedures.",
    "Documents: NgayCapNhat with `+07:00`, sometimes without offset; HanXuLy is a date; documents get a second version when they are done.",
    "Payments: `.csv.gz` on every third day of the month; a file for every day, Sundays and holidays included; exempt rows "
    "(`mien-phi`, 0 VND).",
    "Feedback: one file a week with the open items and those that changed in the last 60 days, `;` in 2022 and `,` afterwards, every other "
    "one with a BOM; about 28 % is not about procedures; about half is rated.",
    "Survey: one file a month, `;` or `,`, some with a BOM; about 7 % of the forms leave the question empty.",
)


def check(planted: dict[str, list[str]]) -> None:
    """Raise an error if the builders planted other numbers than those in the list."""
    wrong = {
        code: (oddity.how_many, len(planted.get(code, [])))
        for code, oddity in ODDITIES.items()
        if len(planted.get(code, [])) != oddity.how_many
    }
    unknown = sorted(set(planted) - set(ODDITIES))
    if wrong or unknown:
        raise AssertionError(f"planted oddities differ from the list (promised, planted): {wrong}; not in the list: {unknown}")


def markdown() -> str:
    """The text of ODDITIES.md."""
    lines = [
        "# Oddities of the demo district",
        "",
        "Generated by `python -m demo oddities` from demo/oddities.py; do not edit. Counts hold at every scale, at the end of the demo",
        "(2024-02-01T00:00:00+07:00); what is dated later than the clock has not happened yet. `District.planted[code]` lists the keys.",
    ]
    for source, title in (
        ("one_stop", "One-stop software"),
        ("documents", "Document management system"),
        ("payments", "Payment logs"),
        ("feedback", "Feedback"),
        ("survey", "Satisfaction survey"),
        ("declared", "Declared figures"),
    ):
        lines += ["", f"## {title}", "", "| code | count | of | what |", "|---|---:|---|---|"]
        lines += [f"| {oddity.code} | {oddity.how_many} | {oddity.of} | {oddity.what} |" for oddity in _LIST if oddity.source == source]
    lines += ["", "## By nature, in shares and not in planted numbers", ""]
    lines += [f"* {text}" for text in BY_NATURE]
    lines += [
        "",
        "## With `--faults` only (transport)",
        "",
        "* 429 and 503 with `Retry-After: 1`, never two of them in succession; a token that expires after some calls;",
        "* the last records of a page repeated at the start of the next one (one_stop); the last page repeated for\n"
        "  ever past the end (documents).",
    ]
    return "\n".join(lines) + "\n"
