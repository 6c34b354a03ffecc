"""The catalogue of indicators, computed and declared, read from include/reference/indicators.yaml."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cchc.errors import NotConfigured, WrongUse
from cchc.near import near, or_known
from cchc.reference import entries as reference_models
from cchc.reference.entries import IndicatorEntry
from cchc.settings import Settings
from cchc.typed import read
from cchc.warehouse import composed, sql

# for each of these records, cchc.publication.restatement_reasons has a query that finds out when the record became known
RECORDS = reference_models.RECORDS
DISTINCT = ("person", "unit")  # values of `item` for which an item counts once in each scope
DECLARED = "declared"  # the value of `item` for indicators that units declare; they all share one SQL file
_QUOTED_OR_BLANK = re.compile(r"""(?P<quoted>'[^']*'|"[^"]*")|(?:\s|--[^\n]*|/\*.*?\*/)+""", re.DOTALL)


@dataclass(frozen=True)
class Indicator:
    """One computed indicator. `sql` names its file in include/sql/queries/indicators, which returns one row for each counted item.

    `record`: the kind of record behind an item; without it a restatement cannot give the reason of a change. `role`: the role whose
    known_at, last day and pace its values have. `also`: other roles whose records it counts, with the SQL that `part` names. The records of
    each source are counted up to its own end_at. `units`: the units that its SQL names. `is_additive`: whether the items of a period are
    those of its half months (cchc.indicators.half_months).
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
    is_additive: bool = False

    @property
    def sql(self) -> str:
        """The name of the SQL file that returns the counted items of its own role."""
        return f"queries/indicators/{DECLARED if self.item == DECLARED else self.code}"

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role whose records it counts; its own role comes first."""
        return (self.role, *self.also)

    @property
    def is_distinct(self) -> bool:
        """Whether an item counts once in each scope, even if several sources have it."""
        return self.item in DISTINCT

    def part(self, role: str) -> str:
        """The name of the SQL file that returns the counted items of one source of a role."""
        return self.sql if role == self.role else f"{self.sql}__{role}"

    def coverage_part(self, role: str) -> str:
        """The name of the SQL file that returns which units have sent something to one source of a role."""
        return f"queries/coverage/{self.coverage if role == self.role else f'{self.coverage}__{role}'}"


def catalogue(settings: Settings) -> dict[str, Indicator]:
    """Every indicator by code. Raises NotConfigured if the file is wrong."""
    path = settings.reference_dir / "indicators.yaml"
    indicators: dict[str, Indicator] = {}
    for code, entry in _entries(path, path.stat().st_mtime_ns).items():
        indicator = Indicator(code=code, **(entry.model_dump() | {"also": tuple(entry.also), "units": tuple(entry.units)}))
        for role in indicator.roles:
            _check_file(path, code, settings.sql_dir / f"{indicator.part(role)}.sql")
            if indicator.coverage is not None:
                _check_file(path, code, settings.sql_dir / f"{indicator.coverage_part(role)}.sql")
        if indicator.is_additive:
            _check_additive(path, code, sql(settings, indicator.sql))
        indicators[code] = indicator
    return indicators


def _check_file(path: Path, code: str, file: Path) -> None:
    if not file.exists():
        hint = near(file.stem, (other.stem for other in file.parent.glob("*.sql")))
        raise NotConfigured(f"{path.name}, {code}: include/sql/queries/{file.parent.name}/{file.name} does not exist{hint or '.'}")


def _check_additive(path: Path, code: str, statement: str) -> None:
    """Raise NotConfigured where no part of the SQL of an additive indicator can be counted by half months."""
    if not composed.additive_and_other(statement)[0]:
        raise NotConfigured(
            f"{path.name}, {code}: is_additive is true, and no query of its SQL binds start_at and end_at alone and reads nothing but "
            f"{' and '.join(sorted(composed.ADDITIVE_RELATIONS))}. A change of anything else would not be counted again."
        )


@lru_cache(maxsize=4)
def _entries(path: Path, changed: int) -> dict[str, IndicatorEntry]:
    """The entries of the file, read once for each value of `changed`, the time of its last change.

    A refresh needs them for each month and source, and reading YAML is slow.
    """
    return read(path, dict[str, IndicatorEntry])


def statement_of(settings: Settings, indicator: Indicator) -> str:
    """The SQL by which an indicator counts, of every role that it counts."""
    return "\n".join(sql(settings, indicator.part(role)) for role in indicator.roles)


def without_comments(statement: str) -> str:
    """An SQL statement with one blank in place of each comment and each run of white space; quoted text stays as it is.

    Two statements that differ only in the wording of comments or in their layout become equal.
    """
    return _QUOTED_OR_BLANK.sub(lambda match: match.group("quoted") or " ", statement).strip()


def followers(settings: Settings, roles: Collection[str]) -> set[str]:
    """The roles whose values change with the records or known_at of a source that fills one of `roles`.

    They are `roles` themselves and the roles whose indicators also count records of `roles`.
    """
    return set(roles) | {item.role for item in catalogue(settings).values() if set(roles) & set(item.also)}


def indicator(settings: Settings, code: str) -> Indicator:
    """One indicator by its code. For an unknown code it raises WrongUse, which names the known codes."""
    known = catalogue(settings)
    if code not in known:
        raise WrongUse(f"'{code}' is no computed indicator{or_known(code, sorted(known))}")
    return known[code]
