"""`cchc declare …`: the blank workbooks, and what `cchc explain` says of a declared indicator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cchc.errors import WrongUse
from cchc.period import Period
from cchc.reference.duties import duties
from cchc.settings import Settings


def write_templates(settings: Settings, unit: str | None, period: Period, folder: Path) -> list[Path]:
    """Write the blank workbook of a unit (None: of every unit that declares in that month); the files. Raises WrongUse.

    A workbook that is there already is not touched: somebody may have filled it in.
    """
    from cchc.declared.template import file_name, template

    if period.kind != "month":
        raise WrongUse(f"{period.code} is no calendar month; declared figures are asked by month, for example 2023-06")
    everybody = duties(settings, period.start)
    units = everybody.declaring(period.start) if unit is None else [everybody.unit(unit, period.start)]
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / file_name(each.code, period.start) for each in units]
    there = [path.name for path in paths if path.exists()]
    if there:
        raise WrongUse(f"{folder} has {', '.join(there[:3])}{' …' if len(there) > 3 else ''} already; nothing was written")
    for each, path in zip(units, paths, strict=True):
        path.write_bytes(template(settings, each, period.start))
    return paths


def figure_rows(rows: list[dict[str, Any]]) -> list[list[str]]:
    """Those figures as a table for people."""
    table = [["unit", "TuSo", "MauSo", "file", "cell", "proof", "proven", "approved"]]
    for row in rows:
        dated = f" ({row['proof_date']:%d/%m/%Y})" if row["proof_date"] else ""
        sign = f"{row['proof_sign']}{dated}" if row["proof_sign"] else "–"
        approved = "no: provisional" if not row["is_approved"] else f"{row['approved_date']:%d/%m/%Y}" if row["approved_date"] else "yes"
        table.append(
            [
                row["unit_code"],
                str(row["numerator"]),
                "" if row["denominator"] is None else str(row["denominator"]),
                row["file_name"],
                f"SoLieu!A{row['file_line']}",
                sign,
                row["proof_document_code"] or "no",
                approved,
            ]
        )
    return table
