"""`cchc declare template`: the blank workbooks for declared figures."""

from __future__ import annotations

import argparse
from pathlib import Path

from cchc.authority import authority
from cchc.cli.arguments import Add, period
from cchc.errors import WrongUse
from cchc.period import Period
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    declare = add("declare", _declare, "blank workbooks for declared figures, pre-filled with what a unit has to declare")
    declare.add_argument("action", choices=("template",))
    declare.add_argument("--unit", help=f"a unit code, for example {authority().code}.2")
    declare.add_argument("--all-units", action="store_true", help="every unit that declares in that month")
    declare.add_argument("--month", type=period, required=True, help="for example 2023-06")
    declare.add_argument("--output", required=True, help="folder to write to")


def _declare(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse import require_migrated

    if (options.unit is None) != options.all_units:
        raise WrongUse("give --unit CODE or --all-units, one of them")
    require_migrated(settings)
    for path in write_templates(settings, options.unit, options.month, Path(options.output)):
        print(path)
    return 0


def write_templates(settings: Settings, unit: str | None, month: Period, folder: Path) -> list[Path]:
    """Write the blank workbook of a unit (None: of every unit that declares in that month). Returns the files. Raises WrongUse.

    An existing workbook is not overwritten, because a person may have filled it in.
    """
    from cchc.declared.template import file_name, template
    from cchc.reference.duties import duties

    if month.kind != "month":
        raise WrongUse(f"{month.code} is no calendar month; declared figures are asked by month, for example 2023-06")
    everybody = duties(settings, month.start)
    units = everybody.declaring(month.start) if unit is None else [everybody.unit(unit, month.start)]
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / file_name(each.code, month.start) for each in units]
    there = [path.name for path in paths if path.exists()]
    if there:
        raise WrongUse(f"{folder} has {', '.join(there[:3])}{' …' if len(there) > 3 else ''} already; nothing was written")
    for each, path in zip(units, paths, strict=True):
        path.write_bytes(template(settings, each, month.start))
    return paths
