"""The parameters of each unit: the shares that it reaches over the year of the plan.

The year before is somewhat worse and the January after somewhat better (`better`, `fewer`). Some units miss their
target, as real ones do. Those of Vĩnh Cửu are written here; those of another authority lie around the targets of its plan.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from demo import units
from demo.authority import read
from demo.clock import DAY, YEAR, day_number
from demo.units import Unit

DOSSIERS_A_YEAR = 60_000
DOCUMENTS_A_YEAR = 40_000
WORK_FILES_A_YEAR = 9_000
YEAR_VOLUME = {YEAR - 2: 0.95, YEAR - 1: 0.97, YEAR: 1.03, YEAR + 1: 1.05}
MONTH_VOLUME = (0.88, 0.82, 1.08, 1.00, 1.02, 1.06, 1.05, 1.12, 0.98, 1.02, 1.01, 0.96)


class Level(NamedTuple):
    """The parameters of one unit: shares in [0, 1]."""

    weight: float
    """share of the district's dossiers, before normalising"""
    late: float
    online: float
    digitised: float
    e_result: float
    cashless: float
    e_work: float
    satisfied: float


_VINH_CUU: dict[str, Level] = {
    "H19.16.1": Level(0.4, 0.020, 0.42, 0.34, 0.40, 0.12, 0.95, 0.960),
    "H19.16.2": Level(1.2, 0.030, 0.38, 0.28, 0.36, 0.08, 0.94, 0.955),
    "H19.16.3": Level(5.5, 0.022, 0.33, 0.26, 0.37, 0.09, 0.93, 0.962),
    "H19.16.4": Level(7.0, 0.025, 0.45, 0.31, 0.39, 0.15, 0.95, 0.951),
    "H19.16.5": Level(0.8, 0.035, 0.36, 0.23, 0.31, 0.06, 0.95, 0.948),
    "H19.16.6": Level(9.5, 0.066, 0.24, 0.16, 0.23, 0.05, 0.84, 0.905),
    "H19.16.7": Level(4.5, 0.030, 0.31, 0.24, 0.33, 0.07, 0.91, 0.957),
    "H19.16.8": Level(1.6, 0.028, 0.35, 0.22, 0.32, 0.06, 0.92, 0.950),
    "H19.16.9": Level(4.0, 0.058, 0.27, 0.18, 0.26, 0.06, 0.86, 0.918),
    "H19.16.10": Level(1.8, 0.040, 0.29, 0.21, 0.30, 0.05, 0.90, 0.940),
    "H19.16.11": Level(0.3, 0.045, 0.20, 0.14, 0.20, 0.04, 0.88, 0.930),
    "H19.16.21": Level(8.5, 0.025, 0.31, 0.22, 0.28, 0.11, 0.90, 0.958),
    "H19.16.22": Level(4.0, 0.048, 0.20, 0.13, 0.17, 0.05, 0.78, 0.932),
    "H19.16.23": Level(3.5, 0.032, 0.23, 0.17, 0.21, 0.06, 0.83, 0.945),
    "H19.16.24": Level(5.5, 0.030, 0.26, 0.19, 0.24, 0.08, 0.87, 0.950),
    "H19.16.25": Level(7.0, 0.036, 0.25, 0.18, 0.22, 0.07, 0.85, 0.944),
    "H19.16.26": Level(3.5, 0.028, 0.24, 0.16, 0.23, 0.06, 0.86, 0.952),
    "H19.16.27": Level(11.0, 0.024, 0.35, 0.25, 0.31, 0.13, 0.92, 0.961),
    "H19.16.28": Level(6.0, 0.030, 0.29, 0.20, 0.26, 0.09, 0.88, 0.949),
    "H19.16.29": Level(5.0, 0.038, 0.22, 0.15, 0.20, 0.06, 0.82, 0.938),
    "H19.16.30": Level(4.0, 0.029, 0.24, 0.18, 0.22, 0.07, 0.84, 0.947),
    "H19.16.31": Level(2.6, 0.060, 0.16, 0.10, 0.14, 0.04, 0.72, 0.915),
    "H19.16.32": Level(1.9, 0.044, 0.18, 0.12, 0.16, 0.04, 0.76, 0.928),
}


def _around(rnd: random.Random, target: float) -> float:
    """A share near a target, more often above than below."""
    return min(0.985, target * rnd.uniform(0.90, 1.08))


def _made_up(unit: Unit, weight: float) -> Level:
    """The parameters of a unit of another authority, around the targets that its plan sets at the unit's level."""
    rnd = random.Random(f"levels/{unit.code}")

    def share(indicator: str, default: float) -> float:
        return _around(rnd, read().target(indicator, unit.level, default))

    return Level(
        weight=weight or (rnd.uniform(3.0, 8.0) if unit.is_local else rnd.uniform(1.5, 9.0)),
        late=(1 - read().target("dossier_on_time_rate", unit.level, 0.95)) * rnd.uniform(0.5, 1.5),
        online=share("online_dossier_rate", 0.40),
        digitised=share("dossier_digitized_rate", 0.30),
        e_result=share("electronic_result_rate", 0.35),
        cashless=share("cashless_transaction_rate", 0.30),
        e_work=share("electronic_work_file_rate", 0.92),
        satisfied=share("procedure_satisfaction_rate", 0.94),
    )


def _of_folder(listed: Iterable[Unit]) -> dict[str, Level]:
    """The parameters of the units of another authority. Who takes the place of others gets the dossiers of all of them."""
    levels: dict[str, Level] = {}
    for unit in sorted(listed, key=lambda unit: (unit.first, unit.place)):
        before = [levels[other.code].weight for other in units.UNITS if other.successor == unit.code and other.code in levels]
        levels[unit.code] = _made_up(unit, sum(before))
    return levels


LEVELS: dict[str, Level] = _VINH_CUU if read().is_vinh_cuu else _of_folder(units.ONE_STOP_UNITS)
NO_E_CERTIFICATION = frozenset({"H19.16.31", "H19.16.32"}) if read().is_vinh_cuu else frozenset()
"""Communes that do not issue e-certified copies: their certification dossiers never have a signed result."""

_FROM, _TO = day_number(YEAR - 1, 1, 1) * DAY, day_number(YEAR + 1, 1, 1) * DAY


def progress(at: int) -> float:
    """0 at the start of the year before the plan's, 1 at the end of the plan's year."""
    return min(1.0, max(0.0, (at - _FROM) / (_TO - _FROM)))


def better(share: float, at: int) -> float:
    """A share that grows over the two years; its mean over the plan's year is about `share`."""
    return min(0.99, share * (0.80 + 0.27 * progress(at)))


def fewer(share: float, at: int) -> float:
    """A share that shrinks over the two years; its mean over the plan's year is about `share`."""
    return share * (1.35 - 0.47 * progress(at))


def there(day: int) -> tuple[list[Unit], list[float]]:
    """The units with procedures that exist on a day, with their weights."""
    found = list(units.there(day))
    return found, [LEVELS[unit.code].weight for unit in found]


@cache
def _total_weight(day: int) -> float:
    return sum(level.weight for code, level in LEVELS.items() if units.BY_CODE[code].is_there(day))


def dossiers_of_month(unit_code: str, year: int, month: int, scale: float) -> float:
    """How many dossiers a unit gets in a whole month, not rounded, where it exists."""
    last = min(units.BY_CODE[unit_code].last, day_number(year + month // 12, month % 12 + 1, 1) - 1)
    share = LEVELS[unit_code].weight / _total_weight(last)
    return DOSSIERS_A_YEAR / 12 * YEAR_VOLUME[year] * MONTH_VOLUME[month - 1] * share * scale
