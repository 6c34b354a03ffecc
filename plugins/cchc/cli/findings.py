"""`cchc findings | reconcile`: records that look wrong, and the comparison of fees, payments and receipts."""

from __future__ import annotations

import argparse
import json

from cchc.cli.arguments import UNIT_HELP, Add, period
from cchc.cli.printing import print_table
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the commands."""
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


def _findings(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.findings import counts as findings
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    counted = findings.counts(settings, options.period, options.unit, options.finding)
    print_table(
        ["finding", "Phát hiện", "unit", "Đơn vị", "Số"],
        [[count.code, count.name_vi, count.unit_code, count.unit_name, str(count.count)] for count in counted],
    )
    if options.rows:
        found = findings.rows(settings, options.period, options.unit, options.finding, options.rows)
        print()
        print_table(
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
    from cchc.reports.vietnamese import number
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    groups = {"unit": ["unit_code", "name"], "day": ["day"], "state": []}[options.by]
    sums = ["order_count", "fee_vnd", "paid_vnd", "refunded_vnd", "receipt_missing_count"]
    found = reconciliation.summary(settings, options.period, options.unit, options.by)
    print_table(
        [*groups, "Trạng thái", "Số", "Phí, lệ phí", "Đã trả", "Đã hoàn", "Thiếu biên lai"],
        [
            [*(str(row[group]) for group in groups), reconciliation.STATES[row["state"]], *(number(row[name]) for name in sums)]
            for row in found
        ],
    )
    if options.rows:
        listed = reconciliation.rows(settings, options.period, options.unit, key=options.key, state=options.state, limit=options.rows)
        columns = ["day", "unit_code", "state", "order_code", "dossier_code", "fee_vnd", "paid_vnd", "refunded_vnd", "receipt_numbers"]
        print()
        print_table(columns, [["" if row[column] is None else str(row[column]) for column in columns] for row in listed])
    return 0
