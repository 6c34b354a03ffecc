"""The procedures with which the demo makes up the one-stop of an authority: demo_procedures.csv of its folder (demo/README.md).

The product itself takes its procedures from the source; it only judges this file, because the demo reads it without looking.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from cchc.near import near
from cchc.reference.csv_file import Faults, Line, read_lines
from cchc.reference.entries import GROUPS
from cchc.reference.units import Units

FILE = "demo_procedures.csv"
COLUMNS = (
    "field_code",
    "field_name",
    "procedure_code",
    "procedure_name",
    "units",
    "days",
    "fee",
    "online_percent",
    "is_certification",
)
WORDS = ("each_office", "each_commune")
_KINDS = tuple(GROUPS[word] for word in WORDS)
_CODE = re.compile(r"\d\.\d{6}")
_WHOLE = re.compile(r"\d{1,9}")


def check_procedures(path: Path, units: Units | None) -> Iterator[str]:
    """What is wrong in a demo_procedures.csv: one sentence a fault, with line and column. `units`: None where their list cannot be read.

    Raises NotConfigured where the file as a whole cannot be read.
    """
    faults = Faults(path.name)
    lines = read_lines(path, COLUMNS, faults)
    codes: dict[str, Line] = {}
    fields: dict[str, tuple[str, Line]] = {}
    for line in lines:
        _check_names(line, codes, fields)
        _check_numbers(line)
        if units is not None:
            _check_units(line, units)
    if not lines and not faults.found:
        faults.add(None, None, "it lists no procedure, so the demo would have no dossier; list one, or remove the file")
    yield from faults.found


def _check_names(line: Line, codes: dict[str, Line], fields: dict[str, tuple[str, Line]]) -> None:
    """The code of a procedure stands once, and a field has one name."""
    code = line.needed("procedure_code")
    line.needed("procedure_name")
    field, name = line.needed("field_code"), line.needed("field_name")
    if code and not _CODE.fullmatch(code):
        line.fault("procedure_code", f"'{code}' stands there; allowed is a code of the national database of procedures, such as 2.000815")
    first = codes.setdefault(code, line)
    if code and first is not line:
        line.fault("procedure_code", f"'{code}' stands there, and in line {first.number} already; name all its units in one line")
    known, where = fields.setdefault(field, (name, line))
    if known != name:
        line.fault("field_name", f"'{name}' stands there, but the field {field} is called '{known}' in line {where.number}")


def _check_numbers(line: Line) -> None:
    _check_whole(line, "days", 365, "working days, 0 for the same day")
    _check_whole(line, "fee", 999_999_999, "đồng, 0 for none")
    if line["online_percent"]:
        _check_whole(line, "online_percent", 100, "percent, 0 where it is not filed online, or nothing: as the plan asks")
    line.truth("is_certification")


def _check_whole(line: Line, column: str, most: int, meaning: str) -> None:
    value = line.needed(column)
    if value and not (_WHOLE.fullmatch(value) and int(value) <= most):
        line.fault(column, f"'{value}' stands there; allowed is a whole number from 0 to {most}: {meaning}")


def _check_units(line: Line, units: Units) -> None:
    """The units are words for all of a kind, or units that have procedures."""
    for word in line.needed("units").split():
        if word in WORDS:
            continue
        if word not in units:
            line.fault("units", f"'{word}' is no unit of units.csv{near(word, [*WORDS, *units]) or _allowed(WORDS)}")
        elif not any(state.kind in (*_KINDS, "ward") for state in units.states[word]):
            line.fault("units", f"{word} is of the kind {units.states[word][-1].kind}; the demo has procedures of offices and communes")


def _allowed(words: Collection[str]) -> str:
    return f"; allowed are codes of units and {', '.join(words)}"
