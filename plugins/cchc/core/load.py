"""Load the validated entities of one extract into core, in one transaction, and mark the months that they touch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from cchc.authority import authority
from cchc.core import dated_files, declared, doubts, duplicates, facts, lists, missing_dossiers, payments
from cchc.core.merge import Counts, merge_versions, staged_view
from cchc.core.quarantine import resolve_quarantine
from cchc.core.values_after_known_at import drop_values_after_known_at, tree_clocks
from cchc.errors import CchcError
from cchc.models import MODELS, Model
from cchc.period import last_day_before, month_start, now
from cchc.reference.catalogue import followers
from cchc.reference.dirty_months import mark_dirty_months, mark_months_from
from cchc.reference.plan import first_day
from cchc.reference.roles import role_clocks, roles_of, roots_of
from cchc.settings import Settings
from cchc.sources.needs import code_beside_key
from cchc.sources.profile import Entity, Profile
from cchc.staging.tables import SCHEMA, staged_entities, table_of
from cchc.warehouse import known_at_of, query, run_file
from cchc.warehouse.queries import run_statement


def staging_table(entity: Entity, extract_id: int) -> str:
    """The staging table of an entity for one extract, with its schema."""
    return f"{SCHEMA}.{table_of(entity, extract_id).name}"


def load_extract(connection: Connection, settings: Settings, profile: Profile, extract: Mapping[str, Any]) -> None:
    """Merge every validated load of an extract into core, derive the dossiers, mark the touched months and set the loads to `loaded`.

    The caller owns the transaction and holds a lock on the extract's row, so either the whole extract is published or nothing of it.
    `extract`: a row of ops.extract. Raises CchcError if a landed row is neither published, nor stored already, nor replaced by a later row,
    nor in quarantine.
    """
    source, extract_id, known_at = profile.source, extract["extract_id"], extract["window_to"]
    loads = {
        row["load_id"]: row
        for row in query(
            connection,
            "select load_id, entity, file_name, landed, staged from ops.load where extract_id = :x and status = 'validated'",
            {"x": extract_id},
        )
    }
    loaded = {load_id: row["entity"] for load_id, row in loads.items()}
    counts: dict[int, Counts] = {}
    known_at_before = known_at_of(connection, source)
    earlier = tree_clocks(connection, source)
    connection.execute(
        text("update ops.extract set status = 'complete', ended_at = :now where extract_id = :x"), {"x": extract_id, "now": now()}
    )
    known_at_after = known_at_of(connection, source)
    # A source with a hole at its start has no known_at yet, and no period has a value. Months are marked all the same.
    source_known_at = known_at_after or known_at
    marked_until = max([source_known_at, *_known_at_of_followers(connection, settings, source)])
    facts.no_changed_steps(connection)
    entities = [entity for entity in staged_entities(profile).values() if entity.name in loaded.values()]
    for entity in sorted(entities, key=lambda entity: list(MODELS).index(entity.model)):
        counts |= _merge_entity(connection, settings, profile, entity, extract_id, known_at, marked_until)
        if any(column.name == "unit_code" for column in entity.columns):
            note_trees(connection, source, f"staged_{entity.model}")
        duplicates.decide_changed(connection, settings, MODELS[entity.model], source, f"changed_{entity.model}_key", marked_until)
        resolve_quarantine(connection, settings, entity.model, source, entity.name, f"staged_{entity.model}")
        if entity.model == "dossier":
            doubts.note_reused(connection)
        # the next entity may be of the same model: files of two shapes with records of one kind
        connection.execute(text(f"drop table if exists changed_{entity.model}_key, changed_{entity.model}"))
    if any(MODELS[entity.model].makes_dossiers for entity in entities):
        dossier_loads = [load for load, name in loaded.items() if staged_entities(profile)[name].model == "dossier"]
        facts.derive_dossiers(connection, settings, source, source_known_at, max(dossier_loads or loaded, default=None))
        missing_dossiers.update_missing_keys(connection, settings, source, marked_until)
    for entity in entities:
        if entity.model == "dossier_step":
            staged_view(connection, entity.model, source, staging_table(entity, extract_id))
            doubts.note_steps(connection)
    _mark_moved_clock(connection, settings, source, known_at_before, known_at_after, marked_until)
    drop_values_after_known_at(connection, settings, source, earlier)
    rows = _delivered_rows(connection, entities, extract_id)
    for load_id in loaded:
        count = counts.get(load_id, Counts(0, 0, 0))
        count = replace(count, keyless=count.keyless + rows.get(load_id, (0, 0))[1])
        _require_all_rows(connection, source, loads[load_id], rows.get(load_id, (0, 0))[0], count)
        run_statement(connection, "runs/load_done", load_id=load_id, now=now(), **asdict(count))


def _delivered_rows(connection: Connection, entities: Iterable[Entity], extract_id: int) -> dict[int, tuple[int, int]]:
    """For each load: how many rows are in its staging table, and how many of them have no readable key."""
    counts: dict[int, tuple[int, int]] = {}
    for entity in entities:
        table = staging_table(entity, extract_id)
        statement = f"select _load_id, count(*), count(*) filter (where _key is null) from {table} group by _load_id"
        counts |= {row[0]: (row[1], row[2]) for row in connection.execute(text(statement))}
    return counts


def _require_all_rows(connection: Connection, source: str, load: Mapping[str, Any], rows: int, count: Counts) -> None:
    """Raise CchcError unless every landed row is published, stored already, replaced by a later row of its delivery, or in quarantine."""
    what = f"{source} {load['file_name'] or load['entity']} (load {load['load_id']})"
    if not load["landed"] == load["staged"] == rows == count.total:
        raise CchcError(
            f"{what}: {load['landed']} rows were landed and {load['staged']} staged; {rows} stand in the staging table, "
            f"and {count.total} are accounted for ({count.inserted} inserted, {count.updated} updated, {count.unchanged} unchanged, "
            f"{count.replaced} replaced, {count.keyless} without a key). Nothing was published. "
            f"Run `cchc ingest {source}` again; if it stays, report it"
        )
    if count.keyless:
        aside = connection.execute(
            text("select count(distinct line) from ops.quarantine where load_id = :l and action = 'quarantine' and resolved_at is null"),
            {"l": load["load_id"]},
        ).scalar_one()
        if aside < count.keyless:
            raise CchcError(
                f"{what}: {count.keyless} rows have no readable key, and only {aside} rows are in quarantine: some would be lost without "
                "a word. Nothing was published. A rule of the suite must set rows without a key aside; report it"
            )


def _merge_entity(
    connection: Connection,
    settings: Settings,
    profile: Profile,
    entity: Entity,
    extract_id: int,
    known_at: datetime,
    marked_until: datetime,
) -> dict[int, Counts]:
    """Merge the staged rows of one entity in the way of its model, and mark the months that they touch, up to the month of `marked_until`.

    Returns the counts of each load by its id.
    """
    model, source = MODELS[entity.model], profile.source
    staged = staged_view(connection, model.name, source, staging_table(entity, extract_id))
    if model.merge == "list":
        load_id = connection.execute(
            text("select max(load_id) from ops.load where status = 'validated' and extract_id = :x and entity = :e"),
            {"x": extract_id, "e": entity.name},
        ).scalar_one()
        return lists.merge_list(connection, settings, model.name, source, load_id, staged, known_at, marked_until)
    if model.merge == "key_list":
        return merge_keys(connection, settings, source, staged, known_at, extract_id)
    if model.merge == "declared":
        return declared.merge_declared(connection, settings, source, staged, marked_until)
    if model.merge == "day_files":
        return payments.merge_payments(connection, settings, source, staged, f"changed_{model.name}", marked_until, extract_id)
    if model.merge == "dated_files":
        return dated_files.merge_dated_files(connection, settings, model, source, staged, marked_until)
    is_beside = model.name == "dossier" and code_beside_key(entity) is not None
    if is_beside:
        doubts.note_other_keys(connection)
    # a key that is the code stands in the column of the code; a run that was staged by an earlier version has no other column
    counts = merge_versions(connection, model, staged, f"changed_{model.name}_key", without=() if is_beside else ("_delivered_key",))
    if model.name == "dossier_step":
        run_file(connection, settings, "core/changed_step", known_at=known_at)
    if model.makes_dossiers:
        _derive_again(connection, model)
    elif model.days:
        days = [f"select distinct {day} as from_date, {day} as to_date" for day in model.days_of("v")]
        changed = f"from {model.versions} as v inner join changed_{model.name}_key as c using ({', '.join(model.identity)})"
        dated = " union ".join(f"{day} {changed}" for day in days)
        mark_dirty_months(connection, settings, source, dated, marked_until, f"{entity.name} that changed")
    return counts


def _derive_again(connection: Connection, model: Model) -> None:
    """Add the dossiers of the changed records to ops.dirty_dossier, so that they are derived again."""
    connection.execute(
        text(
            f"insert into ops.dirty_dossier select distinct v.dossier_id from {model.versions} as v "
            f"inner join changed_{model.name}_key using ({', '.join(model.identity)}) on conflict do nothing"
        )
    )


def merge_keys(
    connection: Connection, settings: Settings, source: str, staged: str, known_at: datetime, extract_id: int
) -> dict[int, Counts]:
    """Store the lists of dossier keys (the answers of /keys), one list for each month of reception.

    A list holds from its T on until the next list of its month, in whatever order they are loaded, and the newest is in force. Dossiers
    whose entry changed are derived again. Returns the counts of each load by its id.
    """
    run_file(connection, settings, "core/key_month_asked", extract_id=extract_id, known_at=known_at)
    run_file(connection, settings, "core/key_listed")
    connection.execute(text("analyze listed_key"))
    run_file(connection, settings, "core/key_changed", known_at=known_at)
    connection.execute(text("analyze changed_key"))
    doubts.note_absent_keys(connection, extract_id, known_at)
    run_file(connection, settings, "core/dossier_key", known_at=known_at)
    for step in ("dossier_key_month", "dossier_key_dirty"):
        run_file(connection, settings, f"core/{step}", source=source, known_at=known_at)
    rows = connection.execute(text(f"select _load_id, count(*) from {staged} group by _load_id")).all()
    return {row[0]: Counts(0, 0, row[1]) for row in rows}


def _known_at_of_followers(connection: Connection, settings: Settings, source: str) -> list[datetime]:
    """The known_at of other roles whose indicators also count records of this source, in every tree of units that the source concerns.

    The running periods of those roles may end after known_at of this source.
    """
    own = roles_of(connection, source)
    others = followers(settings, own) - own
    latest = (role_clocks(connection, root).latest(others) for root in roots_of(connection, source))
    return [known_at for known_at in latest if known_at is not None]


def note_trees(connection: Connection, source: str, staged: str) -> None:
    """Store the trees of units that the staged rows of a source belong to.

    In those trees the source takes part in known_at of its roles. `staged`: the relation with the staged rows.
    """
    connection.execute(
        text(
            "insert into core.source_tree (source_code, root_code) select distinct cast(:s as text), u.root_code "
            f"from (select distinct unit_code from {staged}) as r inner join core.unit as u on u.unit_code = r.unit_code "
            "on conflict do nothing"
        ),
        {"s": source},
    )


def _mark_moved_clock(
    connection: Connection,
    settings: Settings,
    source: str,
    known_at_before: datetime | None,
    known_at_after: datetime | None,
    marked_until: datetime,
) -> None:
    """When known_at of a source moves forward, mark the months from the old to the new one, or up to `marked_until` if that is later.

    The running periods end at known_at (end_at is never later), so all their values may change.
    """
    if known_at_after is None or (known_at_before is not None and known_at_before >= known_at_after):
        return

    until = max(known_at_after, marked_until)
    # After the first extract every month has values, also the months without a record of the source. In a tree other than the authority's
    # only months with a record have values.
    is_own = authority().code in roots_of(connection, source)
    first = month_start(last_day_before(known_at_before or known_at_after)) if known_at_before or not is_own else first_day(settings)
    mark_months_from(connection, settings, source, first, until, "the source's T moved")
    if known_at_before is not None:
        run_file(connection, settings, "core/limit_passed", source=source, known_at=known_at_after, previous=known_at_before)
        mark_dirty_months(
            connection,
            settings,
            source,
            "select from_date, cast(null as date) as to_date from limit_passed",
            until,
            "limits for the publication of procedures that passed",
        )
