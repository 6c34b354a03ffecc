"""The catalogue of indicators, computed and declared, read from include/reference/indicators.yaml."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
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
    those of its half months (cchc.indicators.half_months). `valid_from`, `valid_to`: the version holds in the periods whose last day lies
    between them; None: no such limit. `file`: the name of its SQL file where that is not its code.
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
    valid_from: date | None = None
    valid_to: date | None = None
    file: str | None = None

    def holds(self, day: date) -> bool:
        """Whether this version of the formula holds in a period whose last day is `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    @property
    def sql(self) -> str:
        """The name of the SQL file that returns the counted items of its own role."""
        return f"queries/indicators/{DECLARED if self.item == DECLARED else self.file or self.code}"

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


def catalogue(settings: Settings, day: date | None = None) -> dict[str, Indicator]:
    """Every indicator by code, in the version that holds in a period whose last day is `day`; None: in the newest version.

    As with plans, it is the last day of the whole period, wherever T is. Raises NotConfigured if the file is wrong.
    """
    found = versions(settings)
    return {code: known[-1] if day is None else next(item for item in known if item.holds(day)) for code, known in found.items()}


def versions(settings: Settings) -> dict[str, tuple[Indicator, ...]]:
    """Every version of each indicator by its code, the first version first. Raises NotConfigured if the file is wrong."""
    path = settings.reference_dir / "indicators.yaml"
    found: dict[str, tuple[Indicator, ...]] = {}
    for code, entry in _entries(path, path.stat().st_mtime_ns).items():
        found[code] = tuple(_versions(code, entry))
        for indicator in found[code]:
            for role in indicator.roles:
                _check_file(path, code, settings.sql_dir / f"{indicator.part(role)}.sql")
                if indicator.coverage is not None:
                    _check_file(path, code, settings.sql_dir / f"{indicator.coverage_part(role)}.sql")
            if indicator.is_additive:
                _check_additive(path, code, sql(settings, indicator.sql))
    return found


def _versions(code: str, entry: IndicatorEntry) -> Iterator[Indicator]:
    """The versions of an entry, the first one first; each ends on the day before the next one begins."""
    own = entry.model_dump(exclude={"earlier"}) | {"also": tuple(entry.also), "units": tuple(entry.units)}
    newest = Indicator(code=code, **own)
    starts = [newest.valid_from, *(each.valid_from for each in entry.earlier)]
    for each, later in zip(reversed(entry.earlier), reversed(starts[:-1]), strict=True):
        words = {name: getattr(each, name) for name in ("numerator_vi", "denominator_vi") if getattr(each, name) is not None}
        yield replace(
            newest, version=each.version, file=each.sql, valid_from=each.valid_from, valid_to=later and later - timedelta(days=1), **words
        )
    yield newest


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


def indicator(settings: Settings, code: str, day: date | None = None) -> Indicator:
    """One indicator by its code, as `catalogue` gives it. For an unknown code it raises WrongUse, which names the known codes."""
    known = catalogue(settings, day)
    if code not in known:
        raise WrongUse(f"'{code}' is no computed indicator{or_known(code, sorted(known))}")
    return known[code]
