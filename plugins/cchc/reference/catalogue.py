"""The catalogue of indicators, computed and declared, read from include/reference/indicators.yaml (indicators.md §4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cchc.errors import NotConfigured, WrongUse
from cchc.reference import entries as reference_models
from cchc.reference.entries import IndicatorEntry
from cchc.settings import Settings
from cchc.typed import near, read

# for each record a file of include/sql/queries/publication/learnt tells when it was learnt
RECORDS = reference_models.RECORDS
DISTINCT = ("person", "unit")  # `item` of an indicator that counts an item once in each scope
DECLARED = "declared"  # `item` of an indicator that the units declare: one SQL file for all of them


@dataclass(frozen=True)
class Indicator:
    """One computed indicator. `sql` names its file in include/sql/queries/indicators: one row a counted item.

    `record` says what stands behind an item; of an indicator that names none, a restatement cannot tell what was learnt of it.
    T, D and pace of its values are those of `role`; `also` names other roles whose records it counts, by the SQL of `part`. Each source is
    cut at its own J. `units`: units that its SQL names.
    """

    code: str
    version: int
    role: str
    kind: str
    name_vi: str
    name_en: str
    numerator_vi: str
    denominator_vi: str
    coverage: str | None = None
    item: str = "row"
    record: str | None = None
    also: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """Name of the SQL file that gives the counted items of its own role."""
        return f"queries/indicators/{DECLARED if self.item == DECLARED else self.code}"

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role that it counts, its own first."""
        return (self.role, *self.also)

    @property
    def is_distinct(self) -> bool:
        """Whether an item counts once in each scope, whichever sources have it."""
        return self.item in DISTINCT

    def part(self, role: str) -> str:
        """Name of the SQL file that gives the counted items of one source of a role."""
        return self.sql if role == self.role else f"{self.sql}__{role}"

    def coverage_part(self, role: str) -> str:
        """Name of the SQL file that says which units one source of a role has heard from."""
        return f"queries/coverage/{self.coverage if role == self.role else f'{self.coverage}__{role}'}"


def catalogue(settings: Settings) -> dict[str, Indicator]:
    """Every indicator by code. Raises NotConfigured where the file is not as it should be."""
    path = settings.reference_dir / "indicators.yaml"
    found: dict[str, Indicator] = {}
    for code, entry in _entries(path, path.stat().st_mtime_ns).items():
        indicator = Indicator(code=code, **(entry.model_dump() | {"also": tuple(entry.also), "units": tuple(entry.units)}))
        for role in indicator.roles:
            _check_file(path, code, settings.sql_dir / f"{indicator.part(role)}.sql")
            if indicator.coverage is not None:
                _check_file(path, code, settings.sql_dir / f"{indicator.coverage_part(role)}.sql")
        found[code] = indicator
    return found


def _check_file(path: Path, code: str, file: Path) -> None:
    if not file.exists():
        hint = near(file.stem, (other.stem for other in file.parent.glob("*.sql")))
        raise NotConfigured(f"{path.name}, {code}: include/sql/{file.parent.name}/{file.name} does not exist{hint or '.'}")


@lru_cache(maxsize=4)
def _entries(path: Path, changed: int) -> dict[str, IndicatorEntry]:
    """The file as it stands at `changed`: a refresh asks for it once a month and source, and reading YAML is slow."""
    return read(path, dict[str, IndicatorEntry])


def followers(settings: Settings, roles: Collection[str]) -> set[str]:
    """The roles whose values change with the records or the clock of a source that fills `roles`: these, and those that count them too."""
    return set(roles) | {item.role for item in catalogue(settings).values() if set(roles) & set(item.also)}


def indicator(settings: Settings, code: str) -> Indicator:
    """One indicator. Raises WrongUse naming the known codes."""
    known = catalogue(settings)
    if code not in known:
        raise WrongUse(f"'{code}' is no computed indicator; known are: {', '.join(sorted(known))}")
    return known[code]
