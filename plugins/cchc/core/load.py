"""Load the validated entities of one extract into core, in one transaction, and mark the months that they touch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from cchc.authority import authority
from cchc.core import declared, duplicates, facts, filed, lists, missing, payments
from cchc.core.forget import forget_values_ahead, tree_clocks
from cchc.core.merge import Counts, merge_versions, staged_view
from cchc.core.settled import resolve_quarantine
from cchc.errors import CchcError
from cchc.models import MODELS, Model
from cchc.period import last_day_before, month_start, now
from cchc.reference.catalogue import followers
from cchc.reference.dirty_months import mark_dirty_months
from cchc.reference.plan import first_day
from cchc.reference.roles import role_clocks, roles_of, roots_of
from cchc.settings import Settings
from cchc.sources.profile import Entity, Profile
from cchc.staging.tables import SCHEMA, staged_entities, table_of
from cchc.warehouse import known_at as known_at_of
from cchc.warehouse import query, run_file


def staging_table(entity: Entity, extract_id: int) -> str:
    """The staging table of an entity in the run of an extract, with its schema."""
    return f"{SCHEMA}.{table_of(entity, extract_id).name}"


def load_extract(connection: Connection, settings: Settings, profile: Profile, extract: Mapping[str, Any]) -> None:
    """Merge every validated load of an extract (a row of ops.extract); derive; mark touched months; finish the loads and the extract.

    The caller owns the transaction and holds the extract's row: all of it, or nothing, is published. Raises CchcError where a row that
    was landed is neither published, nor known already, nor in quarantine.
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
    previous = known_at_of(connection, source)
    earlier = tree_clocks(connection, source)
    connection.execute(
        text("update ops.extract set status = 'complete', ended_at = :now where extract_id = :x"), {"x": extract_id, "now": now()}
    )
    reached = known_at_of(connection, source)
    # without a T yet no period has a value; marks are made all the same, and cost nothing
    clock = reached or known_at
    reach = max([clock, *_clocks_that_follow(connection, settings, source)])
    connection.execute(text("create temp table changed_step (dossier_id bigint, changed_at timestamptz) on commit drop"))
    entities = [entity for entity in staged_entities(profile).values() if entity.name in loaded.values()]
    for entity in sorted(entities, key=lambda entity: list(MODELS).index(entity.model)):
        counts |= _merge_entity(connection, settings, profile, entity, extract_id, known_at, reach)
        if any(column.name == "unit_code" for column in entity.columns):
            note_trees(connection, source, f"staged_{entity.model}")
        duplicates.decide_changed(connection, settings, MODELS[entity.model], source, f"changed_{entity.model}_key", reach)
        resolve_quarantine(connection, settings, entity.model, source, entity.name, f"staged_{entity.model}")
    if any(MODELS[entity.model].makes_dossiers for entity in entities):
        dossier_loads = [load for load, name in loaded.items() if staged_entities(profile)[name].model == "dossier"]
        facts.derive_dossiers(connection, settings, source, clock, max(dossier_loads or loaded, default=None))
        missing.note_missing_keys(connection, settings, source, known_at, reach)
    _mark_moved_clock(connection, settings, source, previous, reached, reach)
    forget_values_ahead(connection, settings, source, earlier)
    rows = _delivered_rows(connection, entities, extract_id)
    for load_id in loaded:
        count = counts.get(load_id, Counts(0, 0, 0))
        count = replace(count, keyless=count.keyless + rows.get(load_id, (0, 0))[1])
        _require_all_rows(connection, source, loads[load_id], rows.get(load_id, (0, 0))[0], count)
        connection.execute(
            text(
                "update ops.load set status = 'loaded', inserted = :i, updated = :u, unchanged = :n, replaced = :r, keyless = :k, "
                "ended_at = :now, seconds = extract(epoch from cast(:now as timestamptz) - started_at) where load_id = :load"
            ),
            {
                "i": count.inserted,
                "u": count.updated,
                "n": count.unchanged,
                "r": count.replaced,
                "k": count.keyless,
                "now": now(),
                "load": load_id,
            },
        )


def _delivered_rows(connection: Connection, entities: Iterable[Entity], extract_id: int) -> dict[int, tuple[int, int]]:
    """For each load: the rows in its staging table, and those of them without a readable key."""
    found: dict[int, tuple[int, int]] = {}
    for entity in entities:
        table = staging_table(entity, extract_id)
        statement = f"select _load_id, count(*), count(*) filter (where _key is null) from {table} group by _load_id"
        found |= {row[0]: (row[1], row[2]) for row in connection.execute(text(statement))}
    return found


def _require_all_rows(connection: Connection, source: str, load: Mapping[str, Any], rows: int, count: Counts) -> None:
    """Raises CchcError unless every landed row is published, known already, replaced by a later row of its delivery, or in quarantine."""
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
    reach: datetime,
) -> dict[int, Counts]:
    """Merge the staged rows of one entity as its model says, and mark what they touch as far as `reach`; counts for each load."""
    model, source = MODELS[entity.model], profile.source
    staged = staged_view(connection, model.name, source, staging_table(entity, extract_id))
    if model.merge == "list":
        load_id = connection.execute(
            text("select max(load_id) from ops.load where status = 'validated' and extract_id = :x and entity = :e"),
            {"x": extract_id, "e": entity.name},
        ).scalar_one()
        return lists.merge_list(connection, settings, model.name, source, load_id, staged, known_at, reach)
    if model.merge == "key_list":
        return merge_keys(connection, settings, source, staged, known_at, extract_id)
    if model.merge == "declared":
        return declared.merge_declared(connection, source, staged, known_at, reach, first_day(settings))
    if model.merge == "day_files":
        return payments.merge_payments(connection, settings, source, staged, f"changed_{model.name}", reach, extract_id)
    if model.merge == "dated_files":
        return filed.merge_filed(connection, settings, model, source, staged, reach)
    counts = merge_versions(connection, model, staged, f"changed_{model.name}_key")
    if model.name == "dossier_step":
        run_file(connection, settings, "core/changed_step", known_at=known_at)
    if model.makes_dossiers:
        _derive_again(connection, model)
    elif model.days:
        days = [f"select distinct {day} as from_date, {day} as to_date" for day in model.days_of("v")]
        changed = f"from {model.versions} as v inner join changed_{model.name}_key as c using ({', '.join(model.identity)})"
        dated = " union ".join(f"{day} {changed}" for day in days)
        mark_dirty_months(connection, settings, source, dated, reach, f"{entity.name} that changed")
    return counts


def _derive_again(connection: Connection, model: Model) -> None:
    """List the dossiers of what has changed, to be derived again."""
    connection.execute(
        text(
            f"insert into ops.dirty_dossier select distinct v.dossier_id from {model.versions} as v "
            f"inner join changed_{model.name}_key using ({', '.join(model.identity)}) on conflict do nothing"
        )
    )


def merge_keys(
    connection: Connection, settings: Settings, source: str, staged: str, known_at: datetime, extract_id: int
) -> dict[int, Counts]:
    """Answers of /keys: the newest answer of a month is in force; dossiers whose answer changed are derived again."""
    connection.execute(
        text(
            "create temp table asked_month on commit drop as "
            "select distinct cast(m.month || '-01' as date) as month_start from ops.load as l "
            "cross join lateral jsonb_array_elements_text(coalesce(l.manifest -> 'months', '[]')) as m (month) "
            "where l.status = 'validated' and l.extract_id = :x and l.entity like '%.keys' and not exists ("
            "select 1 from core.dossier_key_month as k where k.source_code = l.source_code "
            "and k.month_start = cast(m.month || '-01' as date) and k.asked_at > :t)"
        ),
        {"x": extract_id, "t": known_at},
    )
    connection.execute(
        text(
            f"create temp table listed_key on commit drop as select distinct on (dossier_id, month_start) "
            f"dossier_id, dossier_code, month_start, deleted_at from {staged} inner join asked_month using (month_start) "
            "where dossier_id is not null order by dossier_id, month_start, _load_id desc, _line desc"
        )
    )
    connection.execute(text("analyze listed_key"))
    for step in ("dossier_key_ended", "dossier_key", "dossier_key_month"):
        run_file(connection, settings, f"core/{step}", source=source, known_at=known_at)
    run_file(connection, settings, "core/dossier_key_dirty", source=source, known_at=known_at)
    rows = connection.execute(text(f"select _load_id, count(*) from {staged} group by _load_id")).all()
    return {row[0]: Counts(0, 0, row[1]) for row in rows}


def _clocks_that_follow(connection: Connection, settings: Settings, source: str) -> list[datetime]:
    """The T of the roles whose indicators count this source's records too: their running periods reach beyond its own T."""
    own = roles_of(connection, source)
    others = followers(settings, own) - own
    found = (role_clocks(connection, root).latest(others) for root in roots_of(connection, source))
    return [clock for clock in found if clock is not None]


def note_trees(connection: Connection, source: str, staged: str) -> None:
    """Note of which trees of units the staged rows of a source are: there it takes part in the T of its roles."""
    connection.execute(
        text(
            "insert into core.source_tree (source_code, root_code) select distinct cast(:s as text), u.root_code "
            f"from (select distinct unit_code from {staged}) as r inner join core.unit as u on u.unit_code = r.unit_code "
            "on conflict do nothing"
        ),
        {"s": source},
    )


def _mark_moved_clock(
    connection: Connection, settings: Settings, source: str, previous: datetime | None, known_at: datetime | None, reach: datetime
) -> None:
    """When T moves, the running periods get another J: the months from the old T's to the new one's (or to `reach`, where others wait)."""
    if known_at is None or (previous is not None and previous >= known_at):
        return

    def mark(dates: str, reason: str) -> None:
        mark_dirty_months(
            connection, settings, source, f"select from_date, cast(null as date) as to_date from {dates}", max(known_at, reach), reason
        )

    # the first extract gives every month its values, also those in which the source has nothing to say; of another tree than the
    # authority's only months with a record have any
    is_own = authority().code in roots_of(connection, source)
    first = month_start(last_day_before(previous or known_at)) if previous or not is_own else first_day(settings)
    mark(f"(select cast('{first}' as date) as from_date) as moved", "the source's T moved")
    if previous is not None:
        run_file(connection, settings, "core/limit_passed", source=source, known_at=known_at, previous=previous)
        mark("limit_passed", "limits for the publication of procedures that passed")
