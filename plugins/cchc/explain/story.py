"""The whole story of a dossier: every version, step, due, payment and opinion, with source, load and the time at which it was learnt.

Nothing here is personal: no name, no identity number and no free text of a person is read, nor the keyed hash of the applicant.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection

from cchc.errors import NotConfigured, WrongUse
from cchc.explain.verdict import Verdict, verdict
from cchc.explain.words import FIELDS, HIDDEN, Words, why_not_counted
from cchc.period import ZONE, Period
from cchc.settings import Settings
from cchc.sources.profile import list_profiles, load_profile
from cchc.warehouse.queries import ask


@dataclass(frozen=True)
class Load:
    """A load: what was fetched at once. `known_at`: the end of its window (T)."""

    load_id: int
    source_code: str
    entity: str
    file_name: str | None
    known_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Change:
    """What changed between a version and the one before. Of hidden content (papers) before and after may be equal or HIDDEN."""

    field: str
    name: Words
    before: Any
    after: Any


@dataclass(frozen=True)
class Version:
    """A delivered version of a dossier. `changed_at`: when the source changed it; `known_at`: T of the extract that brought it.

    `failed_rules`: the critical rules that it breaks; empty = it is good. `is_current`: whether it is in force. `facts`: its fields.
    `changes`: against the version before; empty for the first one.
    """

    changed_at: datetime
    known_at: datetime
    load_id: int
    failed_rules: tuple[str, ...]
    is_current: bool
    facts: dict[str, Any]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Step:
    """A step of a dossier: its version in force, and all its versions, the oldest first."""

    step_code: str
    done_at: datetime | None
    status_code: int | None
    action_name: str | None
    unit_code: str | None
    is_hidden: bool
    versions: tuple[Version, ...]


@dataclass(frozen=True)
class Due:
    """A due of a dossier. `valid_after`: from when on it holds; None = from the beginning. `due_at`: None = no due.

    `set_by`: `first`, `version` (another version of the record) or `supplement` (papers came back). `is_in_force`: whether it decides if
    the dossier is late. `known_at`, `load_id`: of the version that set it, if one did.
    """

    valid_after: datetime | None
    due_at: datetime | None
    set_by: str
    is_in_force: bool
    known_at: datetime | None
    load_id: int | None


@dataclass(frozen=True)
class Supplement:
    """A round in which papers were asked for."""

    round_number: int
    asked_at: datetime | None
    received_back_at: datetime | None
    due_before_at: datetime | None
    due_after_at: datetime | None


@dataclass(frozen=True)
class Related:
    """A record that names the dossier: `kind` is payment, feedback, assessment or survey_answer."""

    kind: str
    source_code: str
    key: str
    happened_at: datetime | None
    facts: dict[str, Any]
    failed_rules: tuple[str, ...]
    known_at: datetime
    load_id: int


@dataclass(frozen=True)
class Entry:
    """An entry of quarantine about the dossier or one of its steps; the record itself is not shown. `resolved_at`: None = still open."""

    source_code: str
    entity: str
    key: str
    rule: str
    action: str
    reason: str
    file: str | None
    line: int | None
    known_at: datetime
    resolved_at: datetime | None
    load_id: int


@dataclass(frozen=True)
class Listed:
    """A state of the dossier in the lists of keys of its source, from `known_at` to `ended_at` (None = it holds now)."""

    month_start: date
    deleted_at: datetime | None
    known_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Finding:
    """A finding about the dossier: something that somebody should look at."""

    finding_code: str
    name_vi: str
    event_date: date | None
    item: str
    detail: str | None


@dataclass(frozen=True)
class Story:
    """The whole story of a dossier in one source. `other_sources`: other sources that have the code, too.

    `facts`: what is counted of it now (a row of mart.dossier with names); empty for a dossier of which every record is in quarantine.
    `left_out`: why nothing counts it; None if it is counted. `loads`: every load that is named, by its number. `findings`: None if they
    were not asked for. `verdict`: whether and why it counts for the figure that was asked for; None if none was.
    """

    source_code: str
    dossier_code: str
    other_sources: tuple[str, ...]
    facts: dict[str, Any]
    left_out: Words | None
    versions: tuple[Version, ...]
    steps: tuple[Step, ...]
    dues: tuple[Due, ...]
    supplements: tuple[Supplement, ...]
    related: tuple[Related, ...]
    quarantine: tuple[Entry, ...]
    listed: tuple[Listed, ...]
    findings: tuple[Finding, ...] | None
    loads: dict[int, Load]
    verdict: Verdict | None = None


def story(connection: Connection, settings: Settings, dossier_code: str, source: str | None = None, *, with_findings: bool = True) -> Story:
    """The whole story of a dossier, as the connection sees it.

    Arguments: `source`, which source; without it the only one that has the code. `with_findings`: the view of findings looks at the whole
    warehouse, which takes seconds in a large one. Raises WrongUse for an unknown code, with codes that are near, and where several sources
    have the code and none is named.
    """
    dossiers, steps = _entity_names(settings, "dossier"), _entity_names(settings, "dossier_step")
    found = ask(connection, "explain/story/key", code=dossier_code, entities=dossiers)
    if not found:
        raise WrongUse(_unknown(connection, dossier_code))
    key = _of_source(found, dossier_code, source)
    code, dossier_id = {"code": dossier_code}, key["dossier_id"]
    facts = ask(connection, "explain/story/fact", dossier_id=dossier_id)
    asked = {**code, "source": key["source_code"], "entities": dossiers, "step_entities": steps, "dossier_id": dossier_id}
    codes = [name for name in (dossier_code, facts[0]["other_dossier_code"] if facts else None) if name]
    told = Story(
        source_code=key["source_code"],
        dossier_code=dossier_code,
        other_sources=tuple(row["source_code"] for row in found if row["source_code"] != key["source_code"]),
        facts=facts[0] if facts else {},
        left_out=_left_out(facts),
        versions=_versions(ask(connection, "explain/story/version", dossier_id=dossier_id)),
        steps=_steps(ask(connection, "explain/story/step", dossier_id=dossier_id)),
        dues=tuple(Due(**row) for row in ask(connection, "explain/story/due", dossier_id=dossier_id)),
        supplements=tuple(Supplement(**row) for row in ask(connection, "explain/story/supplement", dossier_id=dossier_id)),
        related=tuple(_related(row) for row in ask(connection, "explain/story/related", codes=codes, zone=ZONE.key)),
        quarantine=tuple(Entry(**row) for row in ask(connection, "explain/story/quarantine", **asked)),
        listed=tuple(Listed(**row) for row in ask(connection, "explain/story/listed", dossier_id=dossier_id)),
        findings=findings_of(connection, dossier_code) if with_findings else None,
        loads={},
    )
    named = {load_id for load_id in _named_loads(told) if load_id is not None}
    return replace(told, loads={row["load_id"]: Load(**row) for row in ask(connection, "explain/story/load", loads=sorted(named))})


def story_for(
    connection: Connection, settings: Settings, dossier_code: str, source: str | None, code: str, period: Period, basis: str
) -> Story:
    """The story of a dossier, with the answer whether and why it counts for an indicator in a period. Raises WrongUse as `story` does."""
    told = story(connection, settings, dossier_code, source)
    return replace(told, verdict=verdict(connection, settings, told.source_code, dossier_code, told.facts, code, period, basis))


def findings_of(connection: Connection, dossier_code: str) -> tuple[Finding, ...]:
    """The findings about a dossier."""
    return tuple(Finding(**row) for row in ask(connection, "explain/story/finding", code=dossier_code))


def _entity_names(settings: Settings, model: str) -> list[str]:
    """The names that the profiles give to the records of a model; a profile that cannot be read, or is gone, is told elsewhere."""
    names = {f"{model}s"}
    for source in list_profiles(settings.sources_dir):
        with suppress(NotConfigured):
            names |= {entity.name for entity in load_profile(settings.sources_dir, source).entities.values() if entity.model == model}
    return sorted(names)


def _unknown(connection: Connection, code: str) -> str:
    """The message for a code that no source has, with the codes that are near."""
    rows = ask(connection, "explain/story/near", code=code)
    other = [row["dossier_code"] for row in rows if row["is_other_code"]]
    if other:
        return f"'{code}' is the second code of the dossier {', '.join(other)}: ask for that one"
    near = get_close_matches(code, [row["dossier_code"] for row in rows], n=3, cutoff=0.7)
    hint = f"; near are: {', '.join(near)}" if near else ""
    return f"no source has a dossier '{code}', not even in quarantine{hint}"


def _of_source(found: list[dict[str, Any]], code: str, source: str | None) -> dict[str, Any]:
    names = [row["source_code"] for row in found]
    if source is None and len(found) > 1:
        raise WrongUse(f"several sources have the dossier '{code}': {', '.join(names)}; name one with --source")
    if source is not None and source not in names:
        raise WrongUse(f"{source} has no dossier '{code}'; {', '.join(names)} has it")
    return next(row for row in found if source in (None, row["source_code"]))


def _left_out(facts: list[dict[str, Any]]) -> Words | None:
    if not facts or facts[0]["is_counted"]:
        return None
    return why_not_counted(facts[0]["left_out_reason"], facts[0]["left_out_rules"])


def _versions(rows: list[dict[str, Any]]) -> tuple[Version, ...]:
    """The versions of one record, each with what changed since the one before."""
    found = []
    for index, row in enumerate(rows):
        before = rows[index - 1] if index else None
        found.append(
            Version(
                changed_at=row["changed_at"],
                known_at=row["known_at"],
                load_id=row["load_id"],
                failed_rules=tuple(row["failed_rules"] or ()),
                is_current=row["is_current"],
                facts=row["facts"],
                changes=_changes(before, row) if before else (),
            )
        )
    return tuple(found)


def _changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[Change, ...]:
    """The fields in which two versions differ; of content that is not shown, that it differs."""
    found = []
    then, now = before["facts"], after["facts"]
    for field in now:
        if then[field] != now[field]:
            found.append(Change(field, FIELDS[field], then[field], now[field]))
    contents_then, contents_now = before.get("contents") or {}, after.get("contents") or {}
    seen = {change.field for change in found}
    for field in contents_now:
        if field not in seen and contents_then[field] != contents_now[field]:
            found.append(Change(field, FIELDS[field], now.get(field, HIDDEN), now.get(field, HIDDEN)))
    return tuple(found)


def _steps(rows: list[dict[str, Any]]) -> tuple[Step, ...]:
    by_code: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_code.setdefault(row["step_code"], []).append(row)
    found = []
    for code, versions in by_code.items():
        current = next((row for row in versions if row["is_current"]), versions[-1])["facts"]
        found.append(
            Step(
                step_code=code,
                done_at=datetime.fromisoformat(current["done_at"]) if current["done_at"] else None,
                status_code=current["status_code"],
                action_name=current["action_name"],
                unit_code=current["unit_code"],
                is_hidden=current["deleted_at"] is not None,
                versions=_versions(versions),
            )
        )
    return tuple(found)


def _related(row: dict[str, Any]) -> Related:
    return Related(**{**row, "failed_rules": tuple(row["failed_rules"] or ())})


def _named_loads(told: Story) -> Iterable[int | None]:
    yield from (version.load_id for version in told.versions)
    yield from (version.load_id for step in told.steps for version in step.versions)
    yield from (due.load_id for due in told.dues)
    yield from (record.load_id for record in told.related)
    yield from (entry.load_id for entry in told.quarantine)
