"""Whose source systems the demo makes up: those of Vĩnh Cửu, or those of the authority whose folder CCHC_AUTHORITY names.

Vĩnh Cửu is written in the modules of the demo, with everything odd that is planted in it. Of another authority everything is made from its
folder: units with their first and last days and their successors, the year and the targets of its newest plan, who declares what, which
units certify, days that are worked otherwise, and its procedures where it lists them. Nothing odd is planted there. Read once a process, as
the pipeline reads it.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import yaml

VINH_CUU = Path(__file__).resolve().parents[1] / "include" / "authorities" / "vinh_cuu"
OFFSET = timedelta(hours=7)
"""The demo's clock runs at this offset from UTC, without daylight saving."""
GROUPS = ("each_unit", "each_office", "each_public_service_unit", "each_commune")
"""The words for units in declarations.yaml."""
PROCEDURES = "demo_procedures.csv"
"""The file of an authority's folder with the procedures of its demo; may be missing."""


class WrongAuthority(Exception):
    """The demo cannot be made for this authority; the message says why."""


class Line(NamedTuple):
    """One line of units.csv: a unit as it is from one day to another (both included; None = open)."""

    code: str
    name: str
    level: str
    kind: str
    parent: str
    first: date
    last: date | None
    predecessors: tuple[str, ...]


class Duty(NamedTuple):
    """Who declares an indicator, and in which form: `rate`, `count` or `score`. `by`: words of GROUPS and codes of units."""

    by: tuple[str, ...]
    form: str


class Listed(NamedTuple):
    """One line of demo_procedures.csv: a procedure, and the units that have it.

    `units`: codes of units, each_office and each_commune. `days`: legal time in working days, 0 = on the same day. `fee`: đồng, 0 = none.
    `online`: the share in [0, 1] of its dossiers that come online; 0 = not filed online, None = as the targets of the plan ask.
    """

    code: str
    name: str
    field: str
    field_name: str
    units: tuple[str, ...]
    days: int
    fee: int
    online: float | None
    certification: bool


class Authority(NamedTuple):
    """What the demo needs to know of an authority. `year`: the year of its newest plan, which is the last whole year of the demo.

    `targets`: by indicator and level of units (`all`: each), as shares in [0, 1]. `lines`: the units, in the order of their file.
    `procedures`: in the order of their file; empty where the folder has none.
    """

    code: str
    year: int
    is_vinh_cuu: bool
    lines: tuple[Line, ...] = ()
    targets: dict[tuple[str, str], float] = {}
    duties: dict[str, Duty] = {}
    certifying: frozenset[str] = frozenset()
    days: dict[date, bool] = {}
    procedures: tuple[Listed, ...] = ()

    def target(self, indicator: str, level: str, default: float) -> float:
        """The target of an indicator at a level; `default` where the plan has none."""
        return self.targets.get((indicator, level), self.targets.get((indicator, "all"), default))


@lru_cache(maxsize=1)
def read() -> Authority:
    """The authority of this process. Raises WrongAuthority where the folder of another one than Vĩnh Cửu lacks what the demo needs."""
    folder = Path(os.environ.get("CCHC_AUTHORITY") or VINH_CUU).absolute()
    if folder == VINH_CUU:
        if (folder / PROCEDURES).exists():
            raise WrongAuthority(f"{folder / PROCEDURES} is not read: the procedures of Vĩnh Cửu are written in demo/catalogue.py")
        return Authority("H19.16", 2023, is_vinh_cuu=True)
    try:
        return _of(folder)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise WrongAuthority(f"{folder}: {error!r}; `cchc authority check {folder}` says what is wrong with the folder") from error


def _of(folder: Path) -> Authority:
    named = _yaml(folder / "authority.yaml")
    years = {path: _last_year(_yaml(path)) for path in sorted((folder / "plans").glob("*/plan.yaml"))}
    if not years:
        raise WrongAuthority(f"{folder / 'plans'} has no plan, and the demo takes its year from the newest one")
    newest = max(years, key=lambda path: years[path])
    _check_zone(str(named["zone"]), years[newest])
    lines = tuple(_lines(folder / "units.csv"))
    own = _tree(str(named["code"]), lines)
    return Authority(
        code=str(named["code"]),
        year=years[newest],
        is_vinh_cuu=False,
        lines=tuple(line for line in lines if line.code in own),
        targets=_targets(newest.parent / "targets.csv"),
        duties={code: _duty(entry) for code, entry in _yaml(folder / "declarations.yaml").items()},
        certifying=_certifying(folder / "indicator_units.yaml"),
        days={date.fromisoformat(row["date"]): row["is_working"] == "true" for row in _rows(folder / "working_day_overrides.csv")},
        procedures=tuple(map(_listed, _rows(folder / PROCEDURES))) if (folder / PROCEDURES).exists() else (),
    )


def _listed(row: dict[str, str]) -> Listed:
    """A line of demo_procedures.csv."""
    return Listed(
        row["procedure_code"].strip(),
        row["procedure_name"].strip(),
        row["field_code"].strip(),
        row["field_name"].strip(),
        tuple(row["units"].split()),
        int(row["days"]),
        int(row["fee"]),
        float(row["online_percent"]) / 100 if row["online_percent"].strip() else None,
        row["is_certification"].strip().lower() == "true",
    )


def _last_year(plan: dict[str, Any]) -> int:
    """The last year in which the targets of a plan hold, by its header."""
    return int(plan["years"][-1]) if "years" in plan else date.fromisoformat(str(plan["valid_to"])).year


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _check_zone(zone: str, year: int) -> None:
    """Raise WrongAuthority where the days of the zone are not those of the demo's clock."""
    for month in range(1, 13):
        offset = datetime(year, month, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
        if offset != OFFSET:
            told = f"in {year}-{month:02d} the zone {zone} of authority.yaml is not at +07:00"
            raise WrongAuthority(f"{told}, where the demo's clock always is; the demo cannot be made for it")


def _lines(path: Path) -> Iterator[Line]:
    for row in _rows(path):
        last = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
        yield Line(
            row["unit_code"],
            row["name"],
            row["level"],
            row["kind"],
            row["parent_code"],
            date.fromisoformat(row["valid_from"]),
            last,
            tuple(row["predecessors"].split()),
        )


def _tree(root: str, lines: tuple[Line, ...]) -> set[str]:
    """The codes of the units below a root, and the root itself; a list may have units of other authorities, too."""
    own = {root}
    while found := {line.code for line in lines if line.parent in own} - own:
        own |= found
    return own


def _targets(path: Path) -> dict[tuple[str, str], float]:
    return {
        (row["indicator_code"], level): float(row["target_percent"]) / 100
        for row in _rows(path)
        if row["target_percent"]
        for level in row["level"].split()
    }


def _duty(entry: dict[str, Any]) -> Duty:
    by = entry["declared_by"]
    return Duty((by,) if isinstance(by, str) else tuple(by), str(entry.get("form", "rate")))


def _certifying(path: Path) -> frozenset[str]:
    entry = _yaml(path).get("ecertification_coverage_rate", {}) if path.exists() else {}
    return frozenset(entry.get("units", ()))
