"""`cchc outlook`: what each target will probably reach at the end of the year."""

from __future__ import annotations

import argparse

from cchc.cli.arguments import UNIT_HELP, Add, period
from cchc.cli.printing import LEFT_OUT_VI, print_table
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    outlook = add("outlook", _outlook, "what each target will probably reach at the end of the year, and who will miss it")
    outlook.add_argument("period", type=period)
    outlook.add_argument("--unit", help=UNIT_HELP + "; default: every scope that will probably miss a target")


def _outlook(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.indicators import outlook
    from cchc.reports.vietnamese import percent
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    prospects = outlook.outlook(settings, options.period, options.unit)
    shown = prospects if options.unit else [item for item in prospects if item.is_early_warning]
    print(f"Dự báo cuối năm {options.period.last_day.year} – theo số liệu đến {options.period.name_vi}\n")
    lines = [
        [
            item.unit_name, item.target_no, item.name_vi, percent(item.value_percent), percent(item.expected_percent),
            f"{percent(item.low_percent)} – {percent(item.high_percent)}", percent(item.target_percent), item.words_vi,
        ]
        for item in shown
    ]  # fmt: skip
    header = ["Đơn vị", "Số", "Chỉ tiêu", "Đến nay", "Cuối năm", "Khoảng 80 %", "Mục tiêu", "Khả năng"]
    print_table(header, lines, ["Khoảng 80 %"], LEFT_OUT_VI)
    if not options.unit:
        missed = f"{len(shown)} trong {len(prospects)} chỉ tiêu của các đơn vị và các cấp có khả năng không đạt"
        print(f"\n{missed}; --unit hiện mọi chỉ tiêu của một đơn vị")
    return 0
