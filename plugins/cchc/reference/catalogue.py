"""The catalogue of indicators, computed and declared, read from include/reference/indicators.yaml (indicators.md §4)."""

from __future__ import annotations

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
DECLARED = "declared"  # `item` of an indicator that the units declare: one SQL file for all of them


@dataclass(frozen=True)
class Indicator:
    """One computed indicator. `sql` names its file in include/sql/queries/indicators: one row a counted item.

    `record` says what stands behind an item; of an indicator that names none, a restatement cannot tell what was learnt of it.
    T, D and pace of its values are those of `source`; `also` names other sources whose records it counts, each cut at its own J.
    """

    code: str
    version: int
    source: str
    kind: str
    name_vi: str
    name_en: str
    numerator_vi: str
    denominator_vi: str
    coverage: str | None = None
    item: str = "row"
    record: str | None = None
    also: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """Name of the SQL file that gives the counted items."""
        return f"queries/indicators/{DECLARED if self.item == DECLARED else self.code}"


def catalogue(settings: Settings) -> dict[str, Indicator]:
    """Every indicator by code. Raises NotConfigured where the file is not as it should be."""
    path = settings.reference_dir / "indicators.yaml"
    found: dict[str, Indicator] = {}
    for code, entry in _entries(path, path.stat().st_mtime_ns).items():
        indicator = Indicator(code=code, **(entry.model_dump() | {"also": tuple(entry.also)}))
        _check_file(path, code, settings.sql_dir / f"{indicator.sql}.sql")
        if indicator.coverage is not None:
            _check_file(path, code, settings.sql_dir / "queries" / "coverage" / f"{indicator.coverage}.sql")
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


def followers(settings: Settings, source: str) -> set[str]:
    """The other sources whose indicators count records of `source` too."""
    return {item.source for item in catalogue(settings).values() if source in item.also}


def indicator(settings: Settings, code: str) -> Indicator:
    """One indicator. Raises WrongUse naming the known codes."""
    known = catalogue(settings)
    if code not in known:
        raise WrongUse(f"'{code}' is no computed indicator; known are: {', '.join(sorted(known))}")
    return known[code]
