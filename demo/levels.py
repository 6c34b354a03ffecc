"""The parameters of each unit: the shares that it reaches over 2023.

2022 is somewhat worse and January 2024 somewhat better (`better`, `fewer`). Some units miss their
target, as real ones do.
"""

from __future__ import annotations

from typing import NamedTuple

from demo.clock import DAY, day_number

DOSSIERS_A_YEAR = 60_000
DOCUMENTS_A_YEAR = 40_000
WORK_FILES_A_YEAR = 9_000
YEAR_VOLUME = {2021: 0.95, 2022: 0.97, 2023: 1.03, 2024: 1.05}
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


LEVELS: dict[str, Level] = {
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
TOTAL_WEIGHT = sum(level.weight for level in LEVELS.values())
NO_E_CERTIFICATION = frozenset({"H19.16.31", "H19.16.32"})
"""Communes that do not issue e-certified copies: their certification dossiers never have a signed result."""

_FROM, _TO = day_number(2022, 1, 1) * DAY, day_number(2024, 1, 1) * DAY


def progress(at: int) -> float:
    """0 at the start of 2022, 1 at the end of 2023."""
    return min(1.0, max(0.0, (at - _FROM) / (_TO - _FROM)))


def better(share: float, at: int) -> float:
    """A share that grows over the two years; its mean over 2023 is about `share`."""
    return min(0.99, share * (0.80 + 0.27 * progress(at)))


def fewer(share: float, at: int) -> float:
    """A share that shrinks over the two years; its mean over 2023 is about `share`."""
    return share * (1.35 - 0.47 * progress(at))


def dossiers_of_month(unit_code: str, year: int, month: int, scale: float) -> float:
    """How many dossiers a unit gets in a month, not rounded."""
    share = LEVELS[unit_code].weight / TOTAL_WEIGHT
    return DOSSIERS_A_YEAR / 12 * YEAR_VOLUME[year] * MONTH_VOLUME[month - 1] * share * scale
