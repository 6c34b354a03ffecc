"""`cchc score`: the score of Decision 766 by its parts, and the communes ranked by it."""

from __future__ import annotations

import argparse
from typing import Any

from cchc.cli.arguments import UNIT_HELP, Add, add_past, period
from cchc.cli.printing import LEFT_OUT_VI, print_table
from cchc.settings import Settings

MISSING_VI = {"no_source": "chưa có nguồn số liệu", "no_cases": "không phát sinh"}


def register(add: Add) -> None:
    """Add the command."""
    score = add("score", _score, "the score of Decision 766, and the communes ranked by it")
    score.add_argument("period", type=period)
    score.add_argument("--unit", default="all", help=UNIT_HELP)
    add_past(score)


def _score(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.forms import score
    from cchc.reports.scorecard import reading
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    if options.as_known_at is None:
        score.compute(settings, options.period)
    with reading(settings, options.as_known_at, options.period) as (connection, then):
        if options.as_known_at is not None:
            score.compute_then(connection, then, options.period)
        parts = score.score(then, options.period, options.unit, connection=connection)
        ranked = score.ranking(then, options.period, connection=connection)
    version = next(v for v in score.versions(then) if v.version == parts[0]["formula_version"])
    print(f"{version.name_vi} – phiên bản công thức {version.version} – {options.unit} – {options.period.name_vi}")
    if parts[0]["publication"]:
        print(f"Đã công bố: {parts[0]['publication']}; không tính lại")
    print()
    _print_parts(parts)
    if options.unit in ("all", "level:commune"):
        print()
        _print_ranking(ranked)
    return 0


def _print_parts(parts: list[dict[str, Any]]) -> None:
    """Print each part with its count, ratio and points, and the total of the parts that have points."""
    from cchc.reports.vietnamese import counts, number, percent

    lines = [
        [
            part["group_name_vi"],
            part["name_vi"],
            "" if part["numerator"] is None else counts(part["numerator"], part["denominator"]),
            "" if part["ratio"] is None else percent(part["ratio"] * 100),
            number(part["points"], 2),
            number(part["max_points"], 2),
            MISSING_VI.get(part["missing_reason"], ""),
        ]
        for part in parts
    ]
    had = [part for part in parts if part["points"] is not None]
    total, most = (sum(part[column] for part in had) for column in ("points", "max_points"))
    lines.append(["Tổng", "", "", "", number(total, 2), number(most, 2), f"thiếu {len(parts) - len(had)} chỉ số"])
    print_table(["Nhóm", "Chỉ số thành phần", "Số đếm", "Tỷ lệ", "Điểm", "Tối đa", "Ghi chú"], lines, ["Ghi chú"], LEFT_OUT_VI)


def _print_ranking(rows: list[dict[str, Any]]) -> None:
    """Print the communes by rank; one alone is not ranked."""
    from cchc.reports.vietnamese import NONE, number

    if len(rows) < 2:
        print("Không xếp hạng, vì cần ít nhất hai đơn vị cấp xã.")
        return
    print_table(
        ["Hạng", "Đơn vị", "Điểm", "Tối đa có thể", "Chỉ số thiếu"],
        [
            [
                str(row["commune_rank"] or NONE),
                row["unit_name"],
                number(row["points"], 2),
                number(row["max_points"], 2),
                row["missing_parts"] or "",
            ]
            for row in rows
        ],
        left_out=LEFT_OUT_VI,
    )
