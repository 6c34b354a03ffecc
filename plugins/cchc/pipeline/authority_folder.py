"""The folder of an authority, judged as a whole, and begun from a skeleton (docs/guides/authorities.md)."""

from __future__ import annotations

import errno
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cchc.authority import FILE as AUTHORITY
from cchc.authority import read_authority
from cchc.errors import NotConfigured, WrongUse
from cchc.indicators.count import binds
from cchc.near import near
from cchc.notices.rules import FILE as ALERTS
from cchc.notices.rules import read_rules
from cchc.period import now, parse_period
from cchc.reference import calendar, catalogue, demo_procedures, unit_list
from cchc.reference.closing import closing
from cchc.reference.duties import duties_of
from cchc.reference.entries import AuthorityFile, DutyEntry
from cchc.reference.plan import plan_folders, plans
from cchc.reference.plan_check import check_plan
from cchc.reference.plan_folder import Plan
from cchc.reference.unit_list import read_units
from cchc.reference.unit_mail import UNIT_MAIL, unit_mail
from cchc.reference.units import Units
from cchc.reports.layout import OFFICE
from cchc.reports.layout_file import OfficeFile
from cchc.settings import PROJECT, Settings
from cchc.typed import line_of, read
from cchc.warehouse import asked_binds, sql, sql_path
from cchc.warehouse.queries import read_statement

SKELETON = PROJECT / "include" / "authorities" / "skeleton"
COMMUNE = SKELETON.with_name("skeleton_commune")
"""What another one than the skeleton of a province has in a folder for one commune or ward alone."""
TODO, EXAMPLES = "TODO", ("Tỉnh Mẫu", "Xã Một")
"""What marks the places of the skeletons that are to be filled in, and what their authorities are called."""
_RELATIVE = re.compile(r"\$schema=(\.\./)+docs/schemas")
DUTIES, CLOSING = "declarations.yaml", "closing.yaml"
NEEDED = (AUTHORITY, unit_list.FILE, calendar.FILE, DUTIES, CLOSING, ALERTS, UNIT_MAIL, OFFICE)
FURTHER = (catalogue.FILE, catalogue.UNITS_FILE, demo_procedures.FILE, "indicators", "plans")


def begin(folder: Path, *, is_commune: bool = False) -> list[str]:
    """Write a folder that passes `check`, with remarks on what to fill in. Returns the files, below the folder.

    `is_commune`: of one commune or ward alone, without units below it; else of a province with units of two levels.
    The folder appears as a whole or not at all, so that nobody reads, and no second call completes, the half of it.
    Raises WrongUse if the folder exists and has something in it.
    """
    taken = f"{folder} is there already and has something in it; name a new folder"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(taken)
    place = folder.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=place.parent) as beside:
        made = Path(beside, place.name)
        for skeleton in (SKELETON, *([COMMUNE] if is_commune else [])):
            shutil.copytree(skeleton, made, dirs_exist_ok=True)
        for path in made.rglob("*.yaml"):  # an editor finds the schemas from wherever the folder lies
            text = path.read_text(encoding="utf-8")
            path.write_text(_RELATIVE.sub(f"$schema={PROJECT}/docs/schemas", text, count=1), encoding="utf-8")
        try:
            made.rename(place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            raise WrongUse(taken) from None  # somebody was faster
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def check(settings: Settings) -> list[str]:
    """What is wrong in the folder of this process's authority: one sentence a fault, with file, line and rule. Empty where it is well."""
    folder = settings.authority_dir
    faults = [*_missing(folder), *_left_over(folder)]
    units = _read_units(folder, faults)
    checks: list[tuple[str, Callable[[], Iterable[str]]]] = [
        (AUTHORITY, lambda: _of_authority(folder, units)),
        (calendar.FILE, lambda: _read(lambda: calendar.overrides(folder / calendar.FILE))),
        (CLOSING, lambda: _read(lambda: closing(settings))),
        (ALERTS, lambda: _read(lambda: read_rules(settings))),
        (UNIT_MAIL, lambda: _of_unit_mail(settings, units)),
        (OFFICE, lambda: _of_letterhead(folder, units)),
        (demo_procedures.FILE, lambda: demo_procedures.check_procedures(folder / demo_procedures.FILE, units)),
        ("", lambda: _of_catalogue(settings, units)),
        ("", lambda: _of_plans(settings)),
        (AUTHORITY, lambda: _of_skeleton(folder)),
    ]
    for name, found in checks:
        if not name or (folder / name).exists():
            faults += _faults(found)
    return list(dict.fromkeys(faults))


def _faults(found: Callable[[], Iterable[str]]) -> list[str]:
    """The faults of one check, also where a reader refuses the file."""
    try:
        return list(found())
    except NotConfigured as error:
        lines = [line.strip() for line in str(error).splitlines()]
        return lines[1:] if lines[0].startswith("nothing was loaded") else lines


def _read(reader: Callable[[], object]) -> list[str]:
    reader()
    return []


def _missing(folder: Path) -> Iterator[str]:
    for name in NEEDED:
        if not (folder / name).exists():
            yield f"{name} is missing in {folder}; `cchc authority new` writes one as an example"


def _left_over(folder: Path) -> Iterator[str]:
    """What lies in the folder and is read by nobody: a file whose name is misspelt would be silence."""
    known = (*NEEDED, *FURTHER)
    for path in sorted(folder.iterdir()):
        if path.name not in known and not path.name.startswith((".", "~", "README")):
            yield f"{path.name}: no part of the product reads a file of this name{near(path.name, known) or '.'}"


def _read_units(folder: Path, faults: list[str]) -> Units | None:
    """The units; None, with the faults, where the list cannot be read."""
    if not (folder / unit_list.FILE).exists():
        return None
    units: list[Units] = []
    faults += _faults(lambda: _read(lambda: units.append(read_units(folder / unit_list.FILE))))
    return units[0] if units else None


def _own(folder: Path, units: Units) -> dict[str, set[str]]:
    """The levels of each unit of the authority's tree."""
    root = read_authority(folder).code
    return {code: {state.level for state in states} for code, states in units.states.items() if any(s.root_code == root for s in states)}


def _of_authority(folder: Path, units: Units | None) -> Iterator[str]:
    read(folder / AUTHORITY, AuthorityFile)
    if units is None:
        return
    code = read_authority(folder).code
    text, own = (folder / AUTHORITY).read_text(encoding="utf-8"), _own(folder, units)
    if code not in own:
        hint = near(code, units)
        yield f"{AUTHORITY} line {line_of(text, 'code')}, code: {code!r} is the root of no unit of {unit_list.FILE}{hint}"
    for unit in (unit for unit in own if any(state.kind == "ward" for state in units.states[unit])):
        words = "it would be in no ranking and no coverage; a ward has the kind commune, and may have the level ward"
        yield f"{unit_list.FILE}, unit {unit}: its kind is ward, of which nothing is counted: {words}"
    for level in sorted({level for levels in own.values() for level in levels} - set(read_authority(folder).scopes)):
        yield f"{AUTHORITY} line {line_of(text, 'scopes')}, scopes: the level {level!r} of {unit_list.FILE} has no name"


def _unknown(folder: Path, file: str, place: tuple[str, ...], codes: Iterable[str], units: Units | None) -> Iterator[str]:
    """Codes of a file that are no units of the list."""
    if units is None:
        return
    text = (folder / file).read_text(encoding="utf-8")
    for code in codes:
        if code not in units:
            line = line_of(text, *place, code)
            yield f"{file} line {line}, {'.'.join(place)}: {code!r} is no unit of {unit_list.FILE}{near(code, units) or '.'}"


def _of_unit_mail(settings: Settings, units: Units | None) -> Iterator[str]:
    yield from _unknown(settings.authority_dir, UNIT_MAIL, ("addresses",), unit_mail(settings).addresses, units)


def _of_letterhead(folder: Path, units: Units | None) -> Iterator[str]:
    office = read(folder / OFFICE, OfficeFile)
    levels = {level for found in _own(folder, units).values() for level in found} if units is not None else set()
    line = line_of((folder / OFFICE).read_text(encoding="utf-8"), "form_levels")
    for level in sorted(levels - set(office.form_levels)):
        yield f"{OFFICE} line {line}, form_levels: the level {level!r} of {unit_list.FILE} has no title: form II.06a lacks it"


def _of_catalogue(settings: Settings, units: Units | None) -> Iterator[str]:
    period, known_at = parse_period("2023-12"), now()
    allowed = binds("one_stop", period, "period", known_at)
    for item in catalogue.catalogue(settings).values():
        if (settings.authority_dir / catalogue.UNITS_FILE).exists() and item.units and not item.is_own:
            yield from _unknown(settings.authority_dir, catalogue.UNITS_FILE, (item.code, "units"), item.units, units)
        for name in (item.part(role) for role in item.roles if item.is_own):
            statement, file = sql(settings, name), sql_path(settings, name).name
            for bind in sorted(set(read_statement(statement).compile().params) - set(asked_binds(statement, allowed))):
                yield f"indicators/{file}: ':{bind}' is nothing that an indicator may ask for. There are: {', '.join(allowed)}."


def _of_skeleton(folder: Path) -> Iterator[str]:
    """What the skeleton has left, once the authority has a name of its own: papers would print the name of the example."""
    name = read_authority(folder).name_vi
    marks = [TODO, *(example for example in EXAMPLES if example.casefold() not in name.casefold())]
    if len(marks) <= len(EXAMPLES):
        return
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".csv") and path.is_file()):
        is_list = path.name in (unit_list.FILE, demo_procedures.FILE)  # a province may have a commune of that name
        for number, line in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
            for mark in marks[: 2 if is_list else None]:
                if mark.casefold() in line.casefold():
                    yield f"{path.relative_to(folder)} line {number}: {mark!r} is left from the skeleton; write your own words"


def _of_plans(settings: Settings) -> Iterator[str]:
    """What `cchc plan check` says of each plan, and whether each declared indicator has somebody who declares it."""
    verdicts = [check_plan(settings, folder) for folder in plan_folders(settings.plans_dir)]
    mistakes = [str(mistake) for verdict in verdicts for mistake in verdict.mistakes]
    yield from mistakes
    if not mistakes:
        for plan in plans(settings):
            yield from _undeclared(settings, plan)


def _undeclared(settings: Settings, plan: Plan) -> Iterator[str]:
    """Declared indicators of a plan for which declarations.yaml names only who is not there: they would never have data."""
    found = duties_of(settings, plan.code)
    if not found.units:  # another root than that of the units, which is told elsewhere
        return
    asked = {duty.indicator_code for duty in found.duties if duty.is_required}
    entries = read(settings.authority_dir / DUTIES, dict[str, DutyEntry])
    text = (settings.authority_dir / DUTIES).read_text(encoding="utf-8")
    for code in dict.fromkeys(row["indicator_code"] for row in plan.rows if row["how"] == "declared"):
        if code not in asked and entries[code].required:
            by = entries[code].declared_by
            words = by if isinstance(by, str) else ", ".join(by)
            where = f"{DUTIES} line {line_of(text, code, 'declared_by')}, {code}"
            yield f"{where}: declared_by is {words}, and {plan.code} asks it at a level where no such unit is: nobody would declare it"
