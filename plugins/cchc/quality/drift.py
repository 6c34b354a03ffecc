"""Find changes in the fields of a source from one delivery to the next, using the counts in ops.load_field.

A change that would certainly lose data is blocked before it is loaded (cchc.sources.absent). A change that may lose data is reported here.
For each entity, the newest extract that brought records of it is compared with all loads before it, however old they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from math import sqrt
from typing import Any

from sqlalchemy import Connection

from cchc.errors import CchcError
from cchc.settings import Settings
from cchc.sources.absent import CONCENTRATION, chance_of_none
from cchc.sources.fields import Earlier, Share, new_names
from cchc.sources.profile import Entity, load_profile
from cchc.staging.counted_columns import counted_columns
from cchc.staging.tables import staged_entities
from cchc.warehouse import engine, query
from cchc.warehouse.queries import ask

VANISHED, NEW, MISSING, SAME, NEVER, UNUSED = "vanished", "new", "missing", "same", "never", "unused"
KIND, CODE = "kind", "code"
WORDS = {
    KIND: (
        "values came as another kind than before",
        "Ask the vendor what has changed; where they are read rightly, nothing is to do.",
    ),
    CODE: (
        "words came that the list of codes does not have",
        "Ask the vendor what they mean, and add them to `codes` in the profile.",
    ),
}
UNLIKELY = 0.01
RARE = 0.001
JUMP = 0.20
DEVIATIONS = 4.0
ENOUGH_RECORDS = 20
ENOUGH_LOADS = 4
CLOSEST_CONCENTRATION = 50.0


@dataclass(frozen=True)
class Finding:
    """A change in the fields of an entity.

    `kind`: some fields `vanished`, are `new`, have a share of `missing` values that jumped, have the `same` value
    in all records although they had several before, `never` came, are `unused`, have values of
    another `kind` than before, or a `code` that their list does not have.
    `extract_id` is the newest extract that brought records of it; `is_first`: none before it did. `fields` are named as delivered.
    """

    kind: str
    source: str
    entity: str
    extract_id: int
    known_at: datetime
    is_first: bool
    fields: tuple[str, ...]
    words: str

    @property
    def sentence(self) -> str:
        """The finding as an English sentence."""
        return f"{self.source} {self.entity}: {self.words}"


def earlier_deliveries(settings: Settings, source: str) -> dict[str, Earlier]:
    """The field counts of the loaded deliveries, by entity. The next extract is compared with them."""
    with engine(settings).connect() as connection:
        loads = query(
            connection,
            "select entity, count(*) as loads, array_agg(distinct file_name) filter (where file_name is not null) as files from ops.load "
            "where source_code = :s and status = 'loaded' group by entity",
            {"s": source},
        )
        shares = ask(connection, "quality/field_share", source=source)
    fields: dict[str, dict[str, Share]] = {}
    for row in shares:
        fields.setdefault(row["entity"], {})[row["field"]] = Share(int(row["records"]), int(row["present"]), int(row["shown"]))
    return {row["entity"]: Earlier(row["loads"], fields.get(row["entity"], {}), frozenset(row["files"] or ())) for row in loads}


def drift(settings: Settings, source: str, extract_id: int | None = None) -> list[Finding]:
    """The changes in the fields of a source, as `drift_at` gives them."""
    with engine(settings).connect() as connection:
        return drift_at(connection, settings, source, extract_id)


def drift_at(connection: Connection, settings: Settings, source: str, extract_id: int | None = None) -> list[Finding]:
    """The changes in the fields of a source, by entity and kind; with `extract_id` only the changes that this extract brought.

    A field is reported as `vanished` if no record of the newest load has it and the probability of that is below 1 % (by the model in
    `cchc.sources.absent`). It is reported as `missing` if the load has at least 20 records, and the share of empty values is higher than
    before by at least 20 percentage points and by at least four standard deviations (see `_deviations`). A field by which an indicator
    counts is reported as `same` if at least 20 records have one value and the probability of that is below 0.1 %. Optional fields may
    vanish.
    """
    rows = ask(connection, "quality/field_history", source=source, enough_records=ENOUGH_RECORDS)
    entities = _entities(settings, source)
    findings: list[Finding] = []
    for name in dict.fromkeys(row["entity"] for row in rows):
        mine = [row for row in rows if row["entity"] == name]
        if name in entities and extract_id in (None, mine[0]["extract_id"]):
            findings += _of_entity(source, entities[name], mine)
    words = [row for row in ask(connection, "quality/changed_word", source=source) if extract_id in (None, row["extract_id"])]
    for name in dict.fromkeys(row["entity"] for row in words):
        findings += _of_words(source, name, [row for row in words if row["entity"] == name])
    return findings


def run_lines(settings: Settings, source: str, extract_id: int) -> list[str]:
    """Sentences about the fields of an extract: the changes, and for a first delivery also the fields that no column uses."""
    return [
        finding.sentence
        for finding in drift(settings, source, extract_id)
        if finding.kind in (VANISHED, NEW, MISSING, SAME, KIND, CODE) or (finding.is_first and finding.kind == NEVER)
    ]


def _entities(settings: Settings, source: str) -> dict[str, Entity]:
    """The entities of the current profile; none if the profile cannot be read, because other checks report that."""
    try:
        return staged_entities(load_profile(settings.sources_dir, source))
    except CchcError:
        return {}


def _of_entity(source: str, entity: Entity, rows: list[dict[str, Any]]) -> list[Finding]:
    fields, optional = entity.fields, entity.optional_fields
    is_first = not rows[0]["records_before"]
    uses: dict[str, dict[str, str]] = {kind: {} for kind in (VANISHED, NEW, MISSING, SAME, NEVER, UNUSED)}
    present = {row["field"] for row in rows if row["present_count"]}
    counted = counted_columns(entity.model)
    for row in rows:
        name, count, there = row["field"], row["record_count"], row["present_count"]
        use = f"{name} ({fields[name]})" if name in fields else name
        if name not in fields and there:
            is_in_contract = entity.in_contract(name)
            if is_in_contract:
                continue
            uses[UNUSED][name] = name
            if (not is_first or is_in_contract is False) and not row["present"]:
                uses[NEW][name] = f"{name} (in {there:,} of {count:,})"
        elif name in fields and count and not there and name not in optional:
            if row["shown"] and chance_of_none(count, Share(int(row["records"]), int(row["present"]), int(row["shown"]))) < UNLIKELY:
                of_file = f" of {row['file_name']}" if row["file_name"] else ""
                before = f"{_percent(row['shown'], row['records'])} of {row['records']:,}"
                uses[VANISHED][name] = (
                    f"{use} is in none of the {count:,} records{of_file}; before it was in {before}, last at T {_moment(row['last_seen'])}"
                )
            elif name not in present and not row["present"]:
                uses[NEVER][name] = use
        elif name in fields and there and _jumped(row):
            now = f"{_percent(count - row['filled_count'], count)} of {count:,} records"
            uses[MISSING][name] = (
                f"{use} is empty in {now}; before in {_percent(row['records'] - row['filled'], row['records'])} of {row['records']:,}"
            )
        elif name in fields and _is_constant(row) and any(set(column.split(".")) <= counted for column in fields[name].split(", ")):
            uses[SAME][name] = (
                f"{use} has one value in all {row['filled_count']:,} records that have any; before, "
                f"{_percent(row['differed'], row['compared'])} of {row['compared']:,} had another one than the first of their load"
            )
    newest = f"in the newest delivery (T {_moment(rows[-1]['window_to'])})"
    new = uses[NEW].keys()
    sentences = {
        VANISHED: f"{newest} {'; '.join(uses[VANISHED].values())}.{new_names(list(new), uses[VANISHED])} Ask the vendor, or mend "
        "the profile.",
        NEW: f"{newest} fields are new, and no column uses them: {', '.join(uses[NEW].values())}.",
        MISSING: f"{newest} {'; '.join(uses[MISSING].values())}. Ask the vendor what has changed.",
        SAME: f"{newest} {'; '.join(uses[SAME].values())}. Ask the vendor whether a constant is filled in.",
        NEVER: f"no delivery so far had {', '.join(uses[NEVER].values())}: correct the profile, or mark them optional: true with a reason.",
        UNUSED: f"fields that no column uses: {', '.join(sorted(uses[UNUSED]))}.",
    }
    extract_id, known_at = rows[-1]["extract_id"], rows[-1]["window_to"]
    return [
        Finding(kind, source, entity.name, extract_id, known_at, is_first, tuple(uses[kind]), words)
        for kind, words in sentences.items()
        if uses[kind]
    ]


def _of_words(source: str, entity: str, rows: list[dict[str, Any]]) -> list[Finding]:
    """The changes of kinds and codes of an entity; `rows` of quality/changed_word."""
    extract_id, known_at = rows[0]["extract_id"], rows[0]["window_to"]
    findings = []
    for change, (begin, what_to_do) in WORDS.items():
        mine = [row for row in rows if row["change"] == change]
        if mine:
            told = "; ".join(_told(row) for row in mine)
            words = f"in the newest delivery (T {_moment(known_at)}) {begin}: {told}. {what_to_do}"
            fields = tuple(f"{row['field']}: {row['word']}" for row in mine)
            findings.append(Finding(change, source, entity, extract_id, known_at, False, fields, words))
    return findings


def _told(row: dict[str, Any]) -> str:
    return f"{row['field']} ({row['column_name']}): {row['word']} in {row['changed_count']:,} of {row['record_count']:,}"


def _jumped(row: dict[str, Any]) -> bool:
    """Whether a field is empty much more often than before."""
    count, filled, records = row["record_count"], row["filled_count"], row["records"]
    if not records or row["filled"] is None or filled is None or count < ENOUGH_RECORDS:
        return False
    before, now = int(row["filled"]) / int(records), filled / count
    return before - now >= JUMP and _deviations(row, before, now) >= DEVIATIONS


def _is_constant(row: dict[str, Any]) -> bool:
    """Whether a field has one value alone, although that is all but impossible by the loads before."""
    if row["differing_count"] != 0 or not row["differed"] or min(row["filled_count"], int(row["compared"])) < ENOUGH_RECORDS:
        return False
    before = Share(int(row["compared"]), int(row["differed"]), int(row["differed"]))
    return chance_of_none(row["filled_count"], before) < RARE


def _deviations(row: dict[str, Any], before: float, now: float) -> float:
    """By how many standard deviations the share in the newest load is below the share in all loads before it.

    Loads differ more than by chance, so the variance of a share p among n records is p (1 - p) (1 + (n - 1) / (s + 1)) / n. Here s is the
    concentration of the beta-binomial model. If there are at least four earlier loads with at least 20 records, s is measured from their
    spread, up to 50; otherwise it is 4 as in `cchc.sources.absent`.
    """
    mean = (int(row["filled"]) + 0.5) / (int(row["records"]) + 1)
    spread = mean * (1 - mean)
    concentration = CONCENTRATION
    if row["spread_loads"] >= ENOUGH_LOADS:
        between = row["spread_variance"] + (row["spread_mean"] - mean) ** 2 - spread * float(row["spread_chance"])
        concentration = min(max(spread / between - 1, 0.0), CLOSEST_CONCENTRATION) if between > 0 else CLOSEST_CONCENTRATION
    count, records = row["record_count"], int(row["records"])
    alike = records / max(row["spread_loads"], 1)  # records of one earlier load, on average
    variance = (1 + (count - 1) / (concentration + 1)) / count + (1 + (alike - 1) / (concentration + 1)) / records
    return (before - now) / sqrt(spread * variance)


def _percent(part: Any, whole: Any) -> str:
    return f"{float(part) / float(whole):.0%}"


def _moment(at: datetime | None) -> str:
    return "unknown" if at is None else f"{at:%Y-%m-%d %H:%M}"


def all_drift(settings: Settings, sources: Iterable[str]) -> list[Finding]:
    """The changes in the fields of several sources, source by source."""
    with engine(settings).connect() as connection:
        return all_drift_at(connection, settings, sources)


def all_drift_at(connection: Connection, settings: Settings, sources: Iterable[str]) -> list[Finding]:
    """The same, read on a connection."""
    return [finding for source in sources for finding in drift_at(connection, settings, source)]


def report(settings: Settings, source: str | None = None, since: date | None = None) -> list[dict[str, Any]]:
    """The rows of ops.drift, the newest month first: of one source or all (None), in the month of `since` and later or ever (None)."""
    with engine(settings).connect() as connection:
        return ask(connection, "quality/drift_report", source=source, since=since)
