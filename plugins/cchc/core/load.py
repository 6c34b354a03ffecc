"""Load the validated entities of one extract into core, in one transaction, and mark the months that they touch."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, text

from cchc.core import declared, facts, filed, lists, payments
from cchc.core.merge import VERSION_TABLES, Counts, merge_versions, staged_view
from cchc.core.settled import resolve_quarantine
from cchc.indicators.catalogue import followers
from cchc.indicators.plan import first_day
from cchc.period import last_day_before, month_start, now
from cchc.settings import Settings
from cchc.sources.profile import Entity, Profile
from cchc.staging.tables import staged_entities
from cchc.warehouse import known_at as known_at_of
from cchc.warehouse import run_file

# the date of a row, by which months are marked: model → its event time (indicators.md §2, coverage; §4)
EVENT_DATE = {
    "assessment": "cast({row}.assessed_at at time zone 'Asia/Ho_Chi_Minh' as date)",
    "work_file": "cast({row}.closed_at at time zone 'Asia/Ho_Chi_Minh' as date)",
    "signature": "cast({row}.signed_at at time zone 'Asia/Ho_Chi_Minh' as date)",
}
ORDER = ("procedure", "leader", "dossier_step", "dossier", "dossier_key")


def staging_table(source: str, entity: str) -> str:
    """The staging table of an entity."""
    return f"staging.{source}__{entity.replace('.', '_')}"


def load_extract(connection: Connection, settings: Settings, profile: Profile, extract_id: int, known_at: datetime) -> None:
    """Merge every validated load of an extract; derive; mark touched months; finish the loads and the extract.

    The caller owns the transaction: all of it, or nothing, is published.
    """
    source = profile.source
    loaded = {
        row.load_id: row.entity
        for row in connection.execute(
            text("select load_id, entity from ops.load where extract_id = :x and status = 'validated'"), {"x": extract_id}
        )
    }
    counts: dict[int, Counts] = {}
    previous = connection.execute(text("select known_at from ops.source_clock where source_code = :s"), {"s": source}).scalar()
    clock = max(previous, known_at) if previous else known_at
    reach = max([clock, *_clocks_that_follow(connection, settings, source)])
    connection.execute(text("create temp table changed_step (dossier_id bigint, changed_at timestamptz) on commit drop"))
    entities = [entity for entity in staged_entities(profile).values() if entity.name in loaded.values()]
    for entity in sorted(entities, key=_order):
        counts |= _merge_entity(connection, settings, profile, entity, known_at, reach)
        resolve_quarantine(connection, settings, entity.model, source, entity.name, f"staged_{entity.model}")
    if any(entity.model in ("dossier", "dossier_step", "dossier_key") for entity in entities):
        dossier_loads = [load for load, name in loaded.items() if staged_entities(profile)[name].model == "dossier"]
        facts.derive_dossiers(connection, settings, source, clock, max(dossier_loads or loaded, default=None))
    _mark_moved_clock(connection, settings, source, previous, known_at, reach)
    for load_id in loaded:
        count = counts.get(load_id, Counts(0, 0, 0))
        connection.execute(
            text(
                "update ops.load set status = 'loaded', inserted = :i, updated = :u, unchanged = :n, ended_at = :now, "
                "seconds = extract(epoch from cast(:now as timestamptz) - started_at) where load_id = :load"
            ),
            {"i": count.inserted, "u": count.updated, "n": count.unchanged, "now": now(), "load": load_id},
        )


def _order(entity: Entity) -> int:
    return ORDER.index(entity.model) if entity.model in ORDER else len(ORDER)


def _merge_entity(
    connection: Connection, settings: Settings, profile: Profile, entity: Entity, known_at: datetime, clock: datetime
) -> dict[int, Counts]:
    staged = staged_view(connection, entity.model, profile.source, staging_table(profile.source, entity.name))
    if entity.model in ("procedure", "leader"):
        load_id = connection.execute(
            text("select max(load_id) from ops.load where status = 'validated' and source_code = :s and entity = :e"),
            {"s": profile.source, "e": entity.name},
        ).scalar_one()
        return lists.merge_list(connection, settings, entity.model, profile.source, load_id, staged, known_at, clock)
    if entity.model == "dossier_key":
        return merge_keys(connection, settings, profile.source, staged, known_at)
    changed = f"changed_{entity.model}"
    if entity.model == "declared_figure":
        return declared.merge_declared(connection, profile.source, staged, known_at, clock, first_day(settings))
    if entity.model == "payment":
        return payments.merge_payments(connection, settings, profile.source, staged, changed, clock)
    if entity.model in filed.EVENT_DATES:
        return filed.merge_filed(connection, settings, entity.model, profile.source, staged, clock)
    target = VERSION_TABLES[entity.model]
    counts = merge_versions(connection, target, staged, changed + "_key")
    if entity.model == "dossier":
        connection.execute(text(f"insert into ops.dirty_dossier select dossier_id from {changed}_key on conflict do nothing"))
    elif entity.model == "dossier_step":
        run_file(connection, settings, "core/changed_step", known_at=known_at)
        connection.execute(
            text(
                "insert into ops.dirty_dossier select distinct v.dossier_id from core.dossier_step_version as v "
                f"inner join {changed}_key as c on c.step_id = v.step_id on conflict do nothing"
            )
        )
    elif entity.model in EVENT_DATE:
        date = EVENT_DATE[entity.model].format(row="v")
        facts.mark_dirty_months(
            connection,
            settings,
            profile.source,
            f"select distinct {date} as from_date, {date} as to_date from {target.table} as v "
            f"inner join {changed}_key as c using ({', '.join(target.identity)})",
            clock,
            f"{entity.name} that changed",
        )
    return counts


def merge_keys(connection: Connection, settings: Settings, source: str, staged: str, known_at: datetime) -> dict[int, Counts]:
    """Answers of /keys: the newest answer of a month is in force; dossiers whose answer changed are derived again."""
    connection.execute(
        text(
            "create temp table asked_month on commit drop as "
            "select distinct cast(m.month || '-01' as date) as month_start from ops.load as l "
            "cross join lateral jsonb_array_elements_text(coalesce(l.manifest -> 'months', '[]')) as m (month) "
            "where l.status = 'validated' and l.source_code = :s and l.entity like '%.keys' and not exists ("
            "select 1 from core.dossier_key_month as k where k.source_code = l.source_code "
            "and k.month_start = cast(m.month || '-01' as date) and k.asked_at > :t)"
        ),
        {"s": source, "t": known_at},
    )
    connection.execute(
        text(
            f"create temp table listed_key on commit drop as select distinct on (dossier_id, month_start) "
            f"dossier_id, month_start, deleted_at from {staged} inner join asked_month using (month_start) "
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
    """The T of the sources whose indicators count this one's records too: their running periods reach beyond its own T."""
    found = (known_at_of(connection, name) for name in sorted(followers(settings, source)))
    return [clock for clock in found if clock is not None]


def _mark_moved_clock(
    connection: Connection, settings: Settings, source: str, previous: datetime | None, known_at: datetime, reach: datetime
) -> None:
    """When T moves, the running periods get another J: the months from the old T's to the new one's (or to `reach`, where others wait)."""
    if previous is not None and previous >= known_at:
        return

    def mark(dates: str, reason: str) -> None:
        facts.mark_dirty_months(
            connection, settings, source, f"select from_date, cast(null as date) as to_date from {dates}", max(known_at, reach), reason
        )

    # the first extract gives every month its values, also those in which the source has nothing to say
    first = month_start(last_day_before(previous)) if previous else first_day(settings)
    mark(f"(select cast('{first}' as date) as from_date) as moved", "the source's T moved")
    if previous is not None:
        run_file(connection, settings, "core/limit_passed", source=source, known_at=known_at, previous=previous)
        mark("limit_passed", "limits for the publication of procedures that passed")


def dirty_months(connection: Connection, sources: Iterable[str] | None = None) -> dict[str, list[str]]:
    """Months that wait for a refresh, by source (YYYY-MM)."""
    rows = connection.execute(text("select source_code, to_char(month_start, 'YYYY-MM') from ops.dirty_month order by 1, 2")).all()
    found: dict[str, list[str]] = {}
    for source, month in rows:
        if sources is None or source in sources:
            found.setdefault(source, []).append(month)
    return found
