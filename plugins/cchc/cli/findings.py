"""`cchc findings | reconcile`: records that look wrong, and the comparison of fees, payments and receipts."""

from __future__ import annotations

import argparse
import json
from datetime import date
from typing import Any

from cchc.cli.arguments import UNIT_HELP, Add, add_past, period
from cchc.cli.printing import LEFT_OUT_VI, print_table
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the commands."""
    findings = add("findings", _findings, "what looks wrong in the sources, by kind and unit, down to the dossiers")
    findings.add_argument("period", type=period)
    findings.add_argument("--unit", default="all", help=UNIT_HELP)
    findings.add_argument("--finding", metavar="CODE", help="only this kind; include/reference/findings.yaml has the codes")
    findings.add_argument("--rows", type=int, default=0, help="how many dossiers to list; -1 = all, default: counts alone")
    add_past(findings)
    reconcile = add("reconcile", _reconcile, "fees of the dossiers, payment log and receipts against each other")
    reconcile.add_argument("period", type=period)
    reconcile.add_argument("--unit", default="all", help=UNIT_HELP)
    reconcile.add_argument("--by", choices=("unit", "day", "state"), default="state")
    reconcile.add_argument("--state", help="list the orders of one state")
    reconcile.add_argument("--key", help="show one order (MaThamChieu) or dossier (MaHoSo)")
    reconcile.add_argument("--rows", type=int, default=20, help="how many of those that need a look; -1 = all, 0 = none")
    add_past(reconcile)


def _findings(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.findings import counts as findings
    from cchc.reports.scorecard import reading
    from cchc.reports.vietnamese import number
    from cchc.warehouse import require_migrated
    from cchc.warehouse.audit import noted

    require_migrated(settings)
    if options.rows:
        noted(settings, "look", "cchc findings", f"{options.period.code} {options.unit} {options.finding or 'all kinds'}")
    with reading(settings, options.as_known_at) as (connection, then):
        asked = (then, options.period, options.unit, options.finding)
        if options.as_known_at is not None:
            findings.require_known(connection, options.period)
        counted = findings.counts(*asked, connection=connection)
        listed = findings.rows(*asked, options.rows, connection=connection) if options.rows else []
    print_table(
        ["Mã", "Phát hiện", "Mã đơn vị", "Đơn vị", "Số"],
        [[count.code, count.name_vi, count.unit_code, count.unit_name, number(count.count)] for count in counted],
        ["Đơn vị"],
        LEFT_OUT_VI,
    )
    if options.rows:
        print()
        print_table(
            ["Mã", "Mã đơn vị", "Hồ sơ, bản ghi", "Ngày", "Chi tiết"],
            [
                [
                    row["finding_code"],
                    row["unit_code"],
                    row["item"],
                    f"{row['event_date']:%d/%m/%Y}" if row["event_date"] else "",
                    json.dumps(row["detail"], ensure_ascii=False),
                ]
                for row in listed
            ],
            left_out=LEFT_OUT_VI,
        )
        total = sum(count.count for count in counted)
        if len(listed) < total:
            print(f"… còn {number(total - len(listed))} dòng; --rows -1 hiện tất cả")
    return 0


def _reconcile(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.findings import reconciliation
    from cchc.reports.scorecard import reading
    from cchc.reports.vietnamese import number
    from cchc.warehouse import require_migrated
    from cchc.warehouse.audit import noted

    require_migrated(settings)
    groups = {"unit": {"unit_code": "Mã đơn vị", "unit_name": "Đơn vị"}, "day": {"day": "Ngày"}, "state": {}}[options.by]
    sums = ["order_count", "fee_vnd", "paid_vnd", "refunded_vnd", "receipt_missing_count"]
    if options.rows:
        noted(settings, "look", "cchc reconcile", f"{options.period.code} {options.unit} {options.state or ''}".rstrip())
    with reading(settings, options.as_known_at) as (connection, then):
        limits = {"key": options.key, "state": options.state, "limit": options.rows}
        totals, listed = reconciliation.compared(then, options.period, options.unit, options.by, **limits, connection=connection)
    print_table(
        [*groups.values(), "Trạng thái", "Số", "Phí, lệ phí", "Đã trả", "Đã hoàn", "Thiếu biên lai"],
        [
            [*(_shown(row[group]) for group in groups), reconciliation.STATES[row["state"]], *(number(row[name]) for name in sums)]
            for row in totals
        ],
        left_out=LEFT_OUT_VI,
    )
    if options.rows:
        print()
        print_table(
            ["Ngày", "Mã đơn vị", "Trạng thái", "Mã tham chiếu", "Mã hồ sơ", "Phí, lệ phí", "Đã trả", "Đã hoàn", "Biên lai"],
            [
                [
                    _shown(row["day"]),
                    _shown(row["unit_code"]),
                    reconciliation.STATES[row["state"]],
                    _shown(row["order_code"]),
                    _shown(row["dossier_code"]),
                    *("" if row[name] is None else number(row[name]) for name in ("fee_vnd", "paid_vnd", "refunded_vnd")),
                    _shown(row["receipt_numbers"]),
                ]
                for row in listed
            ],
            ["Biên lai", "Đã hoàn"],
            LEFT_OUT_VI,
        )
    return 0


def _shown(value: Any) -> str:
    """A day as people write it, a code as it is, nothing for null."""
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value or "")
