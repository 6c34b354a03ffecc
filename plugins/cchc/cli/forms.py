"""`cchc form | findings | reconcile | score | outlook`: what they print. cchc.cli.main hooks them in."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from cchc.settings import Settings

Add = Callable[[str, Callable[[argparse.Namespace, Settings], int], str], argparse.ArgumentParser]
UNIT_HELP = "a unit code, level:district, level:commune, or all"


def register(add: Add, period: Callable[[str], Any]) -> None:
    """Add the commands to the parser of cchc.cli.main."""
    form = add("form", _form, "form II.06a/VPCP/KSTT of a period, or the dossiers behind one of its columns")
    form.add_argument("period", type=period)
    form.add_argument("--unit", default="all", help=UNIT_HELP)
    form.add_argument("--column", type=int, help="list the dossiers behind column 3 to 13")
    findings = add("findings", _findings, "what looks wrong in the sources, by kind and unit, down to the dossiers")
    findings.add_argument("period", type=period)
    findings.add_argument("--unit", default="all", help=UNIT_HELP)
    findings.add_argument("--finding", metavar="CODE", help="only this kind; include/reference/findings.yaml has the codes")
    findings.add_argument("--rows", type=int, default=0, help="how many dossiers to list; -1 = all, default: counts alone")
    reconcile = add("reconcile", _reconcile, "fees of the dossiers, payment log and receipts against each other")
    reconcile.add_argument("period", type=period)
    reconcile.add_argument("--unit", default="all", help=UNIT_HELP)
    reconcile.add_argument("--by", choices=("unit", "day", "state"), default="state")
    reconcile.add_argument("--state", help="list the orders of one state")
    reconcile.add_argument("--key", help="show one order (MaThamChieu) or dossier (MaHoSo)")
    reconcile.add_argument("--rows", type=int, default=20, help="how many of those that need a look; -1 = all, 0 = none")
    score = add("score", _score, "the score of Decision 766, and the communes ranked by it")
    score.add_argument("period", type=period)
    score.add_argument("--unit", default="all", help=UNIT_HELP)
    outlook = add("outlook", _outlook, "what each target will probably reach at the end of the year, and who will miss it")
    outlook.add_argument("period", type=period)
    outlook.add_argument("--unit", help=UNIT_HELP + "; default: every scope that will probably miss a target")


def _print(header: list[str], lines: list[list[str]]) -> None:
    from cchc.cli.main import _table

    print(_table([header, *lines]))


def _form(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.forms import form_06a as forms
    from cchc.warehouse import engine, require_migrated

    require_migrated(settings)
    if options.column is not None:
        with engine(settings).connect() as connection:
            found = forms.dossiers(connection, options.period, options.unit, options.column)
        _print(
            ["dossier", "unit", "field", "channel", "carried over", "state"],
            [
                [d["dossier_code"], d["unit_code"], d["field_name"] or "", d["channel"], str(d["is_carried_over"]), d["state"]]
                for d in found
            ],
        )
        return 0
    form = forms.form_06a(settings, options.period, options.unit)
    print(f"Biểu số II.06a/VPCP/KSTT – {form.scope_name} – {form.period.name_vi} – đến ngày {form.last_day:%d/%m/%Y}\n")
    lines = []
    for level in form.levels:
        lines.append(_line({"district": "Cấp huyện", "commune": "Cấp xã"}.get(level, level), form.total(level)))
        lines += [_line(f"  {row.field_name or '(không có lĩnh vực)'}", row) for row in form.rows if row.level == level]
    whole = form.total()
    lines.append(_line("Tổng số", whole))
    _print(["Lĩnh vực", *(str(number) for number in forms.COLUMNS)], lines)
    print(f"\nCột 9 gồm {whole.returned_count} hồ sơ trả lại hoặc rút và {whole.without_due_count} hồ sơ không có ngày hẹn trả.")
    return 0


def _line(name: str, row: Any) -> list[str]:
    from cchc.forms.form_06a import COLUMNS

    return [name, *(str(row.column(number)) for number in COLUMNS)]


def _findings(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.findings import counts as findings
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    counted = findings.counts(settings, options.period, options.unit, options.finding)
    _print(
        ["finding", "Phát hiện", "unit", "Đơn vị", "Số"],
        [[count.code, count.name_vi, count.unit_code, count.unit_name, str(count.count)] for count in counted],
    )
    if options.rows:
        found = findings.rows(settings, options.period, options.unit, options.finding, options.rows)
        print()
        _print(
            ["finding", "unit", "item", "day", "detail"],
            [
                [
                    row["finding_code"],
                    row["unit_code"],
                    row["item"],
                    str(row["event_date"] or ""),
                    json.dumps(row["detail"], ensure_ascii=False),
                ]
                for row in found
            ],
        )
        total = sum(count.count for count in counted)
        if len(found) < total:
            print(f"… {total - len(found)} more; --rows -1 shows all")
    return 0


def _reconcile(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.findings import reconciliation
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    groups = {"unit": ["unit_code", "name"], "day": ["day"], "state": []}[options.by]
    sums = ["order_count", "fee_vnd", "paid_vnd", "refunded_vnd", "receipt_missing_count"]
    found = reconciliation.summary(settings, options.period, options.unit, options.by)
    _print(
        [*groups, "Trạng thái", "Số", "Phí, lệ phí", "Đã trả", "Đã hoàn", "Thiếu biên lai"],
        [
            [*(str(row[group]) for group in groups), reconciliation.STATES[row["state"]], *(_dotted(row[name]) for name in sums)]
            for row in found
        ],
    )
    if options.rows:
        listed = reconciliation.rows(settings, options.period, options.unit, key=options.key, state=options.state, limit=options.rows)
        columns = ["day", "unit_code", "state", "order_code", "dossier_code", "fee_vnd", "paid_vnd", "refunded_vnd", "receipt_numbers"]
        print()
        _print(columns, [["" if row[column] is None else str(row[column]) for column in columns] for row in listed])
    return 0


def _score(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.forms import score
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    score.compute(settings, options.period)
    parts = score.score(settings, options.period, options.unit)
    version = next(v for v in score.versions(settings) if v.version == parts[0]["formula_version"])
    print(f"{version.name_vi} – phiên bản công thức {version.version} – {options.unit} – {options.period.name_vi}")
    if parts[0]["publication"]:
        print(f"Đã công bố: {parts[0]['publication']}; không tính lại")
    print()
    reasons = {"no_source": "chưa có nguồn số liệu", "no_cases": "không phát sinh"}
    lines = [
        [
            part["group_name_vi"],
            part["name_vi"],
            "" if part["numerator"] is None else f"{part['numerator']}/{part['denominator']}",
            "" if part["ratio"] is None else _comma(part["ratio"] * 100) + " %",
            _comma(part["points"]),
            _comma(part["max_points"]),
            reasons.get(part["missing_reason"], ""),
        ]
        for part in parts
    ]
    had = [part for part in parts if part["points"] is not None]
    total = sum(part["points"] for part in had)
    lines.append(
        ["Tổng", "", "", "", _comma(total), _comma(sum(part["max_points"] for part in had)), f"thiếu {len(parts) - len(had)} chỉ số"]
    )
    _print(["Nhóm", "Chỉ số thành phần", "Số đếm", "Tỷ lệ", "Điểm", "Tối đa", "Ghi chú"], lines)
    if options.unit in ("all", "level:commune"):
        print()
        _print(
            ["Hạng", "Đơn vị", "Điểm", "Tối đa có thể", "Chỉ số thiếu"],
            [
                [
                    str(row["commune_rank"] or "–"),
                    row["unit_name"],
                    _comma(row["points"]),
                    _comma(row["max_points"]),
                    row["missing_parts"] or "",
                ]
                for row in score.ranking(settings, options.period)
            ],
        )
    return 0


def _outlook(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.indicators import outlook
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    found = outlook.outlook(settings, options.period, options.unit)
    shown = found if options.unit else [item for item in found if item.is_early_warning]
    print(f"Dự báo cuối năm {options.period.last_day.year} – theo số liệu đến {options.period.name_vi}\n")
    lines = [
        [
            item.unit_name, item.target_no, item.name_vi, _percent(item.value_percent), _percent(item.expected_percent),
            f"{_percent(item.low_percent)} – {_percent(item.high_percent)}", _percent(item.target_percent), item.words_vi,
        ]
        for item in shown
    ]  # fmt: skip
    _print(["Đơn vị", "Số", "Chỉ tiêu", "Đến nay", "Cuối năm", "Khoảng 80 %", "Mục tiêu", "Khả năng"], lines)
    if not options.unit:
        print(f"\n{len(shown)} of {len(found)} targets at units and levels will probably be missed; --unit shows all of one")
    return 0


def _comma(number: Any) -> str:
    """A number as people write it: 96,35; – where there is none."""
    return "–" if number is None else f"{number:.2f}".replace(".", ",")


def _percent(number: Any) -> str:
    """A percentage as people write it."""
    return _comma(number) + ("" if number is None else " %")


def _dotted(number: Any) -> str:
    """A whole number as people write it: 1.234.567."""
    return f"{int(number):,}".replace(",", ".")
