"""The catalogue of indicators, computed and declared: include/reference/indicators.yaml, and what the authority adds to it.

An authority's folder may have an indicators.yaml of its own, with one SQL file for each entry in its folder `indicators`, and an
indicator_units.yaml that names the units of which the SQL of an indicator speaks as :units.
"""

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
from cchc.reference.entries import IndicatorEntry, IndicatorUnitsEntry
from cchc.settings import PROJECT, Settings
from cchc.typed import read
from cchc.warehouse import OWN_SQL, composed, sql, sql_path

# for each of these records, cchc.publication.restatement_reasons has a query that finds out when the record became known
RECORDS = reference_models.RECORDS
FILE = "indicators.yaml"
UNITS_FILE = "indicator_units.yaml"  # of the authority's folder
DISTINCT = ("person", "unit")  # values of `item` for which an item counts once in each scope
DECLARED = "declared"  # the value of `item` for indicators that units declare; they all share one SQL file
_ASKS_UNITS = re.compile(r"(?<!:):units\b")
_QUOTED_OR_BLANK = re.compile(r"""(?P<quoted>'[^']*'|"[^"]*")|(?:\s|--[^\n]*|/\*.*?\*/)+""", re.DOTALL)


@dataclass(frozen=True)
class Indicator:
    """One computed indicator. `sql` names its file in include/sql/queries/indicators, which returns one row for each counted item.

    `record`: the kind of record behind an item; without it a restatement cannot give the reason of a change. `role`: the role whose
    known_at, last day and pace its values have. `also`: other roles whose records it counts, with the SQL that `part` names. The records of
    each source are counted up to its own end_at. `units`: the units that its SQL names. `is_additive`: whether the items of a period are
    those of its half months (cchc.indicators.half_months). `valid_from`, `valid_to`: the version holds in the periods whose last day lies
    between them; None: no such limit. `file`: the name of its SQL file where that is not its code. `is_own`: whether the authority has
    added it.
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
    is_own: bool = False

    def holds(self, day: date) -> bool:
        """Whether this version of the formula holds in a period whose last day is `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    @property
    def sql(self) -> str:
        """The name of the SQL file that returns the counted items of its own role."""
        if self.item == DECLARED:
            return f"queries/indicators/{DECLARED}"
        return f"{f'{OWN_SQL}indicators' if self.is_own else 'queries/indicators'}/{self.file or self.code}"

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

    They are those of every authority, then those that this one adds. As with plans, it is the last day of the whole period, wherever T is.
    Raises NotConfigured if a file is wrong.
    """
    found = versions(settings)
    return {code: known[-1] if day is None else next(item for item in known if item.holds(day)) for code, known in found.items()}


def versions(settings: Settings) -> dict[str, tuple[Indicator, ...]]:
    """Every version of each indicator by its code, the first version first. Raises NotConfigured if a file is wrong."""
    found = _read(settings, settings.reference_dir / FILE)
    if (path := settings.authority_dir / FILE).exists():
        found |= _read(settings, path, found)
    _check_own_files(settings, found)
    return found | _with_units(settings, found)


def catalogue_files(settings: Settings) -> list[Path]:
    """The files that the catalogue is read from, as far as they exist."""
    own = (settings.authority_dir / name for name in (FILE, UNITS_FILE))
    return [settings.reference_dir / FILE, *(path for path in own if path.exists())]


def _read(settings: Settings, path: Path, known: Collection[str] | None = None) -> dict[str, tuple[Indicator, ...]]:
    """The indicators of a file. `known`: of the authority's own file the codes that every authority has; None for the file of these."""
    is_own = known is not None
    name = f"{path.name} of the authority" if is_own else path.name
    try:
        entries = _entries(path, path.stat().st_mtime_ns)
    except NotConfigured as error:
        raise NotConfigured(str(error).replace(path.name, name)) from None
    found: dict[str, tuple[Indicator, ...]] = {}
    for code, entry in entries.items():
        if code in (known or ()):
            raise NotConfigured(f"{name}, {code}: every authority has an indicator of this code; give it another one")
        found[code] = tuple(_versions(code, entry, is_own=is_own))
        for indicator in found[code]:
            _check_files(settings, name, indicator)
    return found


def _check_files(settings: Settings, name: str, indicator: Indicator) -> None:
    """Raise NotConfigured where an SQL file of an indicator is missing, or where an additive one cannot be that. `name`: of its file."""
    for role in indicator.roles:
        _check_file(name, indicator.code, sql_path(settings, indicator.part(role)))
        if indicator.coverage is not None:
            _check_file(name, indicator.code, sql_path(settings, indicator.coverage_part(role)))
    if indicator.is_additive:
        _check_additive(name, indicator.code, sql(settings, indicator.sql))


def _versions(code: str, entry: IndicatorEntry, *, is_own: bool) -> Iterator[Indicator]:
    """The versions of an entry, the first one first; each ends on the day before the next one begins."""
    own = entry.model_dump(exclude={"earlier"}) | {"also": tuple(entry.also), "units": tuple(entry.units), "is_own": is_own}
    newest = Indicator(code=code, **own)
    starts = [newest.valid_from, *(each.valid_from for each in entry.earlier)]
    for each, later in zip(reversed(entry.earlier), reversed(starts[:-1]), strict=True):
        words = {name: getattr(each, name) for name in ("numerator_vi", "denominator_vi") if getattr(each, name) is not None}
        yield replace(
            newest, version=each.version, file=each.sql, valid_from=each.valid_from, valid_to=later and later - timedelta(days=1), **words
        )
    yield newest


def _with_units(settings: Settings, indicators: dict[str, tuple[Indicator, ...]]) -> dict[str, tuple[Indicator, ...]]:
    """The indicators of whose SQL the authority names the units."""
    path = settings.authority_dir / UNITS_FILE
    if not path.exists():
        return {}
    named = _named_units(path, path.stat().st_mtime_ns)
    for code in named:
        if code not in indicators:
            raise NotConfigured(f"{path.name}, {code}: there is no such indicator{near(code, indicators) or '.'}")
        if not any(_ASKS_UNITS.search(statement_of(settings, item)) for item in indicators[code]):
            raise NotConfigured(f"{path.name}, {code}: its SQL asks for no units (:units), so they would count for nothing")
    return {code: tuple(replace(item, units=units) for item in indicators[code]) for code, units in named.items()}


def _check_own_files(settings: Settings, indicators: dict[str, tuple[Indicator, ...]]) -> None:
    """Refuse an SQL file of the authority that no indicator names: nobody would notice that it counts nothing."""
    own = [item for known in indicators.values() for item in known if item.is_own]
    wanted = {sql_path(settings, item.part(role)).name for item in own for role in item.roles}
    for file in sorted((settings.authority_dir / "indicators").glob("*.sql")):
        if file.name not in wanted:
            raise NotConfigured(f"indicators/{file.name} of the authority: no entry of its {FILE} has this code, so it would count nothing")


def _check_file(name: str, code: str, file: Path) -> None:
    if not file.exists():
        hint = near(file.stem, (other.stem for other in file.parent.glob("*.sql")))
        folder = file.parent.relative_to(PROJECT) if file.is_relative_to(PROJECT) else file.parent
        raise NotConfigured(f"{name}, {code}: {folder}/{file.name} does not exist{hint or '.'}")


def _check_additive(name: str, code: str, statement: str) -> None:
    """Raise NotConfigured where no part of the SQL of an additive indicator can be counted by half months."""
    if not composed.additive_and_other(statement)[0]:
        raise NotConfigured(
            f"{name}, {code}: is_additive is true, and no query of its SQL binds start_at and end_at alone and reads nothing but "
            f"{' and '.join(sorted(composed.ADDITIVE_RELATIONS))}. A change of anything else would not be counted again."
        )


@lru_cache(maxsize=4)
def _entries(path: Path, changed: int) -> dict[str, IndicatorEntry]:
    """The entries of the file, read once for each value of `changed`, the time of its last change.

    A refresh needs them for each month and source, and reading YAML is slow.
    """
    return read(path, dict[str, IndicatorEntry])


@lru_cache(maxsize=4)
def _named_units(path: Path, changed: int) -> dict[str, tuple[str, ...]]:
    return {code: tuple(entry.units) for code, entry in read(path, dict[str, IndicatorUnitsEntry]).items()}


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
