"""What one entity of a profile lacks or says wrongly, by its model, its suite of rules, the list of units and the way it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cchc.errors import NotConfigured
from cchc.models import IDS
from cchc.near import near, or_known
from cchc.profiles.file_faults import TODO
from cchc.sources.codes import CODES, OWN_WORDS
from cchc.sources.needs import check_dated, needed_columns, unmet_needs
from cchc.sources.profile import Column, Entity, Files
from cchc.staging.columns import signs_without_a_number
from cchc.typed import FoundFault

OWN_PREFIX = "_"
NEEDS_VALUE = ("expect_listed_code", "expect_known_unit", "expect_column_values_to_not_be_null")
MOST_LISTED = 12
UNIT_COLUMNS = tuple(name for name, words in OWN_WORDS.items() if words.startswith("unit of the authority's units.csv"))


@dataclass(frozen=True)
class Known:
    """What a profile is compared with.

    `layouts`: by model, column → SQL type; `units`: the codes of all units that the profile may name; `suites`: the folder of the suites.
    """

    layouts: dict[str, dict[str, str]]
    units: frozenset[str]
    suites: Path


@dataclass(frozen=True)
class Ways:
    """How the source of a profile is read. `lost`: the columns that are wrong already, so nothing is asked for them again."""

    files: Files | None
    has_http: bool
    has_files: bool
    lost: frozenset[str] = frozenset()


class EntityFaults:
    """The faults of one entity. `line`: a function from a place in the entity to its line in the file."""

    def __init__(self, entity: Entity, ways: Ways, known: Known, line: Callable[..., int | None]) -> None:
        self.entity, self.ways, self.known, self.line = entity, ways, known, line
        self.columns = [name for name in known.layouts.get(entity.model, {}) if not name.startswith(OWN_PREFIX) and name not in IDS]

    def all(self) -> Iterator[FoundFault]:
        """Every fault of the entity."""
        model = self.entity.model
        if model not in self.known.layouts:
            yield self._at("model", words=f"there is no model {model!r}{or_known(model, self.known.layouts)}.")
            return
        for words in unmet_needs(self.entity, self.ways.files, self.ways.lost):
            yield self._at("columns", words=f"(model {model}) {words}")
        yield from self._ways()
        for column in self.entity.columns:
            yield from self._column(column)
        yield from self._suite()

    def _at(self, *place: str, words: str) -> FoundFault:
        return FoundFault(self.line(*place), ("entities", self.entity.name, *place), words)

    def _ways(self) -> Iterator[FoundFault]:
        """What goes with a way of reading that the source does not have."""
        entity, ways = self.entity, self.ways
        if not ways.has_files:
            try:
                check_dated(entity, "")
            except NotConfigured as error:
                yield self._at("columns", words=str(error).partition("): ")[2])
            if entity.file_pattern is not None:
                yield self._at("file_pattern", words="'file_pattern' goes with 'files', which is missing.")
        if ways.has_http:
            return
        if entity.path is not None:
            yield self._at("path", words="'path' goes with 'http', which is missing.")
        if entity.each is not None and not ways.has_files:
            yield self._at("each", words="'each' goes with 'http' or 'files', which are missing.")
        if entity.deletions is not None and entity.deletions.kind == "month_keys":
            yield self._at("deletions", words="lists of keys by month are asked for over HTTP, and 'http' is missing.")

    def _column(self, column: Column) -> Iterator[FoundFault]:
        place, model = ("columns", column.name), self.entity.model
        if column.name not in self.columns:
            yield self._at(*place, words=f"the model {model} has no column {column.name!r}{or_known(column.name, self.columns)}.")
            return
        kind = self.known.layouts[model][column.name]
        if (kind == "jsonb") != (column.items is not None):
            yield self._at(*place, words=f"the column is {kind}; 'list' goes with jsonb columns, and only with them.")
        if (words := signs_without_a_number(column, kind)) is not None:
            yield self._at(*place, words=words)
        for key, other in (("flag", column.flag), ("shift_12h_onto", column.shift_12h_onto)):
            if other is not None and other not in self.columns:
                yield self._at(*place, key, words=f"the model {model} has no column {other!r}{or_known(other, self.columns)}.")
        yield from self._values(column, place, column.name)
        for item in column.items or ():
            yield from self._values(item, (*place, "list", item.name), f"{column.name}.{item.name}")

    def _values(self, column: Column, place: tuple[str, ...], name: str) -> Iterator[FoundFault]:
        """The values that the profile itself gives to a column and that are no code of the model, or no unit."""
        is_unit = name in UNIT_COLUMNS
        allowed = sorted(self.known.units) if is_unit else list(CODES.get(self.entity.model, {}).get(name, ()))
        for key, value in _given(column):
            at = (*place, *key)
            if value == TODO or (value == "" and "codes" in key):  # told with all others; a word that says: no value
                continue
            if allowed and value not in allowed:
                what = "unit of the authority's units.csv or of the profile's 'units'" if is_unit else f"code of {name}"
                yield self._at(*at, words=f"{value!r} is no {what}{near(value, allowed) or '.'}{_listed(allowed)}")

    def _suite(self) -> Iterator[FoundFault]:
        """Waived rules that do not exist, and rules of the suite that no record of this profile can keep."""
        path = self.known.suites / f"{self.entity.suite}.json"
        if not path.is_file():
            known = [other.stem for other in path.parent.glob("*.json")]
            yield self._at("suite", words=f"there is no suite {self.entity.suite!r}{or_known(self.entity.suite, known)}.")
            return
        rules = json.loads(path.read_text(encoding="utf-8"))["expectations"]
        known = [rule["meta"]["rule_id"] for rule in rules]
        for rule_id in self.entity.waived_rules:
            if rule_id not in known:
                words = f"the suite {self.entity.suite} has no rule {rule_id!r}{or_known(rule_id, known)}."
                yield self._at("waived_rules", rule_id, words=words)
        filled = {name for column in self.entity.columns for name in (column.name, column.flag)} | self.ways.lost
        needed = needed_columns(self.entity.model)  # told already where one is missing
        for rule in rules:
            column, meta = str(rule["kwargs"].get("column", OWN_PREFIX)), rule["meta"]
            is_kept = column.startswith(OWN_PREFIX) or column in filled or column in needed or meta["rule_id"] in self.entity.waived_rules
            if rule["type"] in NEEDS_VALUE and meta["action"] != "warn" and not is_kept and not rule["kwargs"].get("missing_allowed"):
                words = (
                    f"no column fills {column}, so rule {meta['rule_id']} would keep every record aside; add {column}, or waive the rule "
                    "with a reason (waived_rules)."
                )
                yield self._at("columns", words=words)


def _given(column: Column) -> Iterable[tuple[tuple[str, ...], str]]:
    """The values that a profile gives to a column, each with its place: the right sides of codes, and what no codes change any more."""
    yield from ((("codes", source), code) for source, code in (column.codes or {}).items())
    if column.default is not None:
        yield ("default",), column.default
    if column.codes is None and column.const is not None:
        yield ("const",), column.const
    if column.codes is None and column.extract is None:
        yield from ((("present",), value) for value in column.present or ())


def _listed(allowed: list[str]) -> str:
    return f" Allowed: {', '.join(allowed)}." if 0 < len(allowed) <= MOST_LISTED else ""
