"""The catalogue of indicators, computed and declared, read from include/reference/indicators.yaml (indicators.md §4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from cchc.errors import NotConfigured, WrongUse
from cchc.settings import Settings

KINDS = ("flow", "stock", "count", "score")
# what stands behind an item: for each one a file of include/sql/queries/publication/learnt tells when its records were learnt
RECORDS = ("dossier", "certification", "payment", "work_file", "feedback", "opinion", "signature", "procedure", "declared")
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
        try:
            indicator = Indicator(code=code, **entry)
        except TypeError as error:
            raise NotConfigured(f"{path.name}: {code}: {error}") from error
        if not isinstance(indicator.also, (list, tuple)) or indicator.source in indicator.also:
            raise NotConfigured(f"{path.name}: {code}: also '{indicator.also}' is no list of other sources")
        indicator = replace(indicator, also=tuple(indicator.also))
        if indicator.kind not in KINDS:
            raise NotConfigured(f"{path.name}: {code}: kind '{indicator.kind}' is none of {', '.join(KINDS)}")
        if indicator.record not in (None, *RECORDS):
            raise NotConfigured(f"{path.name}: {code}: record '{indicator.record}' is none of {', '.join(RECORDS)}")
        if not (settings.sql_dir / f"{indicator.sql}.sql").exists():
            raise NotConfigured(f"{path.name}: {code}: include/sql/{indicator.sql}.sql does not exist")
        found[code] = indicator
    return found


@lru_cache(maxsize=4)
def _entries(path: Path, changed: int) -> dict[str, dict[str, Any]]:
    """The file as it stands at `changed`: a refresh asks for it once a month and source, and reading YAML is slow."""
    entries: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return entries


def followers(settings: Settings, source: str) -> set[str]:
    """The other sources whose indicators count records of `source` too."""
    return {item.source for item in catalogue(settings).values() if source in item.also}


def indicator(settings: Settings, code: str) -> Indicator:
    """One indicator. Raises WrongUse naming the known codes."""
    known = catalogue(settings)
    if code not in known:
        raise WrongUse(f"'{code}' is no computed indicator; known are: {', '.join(sorted(known))}")
    return known[code]
