"""`cchc form | findings | reconcile`: what they print. cchc.cli hooks them in."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from cchc.settings import Settings

Add = Callable[[str, Callable[[argparse.Namespace, Settings], int], str], argparse.ArgumentParser]
UNIT_HELP = "a unit code, level:district, level:commune, or all"


def register(add: Add, period: Callable[[str], Any]) -> None:
    """Add the commands to the parser of cchc.cli."""
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


def _print(header: list[str], lines: list[list[str]]) -> None:
    from cchc.cli import _table

    print(_table([header, *lines]))


def _form(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.indicators import forms
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
    from cchc.indicators.forms import COLUMNS

    return [name, *(str(row.column(number)) for number in COLUMNS)]


def _findings(options: argparse.Namespace, settings: Settings) -> int:
    from cchc import findings
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
    from cchc import reconciliation
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


def _dotted(number: Any) -> str:
    """A whole number as people write it: 1.234.567."""
    return f"{int(number):,}".replace(",", ".")
