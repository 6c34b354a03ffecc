"""`cchc form`: form II.06a/VPCP/KSTT on the terminal."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cchc.authority import authority
from cchc.cli.arguments import UNIT_HELP, Add, add_past, period
from cchc.cli.printing import LEFT_OUT_VI, print_table
from cchc.settings import Settings

if TYPE_CHECKING:
    from cchc.forms.form_06a import Row

CHANNELS_VI = {"online": "trực tuyến", "post": "bưu chính", "in_person": "trực tiếp"}
STATES_VI = {
    "early": "trước hạn",
    "on_time": "đúng hạn",
    "late": "quá hạn",
    "open_in_time": "đang giải quyết, trong hạn",
    "open_past_due": "đang giải quyết, quá hạn",
}


def register(add: Add) -> None:
    """Add the command."""
    form = add("form", _form, "form II.06a/VPCP/KSTT of a period, or the dossiers behind one of its columns")
    form.add_argument("period", type=period)
    form.add_argument("--unit", default="all", help=UNIT_HELP)
    form.add_argument("--column", type=int, help="list the dossiers behind column 3 to 13")
    add_past(form)


def _form(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    if options.column is None:
        _print_form(options, settings)
    else:
        _print_dossiers(options, settings)
    return 0


def _print_form(options: argparse.Namespace, settings: Settings) -> None:
    from cchc.forms.form_06a import COLUMNS, form_06a_at
    from cchc.reports.scorecard import reading

    with reading(settings, options.as_known_at) as (connection, _):
        form = form_06a_at(connection, options.period, options.unit)
    print(f"Biểu số II.06a/VPCP/KSTT – {form.scope_name} – {form.period.name_vi} – đến ngày {form.last_day:%d/%m/%Y}\n")
    lines, names = [], authority().scope_names()
    for level in form.levels:
        lines.append(_line(names.get(f"level:{level}", level), form.total(level)))
        lines += [_line(f"  {row.field_name or '(không có lĩnh vực)'}", row) for row in form.rows if row.level == level]
    whole = form.total()
    lines.append(_line("Tổng số", whole))
    print_table(["Lĩnh vực", *(str(number) for number in COLUMNS)], lines, left_out=LEFT_OUT_VI)
    print(f"\nCột 9 gồm {whole.returned_count} hồ sơ trả lại hoặc rút và {whole.without_due_count} hồ sơ không có ngày hẹn trả.")


def _line(name: str, row: Row) -> list[str]:
    from cchc.forms.form_06a import COLUMNS

    return [name, *(str(row.column(number)) for number in COLUMNS)]


def _print_dossiers(options: argparse.Namespace, settings: Settings) -> None:
    from cchc.forms.form_06a import dossiers
    from cchc.reports.scorecard import reading
    from cchc.warehouse.audit import noted

    noted(settings, "look", "cchc form", f"II.06a {options.period.code} {options.unit}, the dossiers of column {options.column}")
    with reading(settings, options.as_known_at) as (connection, _):
        listed = dossiers(connection, options.period, options.unit, options.column)
    print_table(
        ["Mã hồ sơ", "Mã đơn vị", "Lĩnh vực", "Kênh nộp", "Kỳ trước chuyển sang", "Tình trạng"],
        [
            [
                d["dossier_code"],
                d["unit_code"],
                d["field_name"] or "",
                CHANNELS_VI.get(d["channel"], d["channel"]),
                "có" if d["is_carried_over"] else "",
                STATES_VI.get(d["state"], d["state"]),
            ]
            for d in listed
        ],
        left_out=LEFT_OUT_VI,
    )
